//go:build unix

package files_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/spikegrad/spikegrad/internal/files"
)

// Only regular files are opened, and links to them; nothing waits.
func TestOpen(t *testing.T) {
	t.Chdir(t.TempDir()) // the path of a socket has to be short
	require.NoError(t, os.WriteFile("file", []byte("abc"), 0o666))
	require.NoError(t, os.Symlink("file", "link"))
	require.NoError(t, os.Mkdir("folder", 0o777))
	require.NoError(t, unix.Mkfifo("fifo", 0o666))
	require.NoError(t, os.Symlink("fifo", "link to fifo"))
	require.NoError(t, os.Symlink("none", "link to nothing"))
	l, err := net.Listen("unix", "socket")
	require.NoError(t, err)
	defer l.Close()

	done := make(chan bool)
	go func() {
		defer close(done)
		for _, path := range []string{"file", "link"} {
			f, info, err := files.Open(path)
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			if info.Size() != 3 {
				t.Errorf("%s has %d bytes", path, info.Size())
			}
			f.Close()
			if b, err := files.ReadFile(path); err != nil || string(b) != "abc" {
				t.Errorf("%s: %q, %v", path, b, err)
			}
		}
		for path, want := range map[string]string{
			"folder":                     "open folder: it is a folder, want a regular file",
			"fifo":                       "open fifo: it is a named pipe, want a regular file",
			"link to fifo":               "open link to fifo: it is a named pipe, want a regular file",
			"socket":                     "open socket: it is a socket, want a regular file",
			os.DevNull:                   "open /dev/null: it is a device, want a regular file",
			"none":                       "open none: no such file or directory",
			"link to nothing":            "open link to nothing: no such file or directory",
			filepath.Join("file", "sub"): "open file/sub: not a directory",
		} {
			if _, err := files.ReadFile(path); err == nil || err.Error() != want {
				t.Errorf("reading %s: %v, want %s", path, err, want)
			}
			if path == "none" || path == "link to nothing" {
				continue
			}
			if _, _, err := files.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666); err == nil || err.Error() != want {
				t.Errorf("writing %s: %v, want %s", path, err, want)
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("opening one of them waits")
	}
}
