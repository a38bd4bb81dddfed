// Package files writes files that appear whole or not at all.
package files

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"syscall"
)

// Replace puts what write writes in the place of the file path, or makes it. The
// bytes go to a temporary file in the same folder, which is synced and renamed;
// then the folder is synced, so that after a power failure there is either the
// old file or the new one. After an error the file is what it was before, and
// the temporary one is gone. A process that is killed meanwhile leaves the
// temporary one: see Sweep.
func Replace(path string, write func(io.Writer) error) error {
	f, err := create(path)
	if err != nil {
		return err
	}
	if err := fill(f, write); err != nil {
		os.Remove(f.Name())
		return err
	}
	if err := rename(f.Name(), path); err != nil {
		os.Remove(f.Name())
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// What makes a file last, for tests to look at.
var (
	rename = os.Rename
	fsync  = (*os.File).Sync
)

// create makes a temporary file beside path, with the permissions that a new
// file has; os.CreateTemp gives fewer.
func create(path string) (*os.File, error) {
	dir, base := filepath.Split(path)
	for range 1000 {
		name := fmt.Sprintf(".%s.%d-%08x%s", base, os.Getpid(), rand.Uint32(), temporary)
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, fmt.Errorf("no name for a temporary file beside %s is free", path)
}

// temporary is the end of the names of temporary files.
const temporary = ".tmp"

// fill writes f, syncs and closes it.
func fill(f *os.File, write func(io.Writer) error) error {
	w := bufio.NewWriterSize(f, 1<<16)
	err := write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = fsync(f)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// SyncDir makes sure that files created, renamed or removed in a folder stay so.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // which does not sync folders
	}
	if dir == "" {
		dir = "."
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = fsync(d)
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil // some file systems over a network do not sync folders either
	}
	if e := d.Close(); err == nil {
		err = e
	}
	return err
}

// Sweep removes from a folder the temporary files of files with the given
// extension, ".txt", that a process has left that is no more.
func Sweep(dir, ext string) error {
	found, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range found {
		m := temporaryName.FindStringSubmatch(e.Name())
		if m == nil || filepath.Ext(m[1]) != ext {
			continue
		}
		if pid, err := strconv.Atoi(m[2]); err != nil || pid != os.Getpid() && running(pid) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// temporaryName finds what create has put together: the name and the process.
var temporaryName = regexp.MustCompile(`^\.(.+)\.(\d+)-[0-9a-f]{8}` + regexp.QuoteMeta(temporary) + `$`)

// running reports whether a process is there. Where it cannot be known, it is not.
func running(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}
