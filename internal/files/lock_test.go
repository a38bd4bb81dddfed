package files

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Of one process, one at a time has the lock; its file goes with it.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	for range 2 {
		l, err := Acquire(path)
		require.NoError(t, err)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, self(), string(text))
		_, err = Acquire(path)
		require.EqualError(t, err, "this process holds "+path+" already")
		l.Release()
		require.NoFileExists(t, path)
		l.Release() // does nothing
	}
	(*Lock)(nil).Release()

	// A file that was left means nothing.
	require.NoError(t, os.WriteFile(path, []byte("process 1 on "+host()+"\n"), 0o666))
	l, err := Acquire(path)
	require.NoError(t, err)
	l.Release()

	require.NoError(t, os.Mkdir(path, 0o777))
	_, err = Acquire(path)
	require.EqualError(t, err, "open "+path+": it is a folder, want a regular file")
	_, err = Acquire(filepath.Join(path, "none", "lock"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

const lockPath = "SPIKEGRAD_TEST_LOCK"

// TestLockHolder is the process that TestLockProcesses kills.
func TestLockHolder(t *testing.T) {
	path := os.Getenv(lockPath)
	if path == "" {
		t.Skip("TestLockProcesses runs it")
	}
	_, err := Acquire(path)
	fmt.Println(err)
	_, _ = os.Stdin.Read(make([]byte, 1)) // until the other process is done
}

// What another process holds is refused, until it is killed.
func TestLockProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	cmd := exec.Command(os.Args[0], "-test.run=^TestLockHolder$")
	cmd.Env = append(os.Environ(), lockPath+"="+path)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	defer in.Close()
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "<nil>\n", line)

	_, err = Acquire(path)
	require.EqualError(t, err, fmt.Sprintf("process %d on %s holds %s", cmd.Process.Pid, host(), path))
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait() // killed
	require.FileExists(t, path)
	l, err := Acquire(path)
	require.NoError(t, err)
	l.Release()
}

// Without locks of the system, the file says who holds it, as long as that process
// is there.
func TestLockUnsupported(t *testing.T) {
	defer func() { tryLock = lockFile }()
	tryLock = func(*os.File) error { return errors.ErrUnsupported }
	path := filepath.Join(t.TempDir(), "lock")
	l, err := Acquire(path)
	require.NoError(t, err)
	_, err = Acquire(path)
	require.EqualError(t, err, "this process holds "+path+" already")
	l.Release()
	require.NoFileExists(t, path)

	const none = 1 << 22 // more than there are processes, or not this one
	for text, taken := range map[string]bool{
		fmt.Sprintf("process %d on %s\n", os.Getppid(), host()):   true,
		fmt.Sprintf("process %d on %s\n", none, host()):           false,
		fmt.Sprintf("process %d on elsewhere\n", os.Getppid()):    false,
		fmt.Sprintf("process %d on %s\n", os.Getpid(), host()):    false, // the number of one that is no more
		fmt.Sprintf("process 99999999999999999999 on %s", host()): false,
		"": false,
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		l, err := Acquire(path)
		if taken {
			require.ErrorContains(t, err, fmt.Sprintf("process %d on %s holds %s (this system has no locks", os.Getppid(), host(), path))
			continue
		}
		require.NoError(t, err, text)
		l.Release()
	}

	// Whoever had the lock has removed the file while it was opened: once more.
	calls := 0
	tryLock = func(f *os.File) error {
		if calls++; calls == 1 {
			require.NoError(t, os.Remove(path))
		}
		return lockFile(f)
	}
	l, err = Acquire(path)
	require.NoError(t, err)
	require.Equal(t, 2, calls)
	defer l.Release()
	b, err := io.ReadAll(l.file)
	require.NoError(t, err)
	require.Equal(t, self(), string(b))

	tryLock = func(*os.File) error { return errors.New("broken") }
	_, err = Acquire(path + "2")
	require.EqualError(t, err, path+"2: broken")
}
