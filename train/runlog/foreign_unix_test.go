//go:build unix

package runlog_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/spikegrad/spikegrad/train"
	"github.com/spikegrad/spikegrad/train/runlog"
)

// A FIFO in the place of a file is an error, and nobody waits at it.
func TestFIFO(t *testing.T) {
	for _, name := range []string{"log.jsonl", "events.out.tfevents.0"} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		require.NoError(t, unix.Mkfifo(path, 0o666))
		done := make(chan [2]error, 1)
		go func() {
			f := runlog.Folder{Dir: dir}
			begin := f.Begin(train.Session{Trainer: trainer(t, 1), Steps: 10, Step: 5, Epoch: 1})
			_, read := runlog.Read(path)
			done <- [2]error{begin, read}
		}()
		select {
		case errs := <-done:
			for _, err := range errs {
				require.EqualError(t, err, "runlog: open "+path+": it is a named pipe, want a regular file")
			}
		case <-time.After(10 * time.Second):
			t.Fatal("waits for a writer of " + name)
		}
	}
}

// A line may be anything: an error repeats little of it.
func TestForeignLines(t *testing.T) {
	nasty := `\u001b[2J` + strings.Repeat("nasty ", 1e5)
	path := filepath.Join(t.TempDir(), "log.jsonl")
	for _, line := range []string{
		`{"kind":"` + nasty + `"}`,
		`{"kind":"batch","clock":{"time":"` + nasty + `"}}`,
		`{"kind":"batch","step":"` + nasty + `"}`,
		`{"kind":"batch","step":` + strings.Repeat("9", 1e5) + `}`,
	} {
		require.NoError(t, os.WriteFile(path, []byte(line+"\n"), 0o666))
		_, err := runlog.Read(path)
		require.ErrorContains(t, err, "runlog: "+path+": line 1: ")
		require.Less(t, len(err.Error()), 2000)
		require.NotContains(t, err.Error(), "\x1b")
	}
}
