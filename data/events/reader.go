package events

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"strings"
	"time"

	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// Options say what a file does not say, or not rightly. The zero value leaves all
// to the file.
type Options struct {
	Format        string        // one of Formats; "" finds it by the first bytes, then by the name
	Width, Height int           // of the sensor; 0 is as the file says
	Camera        string        // of AEDAT 2.0: DVS128, DAVIS240 or DAVIS346; "" is as the file says
	Raw           bool          // of AEDAT 2.0: the address as it is, neither mirrored nor turned
	Columns       string        // of CSV and arrays [n, 4] without names: what the columns are, as "x,y,p,t"
	Unit          time.Duration // of times in CSV, NumPy and MATLAB files; 0 is a µs
}

// A Reader reads a recording in constant memory, whatever its length. It must not
// be used by two goroutines at once.
type Reader struct {
	options Options
	format  format
	head    head
	in      *source
	file    *os.File    // what Open has opened
	random  io.ReaderAt // of size bytes, if the input can be read anywhere
	size    int64
	name    string // for errors; "" of an io.Reader
	dec     decoder
	sum     Summary
	err     error
	batch   []Event // what has been decoded and not been given
	small   []Event // memory for it
}

// Open opens the file at path. The caller closes the Reader.
func Open(path string, o Options) (*Reader, error) {
	f, info, err := files.Open(path)
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	r := &Reader{options: o, file: f, random: f, size: info.Size(), name: path}
	if err := r.start(f); err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

// NewReader reads what in holds from where it is. Formats that cannot be read from
// front to end, .npz and .mat, are taken into memory as they are, still packed, unless
// in is a bytes.Reader at its beginning.
//
// An error says at which byte it happened and what was expected there. What is
// wrong further on ends the events.
func NewReader(in io.Reader, o Options) (*Reader, error) {
	if guard.IsNil(in) {
		return nil, errors.New("events: the reader is nil")
	}
	r := &Reader{options: o}
	if b, ok := in.(*bytes.Reader); ok && int64(b.Len()) == b.Size() {
		r.random, r.size = b, b.Size()
	}
	if err := r.start(in); err != nil {
		return nil, err
	}
	return r, nil
}

// start finds the format and reads the head of a file.
func (r *Reader) start(in io.Reader) error {
	r.in = newSource(in)
	err := r.options.check()
	name := r.name
	if b := r.in.peek(2); err == nil && len(b) == 2 && b[0] == 0x1f && b[1] == 0x8b {
		var z *gzip.Reader
		if z, err = gzip.NewReader(r.in); err != nil {
			err = fmt.Errorf("gzip header: %w", unexpected(err))
		} else {
			r.in, r.random = newSource(unpacked{z}), nil
			name = strings.TrimSuffix(strings.ToLower(name), ".gz")
		}
	}
	if err == nil {
		err = r.open(name)
	}
	if err != nil {
		return r.place(err)
	}
	return nil
}

func (r *Reader) open(name string) (err error) {
	if r.options.Format != "" {
		r.format, err = byName(r.options.Format, func(format) bool { return true })
	} else {
		start := r.in.peek(room)
		r.format, err = find(start, name)
		if err != nil && r.in.err != nil && r.in.err != io.EOF {
			err = &placed{int64(len(start)), r.in.err}
		}
	}
	if err != nil {
		return err
	}
	if r.dec, r.head, err = r.format.open(r); err != nil {
		return unexpected(err)
	}
	if o := r.options; o.Width > 0 {
		r.head.width, r.head.height, r.head.geometry = o.Width, o.Height, given
	}
	if r.head.width == 0 || r.head.height == 0 {
		r.head.width, r.head.height, r.head.geometry = 0, 0, unknown
	}
	return nil
}

// check says what is wrong with options.
func (o Options) check() error {
	switch {
	case (o.Width == 0) != (o.Height == 0) || o.Width < 0 || o.Height < 0 || o.Width > 1<<16 || o.Height > 1<<16:
		return fmt.Errorf("options: the sensor is %d × %d, want 1 to 65536 each, or 0 for both", o.Width, o.Height)
	case o.Unit < 0:
		return fmt.Errorf("options: the unit of time is %v, want more than 0, or 0 for 1µs", o.Unit)
	}
	return nil
}

// An early end is an error of what a file is made of, its XML or what it has packed, that is the end of that. It is
// not the end of the recording, for which io.EOF stands.
type early struct{ error }

func (early) Unwrap() error { return io.ErrUnexpectedEOF }

// place says in which file an error happened.
func (r *Reader) place(err error) error {
	if errors.Is(err, io.EOF) {
		err = early{err}
	}
	where := "events: "
	if r.name != "" {
		where += r.name + ": "
	}
	if r.format.name != "" {
		where += r.format.name + ": "
	}
	return fmt.Errorf("%s%w", where, err)
}

// everywhere returns the input for reading anywhere in it. What cannot be is taken
// into memory.
func (r *Reader) everywhere() (io.ReaderAt, int64, error) {
	if r.random != nil {
		return r.random, r.size, nil
	}
	if _, packed := r.in.r.(unpacked); packed {
		return nil, 0, errors.New("this format is not read out of a gzip file: unpack it first")
	}
	b, err := io.ReadAll(r.in)
	if err != nil {
		return nil, 0, err
	}
	return bytes.NewReader(b), int64(len(b)), nil
}

// Read reads up to len(dst) events and returns how many. It returns 0 only with an
// error, which is io.EOF at the end, or if dst is empty. It allocates nothing.
func (r *Reader) Read(dst []Event) (int, error) {
	if len(dst) == 0 {
		return 0, nil
	}
	to := dst
	for {
		if len(r.batch) > 0 {
			n := copy(dst, r.batch)
			r.batch = r.batch[n:]
			return n, nil
		}
		if r.err != nil {
			return 0, r.err
		}
		if len(dst) < 16 { // what a decoder may have to give at once
			if r.small == nil {
				r.small = make([]Event, 256)
			}
			to = r.small
		}
		n, err := r.dec.read(to)
		if err != nil {
			r.err = err
			if err != io.EOF {
				r.err = r.place(err)
			}
		}
		n = r.sum.take(to[:n], r.head.width, r.head.height)
		r.sum.Bytes = r.in.at
		if len(dst) < 16 {
			r.batch = to[:n]
		} else if n > 0 {
			return n, nil
		}
	}
}

// All returns the events that have not been read. The last may come with an
// error; the end of the file is none.
func (r *Reader) All() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		batch := make([]Event, 1024)
		for {
			n, err := r.Read(batch)
			for i, e := range batch[:n] {
				if !yield(e, nil) {
					r.batch = append([]Event(nil), batch[i+1:n]...)
					return
				}
			}
			if err != nil {
				if err != io.EOF {
					yield(Event{}, err)
				}
				return
			}
		}
	}
}

// Recording returns the events that have not been read, with the size of the
// sensor.
func (r *Reader) Recording() Recording {
	return Recording{Width: r.head.width, Height: r.head.height, BottomUp: r.head.bottomUp, Events: r.All()}
}

// Summary returns what has been read so far, and what was skipped.
func (r *Reader) Summary() Summary { return r.sum }

// Format returns the name of the format, one of [Formats].
func (r *Reader) Format() string { return r.format.name }

// Detail returns what else the head of the file says of the format, as "LZ4".
func (r *Reader) Detail() string { return r.head.detail }

// Sensor returns the size of the sensor in pixels, 0 × 0 if it is not known, and
// from where it is known.
func (r *Reader) Sensor() (width, height int, from string) {
	return r.head.width, r.head.height, r.head.geometry
}

// Close closes a file that [Open] has opened.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// unpacked is the content of a gzip file, of which an end that comes too soon is
// an error.
type unpacked struct{ *gzip.Reader }

// unexpected turns the end of a file into one that comes too soon.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// micros returns a time of so many units in µs, and whether it is one that an
// int64 holds.
func micros(v float64, unit time.Duration) (int64, bool) {
	t := v
	if unit != time.Microsecond {
		t = math.Round(v * (float64(unit) / 1e3))
	}
	return int64(t), t >= -1<<62 && t <= 1<<62
}
