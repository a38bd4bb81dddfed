//go:build unix

package train_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/spikegrad/spikegrad/train"
)

// A FIFO in the place of a file keeps nobody waiting; a link to a file is one.
func TestIrregularFiles(t *testing.T) {
	dir := half(t, courses()["rmsprop"])
	require.NoError(t, os.Remove(filepath.Join(dir, "best.safetensors")))
	fifo := filepath.Join(dir, "step-000000099.safetensors")
	require.NoError(t, unix.Mkfifo(fifo, 0o666))
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "best.safetensors"), 0o666))
	arrays := t.TempDir()
	require.NoError(t, unix.Mkfifo(filepath.Join(arrays, "w.npy"), 0o666))

	done := make(chan bool)
	go func() {
		defer close(done)
		const want = ": it is a named pipe, want a regular file"
		m := smallModel(t, 5)
		_, err := train.ReadCheckpoint(fifo)
		if err == nil || err.Error() != "train: checkpoint "+fifo+": open "+fifo+want {
			t.Error(err)
		}
		if err := m.LoadWeights(fifo); err == nil || err.Error() != "train: load weights: "+fifo+": open "+fifo+want {
			t.Error(err)
		}
		if err := m.LoadWeights(arrays); err == nil || err.Error() != "train: load weights: "+arrays+`: "w.npy": open `+filepath.Join(arrays, "w.npy")+want {
			t.Error(err)
		}
		ck, passed, err := train.LatestCheckpoint(dir)
		if err != nil || len(passed) != 2 || ck.Steps() != 10 {
			t.Errorf("%v, passed over %q", err, passed)
		}
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("one of them waits")
	}

	link := filepath.Join(t.TempDir(), "link.safetensors")
	require.NoError(t, os.Symlink(filepath.Join(dir, "step-000000010.safetensors"), link))
	_, err := train.ReadCheckpoint(link)
	require.NoError(t, err)
}
