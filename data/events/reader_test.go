package events_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/events/eventstest"
	"github.com/spikegrad/spikegrad/internal/long"
)

// options are what a Reader has to be told of an encoding.
func (c encoding) options() events.Options {
	if c.blind {
		return events.Options{Format: c.format}
	}
	return events.Options{}
}

// readAll returns all that a file holds, what the Reader says of it, and the error.
func readAll(in io.Reader, o events.Options) ([]events.Event, *events.Reader, error) {
	r, err := events.NewReader(in, o)
	if err != nil {
		return nil, nil, err
	}
	es, err := events.Collect(r.Recording(), nil)
	return es, r, err
}

// Every reader gives what a straight-line encoder has written, whatever the pieces
// in which the bytes come.
func TestReaders(t *testing.T) {
	for _, c := range encodings {
		t.Run(c.name, func(t *testing.T) {
			want := eventstest.Some(300, c.width, c.height, c.t)
			file := c.encode(want)
			for how, in := range map[string]io.Reader{
				"whole": bytes.NewReader(file), "byte by byte": iotest.OneByteReader(bytes.NewReader(file)),
				"end at once": iotest.DataErrReader(bytes.NewReader(file)),
			} {
				es, r, err := readAll(in, c.options())
				require.NoError(t, err, how)
				require.Equal(t, first(want, es), es, how)
				require.Equal(t, c.format, r.Format())
				w, h, from := r.Sensor()
				if c.unbounded {
					require.Equal(t, "not known", from)
				} else {
					require.Equal(t, []int{c.width, c.height}, []int{w, h})
				}
				s := r.Summary()
				require.EqualValues(t, len(want), s.Events)
				require.Equal(t, es[0].T, s.First)
				require.Equal(t, es[len(es)-1].T, s.Last)
				require.Zero(t, s.Backwards)
				require.Zero(t, s.Skipped.Total())
			}
		})
	}
}

// first returns want with times counted from the beginning of the counter in which
// the first is, as a reader of a counter that has begun anew before has to take it.
func first(want, got []events.Event) []events.Event {
	if len(got) == 0 {
		return want
	}
	out := append([]events.Event(nil), want...)
	for i := range out {
		out[i].T += got[0].T - want[0].T
	}
	return out
}

// A small buffer gets the same as a large one.
func TestReadSmall(t *testing.T) {
	for _, c := range encodings {
		want, _, err := readAll(bytes.NewReader(c.encode(eventstest.Some(60, c.width, c.height, c.t))), c.options())
		require.NoError(t, err, c.name)
		for _, size := range []int{1, 7, 16} {
			r, err := events.NewReader(bytes.NewReader(c.encode(eventstest.Some(60, c.width, c.height, c.t))), c.options())
			require.NoError(t, err)
			var got []events.Event
			for buf := make([]events.Event, size); ; {
				n, err := r.Read(buf)
				got = append(got, buf[:n]...)
				if err == io.EOF {
					break
				}
				require.NoError(t, err)
				require.NotZero(t, n)
			}
			require.Equal(t, want, got, "%s by %d", c.name, size)
		}
	}
}

// Breaking off a range loses nothing.
func TestAllGoesOn(t *testing.T) {
	want := eventstest.Some(3000, 34, 34, 0)
	r, err := events.NewReader(bytes.NewReader(eventstest.Bin(want)), events.Options{Format: "bin"})
	require.NoError(t, err)
	var got []events.Event
	for len(got) < len(want) {
		k := 0
		for e, err := range r.All() {
			require.NoError(t, err)
			got = append(got, e)
			if k++; k == 700 {
				break
			}
		}
	}
	require.Equal(t, want, got)
	for range r.All() {
		t.Fatal("an event behind the last")
	}
}

// Of a file that was cut anywhere the events before the cut are given, and then an
// error, unless the cut is between two events.
func TestTruncated(t *testing.T) {
	long.Test(t)
	for _, c := range encodings {
		t.Run(c.name, func(t *testing.T) {
			want := eventstest.Some(9, c.width, c.height, c.t)
			file := c.encode(want)
			whole, _, err := readAll(bytes.NewReader(file), c.options())
			require.NoError(t, err)
			head, step := len(c.encode(nil)), 1
			if len(file) > 1000 {
				step = 7
			}
			for cut := 0; cut < len(file); cut += step {
				es, _, err := readAll(bytes.NewReader(file[:cut]), c.options())
				require.LessOrEqual(t, len(es), len(whole))
				if c.name == "csv" && len(es) > 0 { // a number that has lost its last digits is one
					es = es[:len(es)-1]
				}
				require.Equal(t, whole[:len(es)], append([]events.Event{}, es...), "cut at %d", cut)
				if err != nil {
					continue
				}
				switch {
				case c.record > 0:
					require.True(t, cut <= head || (cut-head)%c.record == 0, "cut at %d", cut)
				case c.format == "aedat4": // the table behind may be missing
					require.Contains(t, []int{0, 9}, len(es))
				case c.format == "aedat3": // between packets of seven
					require.Contains(t, []int{0, 7, 9}, len(es))
				case c.format == "es": // each has five bytes, and more where time has passed
					require.GreaterOrEqual(t, cut, head+5*len(es))
				case c.name == "csv":
				default: // these say how long they are
					t.Fatalf("cut at %d, and no error", cut)
				}
			}
		})
	}
}

// Nothing is allocated for an event.
func TestReadAllocatesNothing(t *testing.T) {
	for _, c := range encodings {
		if c.format == "npz" || c.name == "csv gzipped" || c.name == "evt3 gzipped" || c.format == "mat" || c.format == "aedat4" {
			continue // what unpacks allocates per block
		}
		file := c.encode(eventstest.Some(20000, c.width, c.height, c.t))
		r, err := events.NewReader(bytes.NewReader(file), c.options())
		require.NoError(t, err)
		buf := make([]events.Event, 256)
		require.Zero(t, testing.AllocsPerRun(50, func() { _, err = r.Read(buf) }), c.name)
		require.NoError(t, err, c.name)
	}
}

// What a reader of a broken disk or connection says comes through, with the place.
func TestReaderFails(t *testing.T) {
	broken := errors.New("the cable came off")
	for _, c := range encodings {
		file := c.encode(eventstest.Some(50, c.width, c.height, c.t))
		for _, n := range []int{0, 3, len(file) / 2, len(file)} {
			if c.format == "aedat4" && n == len(file) {
				continue // the table behind the packets is not read
			}
			_, _, err := readAll(io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken)), c.options())
			require.ErrorIs(t, err, broken, "%s after %d bytes", c.name, n)
		}
		_, _, err := readAll(idle{}, c.options())
		require.ErrorIs(t, err, io.ErrNoProgress, c.name)
	}
}

// idle is a reader that gives nothing for ever.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// Files are found by their first bytes, whatever their name.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	for _, c := range encodings {
		want := eventstest.Some(10, c.width, c.height, c.t)
		for _, ext := range []string{".bin", ".png"} {
			if c.blind && ext != ".bin" {
				continue
			}
			path := filepath.Join(dir, "recording"+ext)
			require.NoError(t, os.WriteFile(path, c.encode(want), 0o600))
			r, err := events.Open(path, events.Options{})
			require.NoError(t, err, c.name)
			es, err := events.Collect(r.Recording(), nil)
			require.NoError(t, err)
			require.Equal(t, first(want, es), es)
			require.NoError(t, r.Close())
		}
	}
	_, err := events.Open(dir, events.Options{})
	require.EqualError(t, err, "events: open "+dir+": it is a folder, want a regular file")
	_, err = events.Open(filepath.Join(dir, "none"), events.Options{})
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = events.NewReader(nil, events.Options{})
	require.EqualError(t, err, "events: the reader is nil")
	require.NoError(t, new(events.Reader).Close())
}
