package events_test

import (
	"bytes"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/events/eventstest"
)

// fuzz holds a reader to this, for any bytes: it ends, without a panic; what it gives
// lies within the sensor and adds up to its summary; it does not depend on the
// pieces in which the bytes come; and a straight-line decoder, if there is one, gives
// the same of what comes before an error.
func fuzz(f *testing.F, name string, o events.Options, straight func([]byte) []events.Event) {
	for _, c := range encodings {
		if c.format != name {
			continue
		}
		file := c.encode(eventstest.Some(30, c.width, c.height, c.t))
		f.Add(file)
		f.Add(file[:len(file)*2/3])
		for _, i := range []int{3, len(file) / 3, len(file) - 4} {
			bad := bytes.Clone(file)
			bad[i] ^= 0xff
			f.Add(bad)
		}
	}
	o.Format = name
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 1<<16 {
			return
		}
		const most = 1 << 18 // what is packed can hold a lot
		r, err := events.NewReader(bytes.NewReader(file), o)
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "events: "))
			require.NotErrorIs(t, err, io.EOF)
			return
		}
		es, err := upTo(r, most, 256)
		s := r.Summary()
		require.LessOrEqual(t, int64(len(es)), s.Events)
		w, h, _ := r.Sensor()
		back, on := int64(0), int64(0)
		for i, e := range es {
			require.True(t, w == 0 || int(e.X) < w && int(e.Y) < h)
			require.True(t, int(e.X) < s.Width && int(e.Y) < s.Height)
			require.True(t, s.First <= e.T && e.T <= s.Last)
			if i > 0 && e.T < es[i-1].T {
				back++
			}
			if e.On {
				on++
			}
		}
		if len(es) < most {
			require.Equal(t, s.Backwards, back)
			require.Equal(t, s.On, on)
		}
		again, err2 := events.NewReader(iotest.HalfReader(bytes.NewReader(file)), o)
		require.NoError(t, err2)
		es2, err2 := upTo(again, most, 16)
		require.Equal(t, es, es2)
		if len(es) < most {
			require.Equal(t, err, err2)
		}
		if straight != nil && s.Skipped.Outside == 0 && s.Wraps == 0 && err == nil {
			require.Equal(t, es, straight(file))
		}
	})
}

// upTo reads at most n events, by so many, and the error behind them.
func upTo(r *events.Reader, n, by int) (out []events.Event, err error) {
	buf := make([]events.Event, by)
	for len(out) < n {
		k, err := r.Read(buf)
		out = append(out, buf[:k]...)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
	}
	return out[:n], nil
}

func FuzzBin(f *testing.F)    { fuzz(f, "bin", events.Options{}, straightBin) }
func FuzzAEDAT2(f *testing.F) { fuzz(f, "aedat2", events.Options{}, nil) }
func FuzzAEDAT3(f *testing.F) { fuzz(f, "aedat3", events.Options{}, nil) }
func FuzzAEDAT4(f *testing.F) { fuzz(f, "aedat4", events.Options{}, nil) }
func FuzzEVT2(f *testing.F)   { fuzz(f, "evt2", events.Options{}, nil) }
func FuzzEVT3(f *testing.F)   { fuzz(f, "evt3", events.Options{}, nil) }
func FuzzDAT(f *testing.F)    { fuzz(f, "dat", events.Options{}, nil) }
func FuzzES(f *testing.F)     { fuzz(f, "es", events.Options{}, nil) }
func FuzzNPY(f *testing.F)    { fuzz(f, "npy", events.Options{Columns: "x,y,p,t"}, nil) }
func FuzzNPZ(f *testing.F)    { fuzz(f, "npz", events.Options{}, nil) }
func FuzzMAT(f *testing.F)    { fuzz(f, "mat", events.Options{}, nil) }
func FuzzCSV(f *testing.F)    { fuzz(f, "csv", events.Options{Unit: 1e6}, nil) }

// The words behind a sound header, so that a fuzzer need not find one.
func FuzzWords(f *testing.F) {
	f.Add(eventstest.EVT3(eventstest.Some(30, 1280, 720, 0))[50:])
	f.Add([]byte("\x2d\x8b\x00\x60\xc8\x00\x6a\x23\x34\x30\xff\x4f\xff\x50\x00\x80"))
	f.Fuzz(func(t *testing.T, words []byte) {
		if len(words) > 1<<12 {
			return
		}
		const head2, head3 = "% evt 2.0\n% geometry 2048x2048\n% end\n", "% evt 3.0\n% geometry 4095x2048\n% end\n"
		for _, c := range []struct {
			head     string
			straight func([]byte) []events.Event
			counts   int64 // of the counter of the time, after which it begins anew
		}{
			{head2, straightEVT2, 1 << 34}, {head3, straightEVT3, 1 << 24}, {"% Data file\n% Version 2\n\x00\x08", straightDAT, 1 << 32},
			{"Event Stream\x02\x00\x00\x01\x00\xff\x00\xff", straightES, math.MaxInt64}, {"#!AER-DAT2.0\n# AEChip: DVS128\n#End Of ASCII Header\n", straightDVS128, 1 << 31},
		} {
			file := append([]byte(c.head), words...)
			es, r, _ := readAll(bytes.NewReader(file), events.Options{})
			// Where times are out of order a counter may begin anew and be taken back.
			again := slices.ContainsFunc(es, func(e events.Event) bool { return e.T >= c.counts })
			if s := r.Summary(); s.Skipped.Outside == 0 && s.Wraps == 0 && !again {
				require.Equal(t, c.straight(file), es, c.head)
			}
		}
	})
}
