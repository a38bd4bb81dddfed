//go:build unix

package files

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A FIFO that comes in the place of a file after it was looked at opens at once,
// and says itself what it is.
func TestOpenDoesNotWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, unix.Mkfifo(path, 0o666))
	f, err := os.OpenFile(path, os.O_RDONLY|noWait, 0)
	require.NoError(t, err)
	defer f.Close()
	info, err := f.Stat()
	require.NoError(t, err)
	require.EqualError(t, regular(path, info), "open "+path+": it is a named pipe, want a regular file")
}
