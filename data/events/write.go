package events

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// Write writes a recording in a format of which [Formats] says that it is written:
// bin, csv, es, evt2 or npy. Reading it gives the same events. What the format
// cannot hold is an error that says which event it is and what to do.
//
// Memory does not grow with the number of events; only npy, whose header has that
// number, is kept until the end if w is no io.WriteSeeker.
func Write(w io.Writer, format string, rec Recording) error {
	f, err := byName(format, writes)
	switch {
	case err != nil:
		return fmt.Errorf("events: write: %w", err)
	case guard.IsNil(w):
		return errors.New("events: write: the writer is nil")
	case rec.Events == nil:
		return errors.New("events: write: the recording has no sequence of events")
	}
	if err := f.write(w, rec); err != nil {
		return fmt.Errorf("events: write %s: %w", f.name, err)
	}
	return nil
}

// WriteFile writes a recording to the file at path, which appears whole or not at
// all. If format is "", the end of the name says which it is.
func WriteFile(path, format string, rec Recording) error {
	if format == "" {
		f, ok := byExtension(path, writes)
		if !ok {
			return fmt.Errorf("events: write %s: no format that is written has this extension, want .bin, .csv, .es, .raw or .npy", path)
		}
		format = f.name
	}
	var failed error // Replace says which file it was, and Write does not
	err := files.Replace(path, func(w io.Writer) error {
		failed = Write(w, format, rec)
		return failed
	})
	if failed != nil {
		return failed
	}
	if err != nil {
		return fmt.Errorf("events: write %s: %w", path, err)
	}
	return nil
}

func writes(f format) bool { return f.write != nil }

// An out writes events that it has made bytes of, and keeps the first error.
type out struct {
	w   *bufio.Writer
	n   int64 // events
	buf [32]byte
}

// each calls put with every event of a recording, and says which of them it refused.
func each(w io.Writer, rec Recording, put func(o *out, e Event) error) error {
	o := &out{w: bufio.NewWriterSize(w, room)}
	for e, err := range rec.Events {
		if err != nil {
			return err
		}
		if err := put(o, e); err != nil {
			return fmt.Errorf("event %d at (%d, %d), %d µs: %w", o.n, e.X, e.Y, e.T, err)
		}
		o.n++
	}
	return o.w.Flush()
}

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}

var (
	errOrder = errors.New("it is earlier than the one before it: sort the events first, by Sort")
	errEarly = errors.New("its time is below 0: shift the times first, by Normalise")
)

// size returns the size of the sensor, as 16 bits each.
func (rec Recording) size16() (w, h uint16, err error) {
	if rec.Width < 1 || rec.Height < 1 || rec.Width > math.MaxUint16 || rec.Height > math.MaxUint16 {
		return 0, 0, fmt.Errorf("the sensor is %d × %d, want 1 to 65535 each: give its size in Options.Width and Height", rec.Width, rec.Height)
	}
	return uint16(rec.Width), uint16(rec.Height), nil
}
