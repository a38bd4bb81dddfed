package events_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/events/eventstest"
)

// written returns what Write writes.
func written(t *testing.T, format string, rec events.Recording) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, events.Write(&b, format, rec))
	return b.Bytes()
}

// What is written is read again, as it was.
func TestRoundTrips(t *testing.T) {
	at := func(ts ...int64) (es []events.Event) {
		for i, t := range ts {
			es = append(es, events.Event{T: t, X: uint16(i), Y: 3, On: i%2 == 0})
		}
		return es
	}
	for name, c := range map[string]struct {
		format string
		es     []events.Event
	}{
		"bin":               {"bin", eventstest.Some(500, 256, 240, 0)},
		"bin: long":         {"bin", at(0, 1<<23-1, 1<<23, 1<<23+8191, 1<<23+8192, 1<<26, 1<<30)},
		"bin: late":         {"bin", at(1<<32, 1<<32+1)},
		"es":                {"es", eventstest.Some(500, 320, 240, 5000)},
		"es: gaps":          {"es", at(0, 0, 126, 252, 379, 506, 1000, 100000)},
		"evt2":              {"evt2", eventstest.Some(500, 320, 240, 0)},
		"evt2: order":       {"evt2", at(100, 70, 1000, 1)},
		"evt2: new start":   {"evt2", at(1<<34-70, 1<<34-1, 1<<34, 1<<34-1, 1<<34+100, 3<<34, 4<<34-64, 4<<34)},
		"evt2: late":        {"evt2", at(1<<34-1, 1<<34+5)},
		"npy":               {"npy", eventstest.Some(500, 320, 240, -40)},
		"npy: far":          {"npy", at(-1<<61, 1<<61)},
		"csv":               {"csv", eventstest.Some(500, 320, 240, -1<<61)},
		"npy: nothing":      {"npy", nil},
		"es: nothing":       {"es", nil},
		"evt2: one at zero": {"evt2", at(0)},
	} {
		t.Run(name, func(t *testing.T) {
			rec := events.Of(c.es, 320, 240)
			got, r, err := readAll(bytes.NewReader(written(t, c.format, rec)), events.Options{Format: c.format})
			require.NoError(t, err)
			require.Equal(t, c.es, got)
			if w, h, _ := r.Sensor(); c.format == "es" || c.format == "evt2" {
				require.Equal(t, []int{320, 240}, []int{w, h})
			}
			require.Zero(t, r.Summary().Skipped.Total())
		})
	}
}

// Bytes as other programs write them: straight-line encoders, and the header that
// NumPy writes.
func TestWrittenBytes(t *testing.T) {
	es := eventstest.Some(300, 34, 34, 0)
	rec := events.Of(es, 320, 240)
	require.Equal(t, eventstest.Bin(es), written(t, "bin", rec))
	require.Equal(t, eventstest.ES(1)(es), written(t, "es", rec))
	npy := written(t, "npy", events.Of([]events.Event{{T: 258, X: 3, Y: 515, On: true}}, 0, 0))
	require.Equal(t, "\x93NUMPY\x01\x00\xb6\x00{'descr': [('t', '<i8'), ('x', '<u2'), ('y', '<u2'), ('p', '|u1')], 'fortran_order': False, 'shape': (1,), }", string(bytes.TrimRight(npy[:191], " ")))
	require.Equal(t, "\n\x02\x01\x00\x00\x00\x00\x00\x00\x03\x00\x03\x02\x01", string(npy[191:]))
	require.Equal(t, "t,x,y,p\n-7,3,4,1\n9,0,0,0\n", string(written(t, "csv", events.Of([]events.Event{{T: -7, X: 3, Y: 4, On: true}, {T: 9}}, 0, 0))))
	require.Equal(t, straightEVT2(written(t, "evt2", rec)), es)
}

// What a format cannot hold is refused, with what to do.
func TestWriteErrors(t *testing.T) {
	one := func(es ...events.Event) events.Recording { return events.Of(es, 320, 240) }
	broken := errors.New("broken")
	failing := events.Recording{Width: 3, Height: 3, Events: func(yield func(events.Event, error) bool) {
		_ = yield(events.Event{}, nil) && yield(events.Event{}, broken)
	}}
	for _, c := range []struct {
		format string
		rec    events.Recording
		want   string
	}{
		{"evt3", one(), `events: write: format is "evt3", want one of bin, csv, es, evt2, npy`},
		{"bin", events.Recording{}, "events: write: the recording has no sequence of events"},
		{"bin", failing, "events: write bin: broken"},
		{"npy", failing, "events: write npy: broken"},
		{"bin", one(events.Event{X: 256}), "events: write bin: event 0 at (256, 0), 0 µs: this format has 8 bits for x and y, and y = 240 is no event"},
		{"bin", one(events.Event{}, events.Event{Y: 240}), "events: write bin: event 1 at (0, 240), 0 µs: this format has 8 bits for x and y, and y = 240 is no event"},
		{"bin", one(events.Event{T: -1}), "events: write bin: event 0 at (0, 0), -1 µs: its time is below 0: shift the times first, by Normalise"},
		{"bin", one(events.Event{T: 1 << 24}, events.Event{}), "events: write bin: event 1 at (0, 0), 0 µs: it is earlier than the one before it: sort the events first, by Sort"},
		{"bin", one(events.Event{T: 1605537493718345}), "events: write bin: event 0 at (0, 0), 1605537493718345 µs: it is more than two hours after 0 or the one before it: shift the times first, by Normalise"},
		{"es", events.Of(nil, 0, 0), "events: write es: the sensor is 0 × 0, want 1 to 65535 each: give its size in Options.Width and Height"},
		{"es", one(events.Event{X: 320}), "events: write es: event 0 at (320, 0), 0 µs: it is outside of the sensor of 320 × 240"},
		{"es", one(events.Event{T: 2}, events.Event{T: 1}), "events: write es: event 1 at (0, 0), 1 µs: it is earlier than the one before it: sort the events first, by Sort"},
		{"es", one(events.Event{T: 3600e6 + 1}), "events: write es: event 0 at (0, 0), 3600000001 µs: it is more than an hour after 0 or the one before it: shift the times first, by Normalise"},
		{"es", one(events.Event{T: -3}), "events: write es: event 0 at (0, 0), -3 µs: its time is below 0: shift the times first, by Normalise"},
		{"evt2", one(events.Event{Y: 2048}), "events: write evt2: event 0 at (0, 2048), 0 µs: this format has 11 bits for x and y"},
		{"evt2", one(events.Event{T: -3}), "events: write evt2: event 0 at (0, 0), -3 µs: its time is below 0: shift the times first, by Normalise"},
		{"evt2", one(events.Event{T: 1 << 34}), "events: write evt2: event 0 at (0, 0), 17179869184 µs: it is too long after 0 or the one before it, want at most 4.7 and 76 hours: shift the times first, by Normalise"},
		{"evt2", one(events.Event{T: 1<<34 - 1}, events.Event{T: 1<<34 - 1<<30 - 65}), "events: write evt2: event 1 at (0, 0), 16106127295 µs: it is earlier than the one before it: sort the events first, by Sort"},
	} {
		require.EqualError(t, events.Write(io.Discard, c.format, c.rec), c.want)
	}
	require.EqualError(t, events.Write(nil, "bin", one()), "events: write: the writer is nil")
}

// A file appears whole, or not at all; a writer that can go back is not kept in
// memory.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	want := eventstest.Some(5000, 320, 240, 0)
	for _, name := range []string{"a.npy", "a.es", "a.raw", "a.csv", "a.txt"} {
		path := filepath.Join(dir, name)
		require.NoError(t, events.WriteFile(path, "", events.Of(want, 320, 240)))
		r, err := events.Open(path, events.Options{})
		require.NoError(t, err)
		got, err := events.Collect(r.Recording(), nil)
		require.NoError(t, err)
		require.Equal(t, want, got, name)
		require.NoError(t, r.Close())
	}
	path := filepath.Join(dir, "b.bin")
	require.ErrorContains(t, events.WriteFile(path, "", events.Of(want, 320, 240)), "events: write bin: event ")
	require.NoFileExists(t, path)
	require.EqualError(t, events.WriteFile("x.avi", "", events.Of(want, 320, 240)), "events: write x.avi: no format that is written has this extension, want .bin, .csv, .es, .raw or .npy")
	require.ErrorContains(t, events.WriteFile(filepath.Join(dir, "none", "x.es"), "", events.Of(want, 320, 240)), "events: write ")

	f, err := os.Create(filepath.Join(dir, "seek.npy"))
	require.NoError(t, err)
	_, err = f.WriteString("front")
	require.NoError(t, err)
	require.NoError(t, events.Write(f, "npy", events.Of(want, 0, 0)))
	_, err = f.WriteString("back")
	require.NoError(t, err)
	require.NoError(t, f.Close())
	b, err := os.ReadFile(f.Name())
	require.NoError(t, err)
	require.Equal(t, "front"+string(written(t, "npy", events.Of(want, 0, 0)))+"back", string(b))
}
