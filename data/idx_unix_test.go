//go:build unix

package data_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/spikegrad/spikegrad/data"
)

// A FIFO in the place of a file is an error, and nobody waits at it.
func TestOpenIDXFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t10k-images-idx3-ubyte")
	require.NoError(t, unix.Mkfifo(path, 0o666))
	done := make(chan error, 1)
	go func() {
		_, err := data.OpenIDX(path, path, 10)
		done <- err
	}()
	select {
	case err := <-done:
		require.EqualError(t, err, "data: idx: open "+path+": it is a named pipe, want a regular file")
	case <-time.After(10 * time.Second):
		t.Fatal("waits for a writer")
	}
}
