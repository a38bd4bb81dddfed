package events_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/events/eventstest"
)

// kept returns windows with events of their own.
func kept(t *testing.T, ws events.Windows) (out []events.Window) {
	t.Helper()
	for w, err := range ws {
		require.NoError(t, err)
		w.Events = slices.Clone(w.Events)
		out = append(out, w)
	}
	return out
}

// An event at exactly n·dt is in bin n.
func TestByTimeEdges(t *testing.T) {
	rec := events.Of([]events.Event{{T: -1}, {T: 0}, {T: 999}, {T: 1000}, {T: 3000}}, 4, 3)
	require.Equal(t, []events.Window{
		{From: -1000, To: 0, Events: []events.Event{{T: -1}}},
		{From: 0, To: 1000, Events: []events.Event{{T: 0}, {T: 999}}},
		{From: 1000, To: 2000, Events: []events.Event{{T: 1000}}},
		{From: 2000, To: 3000, Events: []events.Event{}},
		{From: 3000, To: 4000, Events: []events.Event{{T: 3000}}},
	}, kept(t, events.ByTime(rec, ms, ms)))
	require.Empty(t, kept(t, events.ByTime(events.Of(nil, 4, 3), ms, ms)))
}

// Windows of any length and step, beside a search through all events for each.
func TestByTime(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		es := eventstest.Some(1+r.IntN(60), 4, 3, int64(r.IntN(4000)-2000))
		n, by := int64(1+r.IntN(700)), int64(1+r.IntN(700))
		first, last := es[0].T, es[len(es)-1].T
		want, n0 := []events.Window{}, 0
		for k := int64(-4000); k*by <= last; k++ {
			w := events.Window{From: k * by, To: k*by + n, Events: []events.Event{}}
			for _, e := range es {
				if w.From <= e.T && e.T < w.To {
					w.Events = append(w.Events, e)
				}
			}
			if w.To <= first {
				continue
			}
			if want = append(want, w); w.To <= last || len(w.Events) > 0 {
				n0 = len(want)
			}
		}
		got := kept(t, events.ByTime(events.Of(es, 4, 3), time.Duration(n)*time.Microsecond, time.Duration(by)*time.Microsecond))
		require.Len(t, got, n0)
		for i := range got {
			got[i].Events = append([]events.Event{}, got[i].Events...)
			require.Equal(t, want[i], got[i], "%d by %d", n, by)
		}
	}
}

func TestByCount(t *testing.T) {
	es := eventstest.Some(10, 4, 3, 0)
	got := kept(t, events.ByCount(events.Of(es, 4, 3), 4))
	require.Equal(t, []events.Window{
		{From: es[0].T, To: es[3].T + 1, Events: es[:4]}, {From: es[4].T, To: es[7].T + 1, Events: es[4:8]}, {From: es[8].T, To: es[9].T + 1, Events: es[8:]},
	}, got)
}

// Labels that overlap, that come in another order and that end before they begin to
// have events.
func TestByLabels(t *testing.T) {
	var es []events.Event
	for i := range int64(10) {
		es = append(es, events.Event{T: 10 * i})
	}
	labels := []events.Label{{3, 50, 70}, {1, 0, 30}, {2, 20, 55}, {4, 61, 62}, {5, 90, 1000}, {6, 2000, 3000}, {7, 20, 20}}
	got := kept(t, events.ByLabels(events.Of(es, 4, 3), labels))
	var said []string
	for _, w := range got {
		said = append(said, fmt.Sprint(w.Label, w.From, w.To, len(w.Events)))
		for _, e := range w.Events {
			require.True(t, w.From <= e.T && e.T < w.To)
		}
	}
	require.Equal(t, []string{"7 20 20 0", "1 0 30 3", "2 20 55 4", "4 61 62 0", "3 50 70 2", "5 90 1000 1", "6 2000 3000 0"}, said)
}

func TestWindowErrors(t *testing.T) {
	broken := errors.New("broken")
	failing := events.Recording{Width: 4, Height: 3, Events: func(yield func(events.Event, error) bool) { yield(events.Event{}, broken) }}
	back := events.Of([]events.Event{{T: 2}, {T: 1}}, 4, 3)
	for _, c := range []struct {
		ws   events.Windows
		want string
	}{
		{events.ByTime(failing, ms, ms), "broken"},
		{events.ByCount(failing, 1), "broken"},
		{events.ByLabels(failing, nil), "broken"},
		{events.ByTime(back, ms, ms), "events: windows: an event at 1 µs comes after one at 2 µs: sort the events first, by Sort"},
		{events.ByLabels(back, nil), "events: windows: an event at 1 µs comes after one at 2 µs: sort the events first, by Sort"},
		{events.ByTime(back, 0, ms), "events: windows: length: the time is 0s, want whole µs, at least one"},
		{events.ByTime(back, ms, 1), "events: windows: step: the time is 1ns, want whole µs, at least one"},
		{events.ByCount(back, 0), "events: windows: 0 events, want at least 1"},
		{events.ByLabels(back, []events.Label{{1, 2, 1}}), "events: windows: label 0 is from 2 to 1 µs, want them in order"},
		{events.ByTime(events.Recording{}, ms, ms), "events: windows: the recording has no sequence of events"},
		{events.ByTime(events.Of([]events.Event{{}, {T: 1 << 50}}, 4, 3), ms, ms), "events: windows: more than 1048576 windows of 1ms without an event before the one at 1125899906842624 µs"},
	} {
		var last error
		for _, err := range c.ws {
			last = err
		}
		require.EqualError(t, last, c.want)
		last = nil
		for _, err := range events.Frames(back, c.ws, false) {
			last = err
		}
		require.EqualError(t, last, c.want)
	}
}

func TestFrames(t *testing.T) {
	es := []events.Event{{T: 0, X: 1, Y: 0, On: true}, {T: 1, X: 1, Y: 0, On: true}, {T: 2, X: 1, Y: 0}, {T: 1000, X: 3, Y: 2}, {T: 1001, X: 4, Y: 0}}
	rec := events.Of(es, 4, 3)
	n := 0
	for f, err := range events.Frames(rec, events.ByTime(rec, ms, ms), false) {
		require.NoError(t, err)
		if n == 0 {
			require.Equal(t, []float32{2, 1, 0}, []float32{f.At(1, 0, true), f.At(1, 0, false), f.At(0, 0, true)})
			require.EqualValues(t, 2, f.Counts[12+1]) // ON is behind OFF
		} else {
			require.EqualValues(t, 1, f.At(3, 2, false))
			require.EqualValues(t, 1000, f.From)
		}
		sum := float32(0)
		for _, v := range f.Counts {
			sum += v
		}
		require.EqualValues(t, []int{3, 1}[n], sum)
		n++
	}
	require.Equal(t, 2, n)
	for f, err := range events.Frames(rec, events.ByCount(rec, 5), true) {
		require.NoError(t, err)
		require.Equal(t, []float32{1, 1}, []float32{f.At(1, 0, true), f.At(1, 0, false)})
	}
	for _, err := range events.Frames(events.Of(es, 0, 0), events.ByCount(rec, 5), true) {
		require.EqualError(t, err, "events: frames: the sensor is 0 × 0, want its size: give it in Options.Width and Height")
	}
}

// A voxel grid by its definition, term by term.
func TestVoxels(t *testing.T) {
	es := eventstest.Some(200, 5, 4, 300)
	rec := events.Of(es, 5, 4)
	for _, bins := range []int{1, 2, 7} {
		got, err := events.Voxels(rec, es, bins)
		require.NoError(t, err)
		for b := range bins {
			for y := range 4 {
				for x := range 5 {
					want := 0.0
					for _, e := range es {
						tau := float64(bins-1) * float64(e.T-es[0].T) / float64(es[len(es)-1].T-es[0].T)
						if int(e.X) == x && int(e.Y) == y {
							want += (2*float64(polarity(e)) - 1) * max(0, 1-math.Abs(float64(b)-tau))
						}
					}
					require.InDelta(t, want, got[(b*4+y)*5+x], 1e-5)
				}
			}
		}
	}
	got, err := events.Voxels(rec, []events.Event{{T: 5, X: 1, On: true}, {T: 5, X: 2}}, 2)
	require.NoError(t, err)
	require.Equal(t, []float32{0, 1, -1, 0, 0}, got[:5])
	_, err = events.Voxels(rec, es, math.MaxInt)
	require.ErrorContains(t, err, "want at least 1 and at most 268435456 voxels")
}

func TestSurface(t *testing.T) {
	rec := events.Of(nil, 4, 3)
	s, err := events.NewSurface(rec, 1, 100*time.Microsecond)
	require.NoError(t, err)
	s.Add(events.Event{T: 0, X: 0, Y: 0, On: true})
	s.Add(events.Event{T: 50, X: 1, Y: 0, On: true})
	s.Add(events.Event{T: 60, X: 1, Y: 1}) // the other polarity
	got := s.Around(events.Event{T: 100, X: 0, Y: 0, On: true})
	e := float32(math.Exp(-0.5))
	require.Equal(t, []float32{0, 0, 0, 0, 1, e, 0, 0, 0}, got) // pixels outside are 0
	all, err := s.All(nil, 160)
	require.NoError(t, err)
	require.InDelta(t, math.Exp(-1), all[1*4+1], 1e-7)
	require.InDelta(t, math.Exp(-0.6), all[12], 1e-7)
	_, err = s.All(make([]float32, 3), 0)
	require.EqualError(t, err, "events: surface: dst has length 3, want 24")
	_, err = events.NewSurface(rec, -1, ms)
	require.ErrorContains(t, err, "radius -1")
}

// HATS by its definition: for each event a surface, and the mean of these.
func TestHATS(t *testing.T) {
	es := eventstest.Some(600, 11, 7, 0)
	rec := events.Of(es, 11, 7)
	p := events.HATSParams{Cell: 4, Radius: 2, Tau: 3 * ms, Window: 8 * ms}
	got, shape, err := events.HATS(rec, p)
	require.NoError(t, err)
	require.Equal(t, []int{2, 3, 2, 5, 5}, shape)
	for row := range 2 {
		for col := range 3 {
			for pol := range 2 {
				want, n := make([]float64, 25), 0.0
				inside := func(e events.Event) bool {
					return int(e.Y)/4 == row && int(e.X)/4 == col && polarity(e) == pol
				}
				for i, e := range es {
					if !inside(e) {
						continue
					}
					n++
					for _, past := range es[:i] {
						dx, dy := int(past.X)-int(e.X), int(past.Y)-int(e.Y)
						if inside(past) && e.T-past.T <= 8000 && dx*dx <= 4 && dy*dy <= 4 {
							want[(dy+2)*5+dx+2] += math.Exp(-float64(e.T-past.T) / 3000)
						}
					}
				}
				for i, v := range want {
					require.InDelta(t, v/n, got[((row*3+col)*2+pol)*25+i], 1e-4)
				}
			}
		}
	}
	_, _, err = events.HATS(rec, events.HATSParams{})
	require.ErrorContains(t, err, "events: HATS: the time is 0s")
}

// An event at exactly n·dt is a spike of time step n, in lists and in data sets.
func TestBins(t *testing.T) {
	es := []events.Event{{T: -1, X: 1}, {T: 0, X: 1}, {T: 999, X: 1}, {T: 1000, X: 3, Y: 2, On: true}, {T: 2999, X: 0, On: true}, {T: 3000}}
	rec := events.Of(es, 4, 3)
	b := events.Bins{Dt: ms, Steps: 3}
	require.Equal(t, []int{3, 2, 3, 4}, b.Shape(rec))
	got, err := b.Events(nil, rec)
	require.NoError(t, err)
	require.Equal(t, []data.Event{{Step: 0, Index: 1}, {Step: 0, Index: 1}, {Step: 1, Index: 12 + 11}, {Step: 2, Index: 12}}, got)
	b.Binary = true
	got, err = b.Events(got[:1], rec)
	require.NoError(t, err)
	require.Equal(t, []data.Event{{Step: 0, Index: 1}, {Step: 0, Index: 1}, {Step: 1, Index: 12 + 11}, {Step: 2, Index: 12}}, got)
	b.Merge, b.From = true, -1
	got, err = b.Events(nil, rec)
	require.NoError(t, err)
	require.Equal(t, []data.Event{{Step: 0, Index: 1}, {Step: 1, Index: 1}, {Step: 1, Index: 11}}, got)
	require.Equal(t, []int{3, 1, 3, 4}, b.Shape(rec))

	// The same as a dense tensor of counts, and as a data set.
	many := eventstest.Some(400, 4, 3, 0)
	rec = events.Of(many, 4, 3)
	b = events.Bins{Dt: ms, Steps: 20}
	for _, binary := range []bool{false, true} {
		b.Binary = binary
		lists, err := connect.NewSpikes(20, 2, 2, 3, 4)
		require.NoError(t, err)
		require.NoError(t, b.AddTo(lists, 1, rec))
		dense, err := lists.Dense(tensor.Float32)
		require.NoError(t, err)
		want := make([]float32, 20*2*24)
		for _, e := range many {
			i := 12*polarity(e) + 4*int(e.Y) + int(e.X)
			if step := e.T / 1000; step < 20 {
				if want[(step*2+1)*24+int64(i)]++; binary {
					want[(step*2+1)*24+int64(i)] = 1
				}
			}
		}
		require.Equal(t, want, dense.Data())
		spikes, err := b.Events(nil, rec)
		require.NoError(t, err)
		set, err := data.NewEvents(b.Shape(rec), [][]data.Event{spikes}, []int{0})
		require.NoError(t, err)
		x := make([]float32, 20*24)
		_, err = set.Sample(0, x)
		require.NoError(t, err)
		for step := range 20 {
			require.Equal(t, want[(step*2+1)*24:][:24], x[step*24:][:24])
		}
	}
	small, err := connect.NewSpikes(3, 1, 1)
	require.NoError(t, err)
	require.ErrorContains(t, b.AddTo(small, 0, rec), "want 0 to 0")
	for _, c := range []struct {
		b    events.Bins
		rec  events.Recording
		want string
	}{
		{events.Bins{Steps: 1}, rec, "events: bins: the time is 0s, want whole µs, at least one"},
		{events.Bins{Dt: ms}, rec, "events: bins: 0 time steps, want at least 1"},
		{events.Bins{Dt: ms, Steps: 1}, events.Recording{Width: 1, Height: 1}, "events: bins: the recording has no sequence of events"},
		{events.Bins{Dt: ms, Steps: 1}, events.Of(nil, 0, 1), "events: bins: the sensor is 0 × 1, want its size: give it in Options.Width and Height"},
	} {
		_, err := c.b.Events(nil, c.rec)
		require.EqualError(t, err, c.want)
	}
	// Errors of a reader come through.
	r, err := events.NewReader(bytes.NewReader(eventstest.Bin(many)[:13]), events.Options{Format: "bin", Width: 4, Height: 3})
	require.NoError(t, err)
	_, err = b.Events(nil, r.Recording())
	require.ErrorContains(t, err, "events: bin: byte 10: the file ends within an event")
}

// polarity is 1 for ON.
func polarity(e events.Event) int {
	if e.On {
		return 1
	}
	return 0
}
