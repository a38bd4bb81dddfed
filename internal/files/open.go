package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// Space is what may stand around a line of text and is no part of it: white space, and the
// mark of byte order with which some spreadsheets and editors begin a file.
const Space = " \t\r\n\v\f\ufeff"

// Open opens a regular file for reading, or what a symbolic link to one leads to.
// Anything else is refused: a FIFO would keep whoever opens it waiting, and a
// device may have no end. info tells how large the file is.
func Open(path string) (f *os.File, info fs.FileInfo, err error) {
	return OpenFile(path, os.O_RDONLY, 0)
}

// OpenFile is Open with the flags and the permissions of os.OpenFile.
func OpenFile(path string, flag int, perm fs.FileMode) (*os.File, fs.FileInfo, error) {
	// Opening a device can have an effect, so the path is looked at first.
	if info, err := os.Stat(path); err == nil {
		if err := regular(path, info); err != nil {
			return nil, nil, err
		}
	}
	// What stands there by now, the open file says itself; opening does not wait.
	f, err := os.OpenFile(path, flag|noWait, perm)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = regular(path, info)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// ReadFile reads a regular file.
func ReadFile(path string) ([]byte, error) {
	f, _, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// regular returns an error that says what path is, unless it is a regular file.
func regular(path string, info fs.FileInfo) error {
	mode := info.Mode()
	if mode.IsRegular() {
		return nil
	}
	kind := "it is none"
	switch {
	case mode.IsDir():
		kind = "it is a folder"
	case mode&fs.ModeNamedPipe != 0:
		kind = "it is a named pipe"
	case mode&fs.ModeSocket != 0:
		kind = "it is a socket"
	case mode&fs.ModeDevice != 0:
		kind = "it is a device"
	}
	return &fs.PathError{Op: "open", Path: path, Err: errors.New(kind + ", want a regular file")}
}
