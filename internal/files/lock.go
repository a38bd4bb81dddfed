package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spikegrad/spikegrad/internal/describe"
)

// A Lock keeps others away as long as it is held: other processes, and others in
// this one. The system gives it up when the process ends, however it does.
type Lock struct {
	file *os.File
	path string
	info fs.FileInfo
}

// held are the locks of this process: some file systems give a lock to a process
// as often as it asks.
var held struct {
	sync.Mutex
	locks []*Lock
}

// Acquire makes the file path, if need be, and locks it. The file says who holds
// the lock; its being there means nothing. An error tells that somebody else
// holds it, and who.
//
// Where the system has no locks, as on some file systems over a network, a file
// that names a process which is running counts as locked.
func Acquire(path string) (*Lock, error) {
	held.Lock()
	defer held.Unlock()
	for range 1000 {
		l, err := acquire(path)
		if l != nil || err != nil {
			return l, err
		}
	}
	return nil, fmt.Errorf("%s is removed again and again", path)
}

// acquire is one attempt of Acquire. It returns nothing if the file was another
// one by the time that it was locked: whoever held it has removed it.
func acquire(path string) (l *Lock, err error) {
	f, info, err := OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	defer func() {
		if l == nil {
			f.Close()
		}
	}()
	for _, h := range held.locks {
		if os.SameFile(h.info, info) {
			return nil, fmt.Errorf("this process holds %s already", path)
		}
	}
	switch err := tryLock(f); {
	case errors.Is(err, errHeld):
		who, _ := holder(f)
		return nil, fmt.Errorf("%s holds %s", who, path)
	case errors.Is(err, errors.ErrUnsupported):
		if who, pid := holder(f); pid != 0 && pid != os.Getpid() && running(pid) {
			return nil, fmt.Errorf("%s holds %s (this system has no locks: if that process is another, remove the file)", who, path)
		}
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if now, err := os.Stat(path); err != nil || !os.SameFile(now, info) {
		return nil, nil
	}
	l = &Lock{file: f, path: path, info: info}
	held.locks = append(held.locks, l)
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(self()), 0) // for people to read
	}
	return l, nil
}

// Release gives the lock up and removes its file. The lock of nobody is nil.
func (l *Lock) Release() {
	if l == nil {
		return
	}
	held.Lock()
	defer held.Unlock()
	i := slices.Index(held.locks, l)
	if i < 0 {
		return
	}
	held.locks = slices.Delete(held.locks, i, i+1)
	if runtime.GOOS == "windows" { // which does not remove what is open
		l.file.Close()
		os.Remove(l.path)
		return
	}
	os.Remove(l.path) // as long as nobody else can have it
	l.file.Close()
}

// errHeld is the error of tryLock where somebody else has the lock.
var errHeld = errors.New("it is locked")

// tryLock locks a file, without waiting. Where that is not possible at all, the
// error is errors.ErrUnsupported.
var tryLock = lockFile

// self says which process this is, as a lock file does.
func self() string { return fmt.Sprintf("process %d on %s\n", os.Getpid(), host()) }

func host() string {
	name, err := os.Hostname()
	if err != nil {
		return "an unknown machine"
	}
	return name
}

// holder returns what a lock file says of who holds it: in words, and which process
// of this machine it is, 0 for none.
func holder(f *os.File) (who string, pid int) {
	text, _ := io.ReadAll(io.NewSectionReader(f, 0, 300))
	m := holderText.FindStringSubmatch(string(text))
	if m == nil {
		return "another process", 0
	}
	if m[2] == host() {
		pid, _ = strconv.Atoi(m[1])
	}
	return describe.Text(strings.TrimSpace(m[0])), pid
}

var holderText = regexp.MustCompile(`^process (\d+) on (.+)\n$`)
