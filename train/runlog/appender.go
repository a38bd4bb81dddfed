package runlog

import (
	"fmt"
	"io"
	"os"

	"github.com/spikegrad/spikegrad/internal/files"
)

// maxPending bounds the bytes kept in memory while they cannot be written: some
// ten thousand lines.
const maxPending = 4 << 20

// An appender appends records to a file. What cannot be written waits, so that
// the file holds whole records but for its end, and then goes on where it
// stopped.
type appender struct {
	name    string
	w       io.Writer
	file    *os.File // w, if it is a file
	pending []byte
	failed  bool // the last write failed, and the warning was given
	lost    int  // records that there was no room for
	warn    func(error)
}

// openAppender opens the file path, makes it if need be, and cuts it off after
// keep bytes.
func openAppender(path, name string, keep int64, warn func(error)) (*appender, error) {
	f, _, err := files.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err = f.Truncate(keep); err == nil {
		_, err = f.Seek(keep, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &appender{name: name, w: f, file: f, warn: warn}, nil
}

// add appends a record.
func (a *appender) add(record []byte) {
	if len(a.pending)+len(record) > maxPending {
		if a.lost == 0 {
			a.warn(fmt.Errorf("%s: more waits than fits into memory; lines are lost until the file can be written again", a.name))
		}
		a.lost++
	} else {
		a.pending = append(a.pending, record...)
	}
	a.flush()
}

// flush writes what waits, as far as possible.
func (a *appender) flush() {
	if len(a.pending) == 0 {
		return
	}
	n, err := a.w.Write(a.pending)
	a.pending = append(a.pending[:0], a.pending[min(max(n, 0), len(a.pending)):]...)
	if err != nil {
		if !a.failed {
			a.warn(fmt.Errorf("%s: cannot write, will try again: %w", a.name, err))
		}
		a.failed = true
		return
	}
	if a.failed && a.lost > 0 {
		a.warn(fmt.Errorf("%s: can be written again; %d records are lost", a.name, a.lost))
	}
	a.failed, a.lost = false, 0
}

// sync sees to it that what was added is on the disk.
func (a *appender) sync() {
	a.flush()
	if a.file == nil || a.failed {
		return
	}
	if err := a.file.Sync(); err != nil {
		a.warn(fmt.Errorf("%s: %w", a.name, err))
	}
}

// close writes what waits and closes the file.
func (a *appender) close() {
	a.flush()
	if n := len(a.pending); n > 0 {
		a.warn(fmt.Errorf("%s: the last %d bytes could not be written", a.name, n))
	}
	if a.file == nil {
		return
	}
	if err := a.file.Close(); err != nil {
		a.warn(fmt.Errorf("%s: %w", a.name, err))
	}
}
