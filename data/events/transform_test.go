package events_test

import (
	"errors"
	"fmt"
	"image"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/events/eventstest"
)

const ms = time.Millisecond

// applied returns the events and the sensor that transforms make of a recording.
func applied(t *testing.T, rec events.Recording, ts ...events.Transform) ([]events.Event, [2]int) {
	t.Helper()
	out, err := events.Apply(rec, ts...)
	require.NoError(t, err)
	es, err := events.Collect(out, []events.Event{})
	require.NoError(t, err)
	for _, e := range es {
		require.True(t, int(e.X) < out.Width && int(e.Y) < out.Height, "%v is outside of the sensor", e)
	}
	return es, [2]int{out.Width, out.Height}
}

// at is an event at a place; its time is 0.
func at(x, y uint16) events.Event { return events.Event{X: x, Y: y} }

// The corners of a sensor of 4 × 3 and a pixel beside one, and where they go.
func TestSpace(t *testing.T) {
	in := []events.Event{at(0, 0), at(3, 0), at(0, 2), at(3, 2), at(1, 0)}
	for name, c := range map[string]struct {
		t      events.Transform
		want   []events.Event
		sensor [2]int
	}{
		"flip x":         {events.FlipX(), []events.Event{at(3, 0), at(0, 0), at(3, 2), at(0, 2), at(2, 0)}, [2]int{4, 3}},
		"flip y":         {events.FlipY(), []events.Event{at(0, 2), at(3, 2), at(0, 0), at(3, 0), at(1, 2)}, [2]int{4, 3}},
		"transpose":      {events.Transpose(), []events.Event{at(0, 0), at(0, 3), at(2, 0), at(2, 3), at(0, 1)}, [2]int{3, 4}},
		"rotate 90":      {events.Rotate(90), []events.Event{at(2, 0), at(2, 3), at(0, 0), at(0, 3), at(2, 1)}, [2]int{3, 4}},
		"rotate -270":    {events.Rotate(-270), []events.Event{at(2, 0), at(2, 3), at(0, 0), at(0, 3), at(2, 1)}, [2]int{3, 4}},
		"rotate 180":     {events.Rotate(180), []events.Event{at(3, 2), at(0, 2), at(3, 0), at(0, 0), at(2, 2)}, [2]int{4, 3}},
		"rotate 270":     {events.Rotate(270), []events.Event{at(0, 3), at(0, 0), at(2, 3), at(2, 0), at(0, 2)}, [2]int{3, 4}},
		"rotate 360":     {events.Rotate(360), in, [2]int{4, 3}},
		"rotate a bit":   {events.Rotate(1e-9), in, [2]int{4, 3}},
		"crop":           {events.Crop(1, 0, 3, 2), []events.Event{at(2, 0), at(0, 0)}, [2]int{3, 2}},
		"crop of all":    {events.Crop(0, 0, 4, 3), in, [2]int{4, 3}},
		"downsample":     {events.Downsample(2), []events.Event{at(0, 0), at(1, 0), at(0, 1), at(1, 1), at(0, 0)}, [2]int{2, 2}},
		"downsample one": {events.Downsample(1), in, [2]int{4, 3}},
		"shift":          {events.Shift(-1, 1), []events.Event{at(2, 1), at(0, 1)}, [2]int{4, 3}},
		"jitter of 0":    {events.JitterSpace(0, 1), in, [2]int{4, 3}},
	} {
		got, sensor := applied(t, events.Of(in, 4, 3), c.t)
		require.Equal(t, c.want, got, name)
		require.Equal(t, c.sensor, sensor, name)
	}
	got, _ := applied(t, events.Of([]events.Event{{On: true}, {}}, 4, 3), events.FlipPolarity())
	require.Equal(t, []events.Event{{}, {On: true}}, got)

	// Ways back, and ways that lead to the same place.
	rec := events.Of(eventstest.Some(500, 40, 30, 0), 40, 30)
	all, _ := applied(t, rec)
	for name, ts := range map[string][]events.Transform{
		"flip twice":  {events.FlipX(), events.FlipX()},
		"turn around": {events.Rotate(90), events.Rotate(90), events.Rotate(180)},
		"by flips":    {events.Rotate(180), events.FlipX(), events.FlipY()},
		"transpose":   {events.Transpose(), events.FlipX(), events.Rotate(270)},
		"joined":      {events.Join(events.FlipY(), events.Join(events.FlipY()))},
	} {
		got, sensor := applied(t, rec, ts...)
		require.Equal(t, all, got, name)
		require.Equal(t, [2]int{40, 30}, sensor, name)
	}
	// An eighth of a turn of a point 10 to the right of the middle of 41 × 41.
	got, _ = applied(t, events.Of([]events.Event{at(30, 20), at(0, 0)}, 41, 41), events.Rotate(45))
	require.Equal(t, []events.Event{at(27, 27)}, got) // 10/√2 = 7.07; a corner leaves
}

// Jitter has the spread that it should: rounding adds 1/12 to the variance.
func TestJitter(t *testing.T) {
	n := 20000
	in := make([]events.Event, n)
	for i := range in {
		in[i] = events.Event{T: int64(i) * 10, X: 500, Y: 500}
	}
	rec := events.Of(in, 1000, 1000)
	got, _ := applied(t, rec, events.JitterSpace(3, 1))
	again, _ := applied(t, rec, events.JitterSpace(3, 1))
	require.Equal(t, got, again)
	other, _ := applied(t, rec, events.JitterSpace(3, 2))
	require.NotEqual(t, got, other)
	var sum, sq float64
	for _, e := range got {
		d := float64(e.X) - 500
		sum, sq = sum+d, sq+d*d
	}
	require.InDelta(t, 0, sum/float64(n), 5*3/math.Sqrt(float64(n)))
	require.InDelta(t, 9+1.0/12, sq/float64(n), 5*9*math.Sqrt(2/float64(n)))

	got, _ = applied(t, rec, events.JitterTime(100*time.Microsecond, 1))
	require.Len(t, got, n)
	moved := 0.0
	for i, e := range got {
		if i > 0 {
			require.GreaterOrEqual(t, e.T, got[i-1].T)
		}
		moved += math.Abs(float64(e.T - in[i].T))
	}
	require.Positive(t, moved)
	// Of events that are far apart each keeps its place, and moves by sigma.
	for i := range in {
		in[i].T = int64(i) * 10000
	}
	got, _ = applied(t, rec, events.JitterTime(100*time.Microsecond, 1))
	sum, sq = 0, 0
	for i, e := range got {
		d := float64(e.T - in[i].T)
		require.LessOrEqual(t, math.Abs(d), 400.0)
		sum, sq = sum+d, sq+d*d
	}
	require.InDelta(t, 0, sum/float64(n), 5*100/math.Sqrt(float64(n)))
	require.InDelta(t, 1e4, sq/float64(n), 5*1e4*math.Sqrt(2/float64(n)))
}

func TestTimes(t *testing.T) {
	ts := func(ts ...int64) (es []events.Event) {
		es = []events.Event{}
		for _, t := range ts {
			es = append(es, events.Event{T: t})
		}
		return es
	}
	for name, c := range map[string]struct {
		t        events.Transform
		in, want []events.Event
	}{
		"normalise":        {events.Normalise(), ts(1605537493718345, 1605537493718346, 1605537493718340), ts(0, 1, -5)},
		"between":          {events.Between(1*ms, 2*ms), ts(999, 1000, 1999, 2000), ts(1000, 1999)},
		"between below 0":  {events.Between(-1*ms, 0), ts(-1001, -1000, -1, 0), ts(-1000, -1)},
		"excerpt":          {events.Excerpt(1*ms, 2*ms), ts(500, 1499, 1500, 2499, 2500), ts(1500, 2499)},
		"quantise":         {events.Quantise(1 * ms), ts(-1001, -1000, -1, 0, 999, 1000, 1001), ts(-2000, -1000, -1000, 0, 0, 1000, 1000)},
		"scale":            {events.Scale(0.5), ts(0, 1, 2, 1001), ts(0, 1, 1, 501)},
		"sort":             {events.Sort(), []events.Event{{T: 3}, {T: 1, X: 1}, {T: 2}, {T: 1}}, []events.Event{{T: 1, X: 1}, {T: 1}, {T: 2}, {T: 3}}},
		"drop all":         {events.Drop(1, 1), ts(1, 2, 3), ts()},
		"drop nothing":     {events.Drop(0, 1), ts(1, 2, 3), ts(1, 2, 3)},
		"drop all time":    {events.DropTime(10*ms, 10*ms, 1), ts(5, 10004, 10005), ts(10005)},
		"refractory":       {events.Refractory(10 * time.Microsecond), ts(0, 9, 10, 19, 20), ts(0, 10, 20)},
		"refractory below": {events.Refractory(10 * time.Microsecond), ts(-1<<61, 1<<61), ts(-1<<61, 1<<61)},
	} {
		got, _ := applied(t, events.Of(c.in, 4, 3), c.t)
		require.Equal(t, c.want, got, name)
	}
}

// What is dropped at random is as much as it should be, and where.
func TestDrop(t *testing.T) {
	n := 20000
	rec := events.Of(eventstest.Some(n, 40, 30, 0), 40, 30)
	got, _ := applied(t, rec, events.Drop(0.3, 7))
	require.InDelta(t, 0.7*float64(n), float64(len(got)), 5*math.Sqrt(0.21*float64(n)))

	got, _ = applied(t, rec, events.DropArea(10, 6, 7))
	seen := map[image.Point]bool{}
	for _, e := range got {
		seen[image.Pt(int(e.X), int(e.Y))] = true
	}
	require.Len(t, seen, 40*30-10*6)
	hole := image.Rectangle{}
	for y := range 30 {
		for x := range 40 {
			if !seen[image.Pt(x, y)] {
				hole = hole.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	require.Equal(t, image.Pt(10, 6), hole.Size())

	all, _ := applied(t, rec)
	got, _ = applied(t, rec, events.DropTime(100*ms, 800*ms, 7))
	gap, where := int64(0), int64(0)
	for i := 1; i < len(got); i++ {
		if d := got[i].T - got[i-1].T; d > gap {
			gap, where = d, got[i-1].T
		}
	}
	require.InDelta(t, 100e3, float64(gap), 400)
	require.LessOrEqual(t, where+gap, all[0].T+800e3+200)
	require.Less(t, len(got), len(all))
}

func TestNoise(t *testing.T) {
	in := []events.Event{{T: 1 << 60}, {T: 1<<60 + 500e3}, {T: 1<<60 + 1e6}}
	rec := events.Of(in, 100, 50)
	got, _ := applied(t, rec, events.Noise(4, 3)) // 5,000 pixels for a second
	require.InDelta(t, 20000, float64(len(got)), 5*math.Sqrt(20000))
	on, x := 0.0, 0.0
	for i, e := range got {
		if i > 0 {
			require.GreaterOrEqual(t, e.T, got[i-1].T)
		}
		if e.On {
			on++
		}
		x += float64(e.X)
	}
	n := float64(len(got))
	require.InDelta(t, 0.5, on/n, 5*0.5/math.Sqrt(n))
	require.InDelta(t, 49.5, x/n, 5*29/math.Sqrt(n))
	require.Equal(t, []events.Event{in[0], in[2]}, []events.Event{got[0], got[len(got)-1]})
	got, _ = applied(t, rec, events.Noise(0, 3))
	require.Equal(t, in, got)
}

// Filters beside a search through all earlier events.
func TestFilters(t *testing.T) {
	in := eventstest.Some(3000, 12, 9, 100)
	rec := events.Of(in, 12, 9)
	var denoised []events.Event
	for i, e := range in {
		keep := false
		for _, past := range in[:i] {
			dx, dy := int(past.X)-int(e.X), int(past.Y)-int(e.Y)
			keep = keep || (dx != 0 || dy != 0) && dx*dx <= 1 && dy*dy <= 1 && e.T-past.T <= 200
		}
		if keep {
			denoised = append(denoised, e)
		}
	}
	got, _ := applied(t, rec, events.Denoise(200*time.Microsecond))
	require.Equal(t, denoised, got)
	require.Less(t, len(got), len(in))

	var rested []events.Event
	for _, e := range in {
		keep := true
		for _, past := range rested {
			keep = keep && (past.X != e.X || past.Y != e.Y || e.T-past.T >= 5000)
		}
		if keep {
			rested = append(rested, e)
		}
	}
	got, _ = applied(t, rec, events.Refractory(5*ms))
	require.Equal(t, rested, got)

	// 20 events in a second in one pixel, 10 in another.
	var es []events.Event
	for i := range int64(20) {
		es = append(es, events.Event{T: i * 1e6 / 19, X: 3, Y: 2})
		if i%2 == 0 {
			es = append(es, events.Event{T: i * 1e6 / 19, X: 1, Y: 1})
		}
	}
	rec = events.Of(es, 4, 3)
	hot, err := events.HotPixels(rec, 10)
	require.NoError(t, err)
	require.Equal(t, []image.Point{{X: 3, Y: 2}}, hot)
	got, _ = applied(t, rec, events.WithoutPixels(hot...))
	require.Len(t, got, 10)
	hot, err = events.HotPixels(events.Of(es[:1], 4, 3), 10)
	require.NoError(t, err)
	require.Empty(t, hot) // of one event there is no rate
}

// Errors of the recording come through every transform, and breaking off ends it.
func TestTransformsAreLazy(t *testing.T) {
	broken := errors.New("broken")
	read := 0
	rec := events.Recording{Width: 40, Height: 30, Events: func(yield func(events.Event, error) bool) {
		for i := range 100 {
			read++
			if !yield(events.Event{T: int64(i) * 1000, X: uint16(i % 40), Y: uint16(i % 30)}, nil) {
				return
			}
		}
		yield(events.Event{}, broken)
	}}
	for name, tr := range map[string]events.Transform{
		"crop": events.Crop(0, 0, 40, 30), "downsample": events.Downsample(2), "flip x": events.FlipX(), "flip y": events.FlipY(),
		"polarity": events.FlipPolarity(), "transpose": events.Transpose(), "rotate": events.Rotate(10), "jitter": events.JitterSpace(1, 1),
		"shift": events.Shift(1, 1), "normalise": events.Normalise(), "between": events.Between(0, time.Hour), "excerpt": events.Excerpt(0, time.Hour), "quantise": events.Quantise(ms),
		"scale": events.Scale(2), "jitter time": events.JitterTime(ms, 1), "sort": events.Sort(), "drop": events.Drop(0.1, 1),
		"drop area": events.DropArea(2, 2, 1), "drop time": events.DropTime(ms, 20*ms, 1), "noise": events.Noise(1, 1),
		"denoise": events.Denoise(time.Second), "refractory": events.Refractory(ms), "pixels": events.WithoutPixels(),
	} {
		read = 0
		out, err := events.Apply(rec, tr)
		require.NoError(t, err, name)
		require.Zero(t, read, name)
		es, err := events.Collect(out, nil)
		require.ErrorIs(t, err, broken, name)
		require.GreaterOrEqual(t, len(es), 50, name)
		again, err := events.Collect(out, nil)
		require.ErrorIs(t, err, broken, name)
		require.Equal(t, es, again, name)
		read = 0
		for range out.Events {
			break
		}
		if name != "sort" {
			require.Less(t, read, 20, name)
		}
	}
}

func TestTransformErrors(t *testing.T) {
	rec, unknown := events.Of(nil, 40, 30), events.Of(nil, 0, 0)
	for want, f := range map[string]func() (events.Recording, error){
		"the recording has no sequence of events": func() (events.Recording, error) { return events.Apply(events.Recording{}) },
		"transform 1 is nil":                      func() (events.Recording, error) { return events.Apply(rec, events.FlipX(), nil) },
		"transform 0 is nil":                      func() (events.Recording, error) { return events.Apply(rec, events.Join(nil)) },
		"crop: the rectangle of 40 × 30 at (1, 0) is not within the sensor of 40 × 30": func() (events.Recording, error) { return events.Apply(rec, events.Crop(1, 0, 40, 30)) },
		fmt.Sprintf("crop: the rectangle of %d × 1 at (1, 0) is not within the sensor of 40 × 30", math.MaxInt): func() (events.Recording, error) {
			return events.Apply(rec, events.Crop(1, 0, math.MaxInt, 1))
		},
		"downsample: the factor is 0, want 1 to 65536":                                    func() (events.Recording, error) { return events.Apply(rec, events.Downsample(0)) },
		"flip x: the sensor is 0 × 0, want its size: give it in Options.Width and Height": func() (events.Recording, error) { return events.Apply(unknown, events.FlipX()) },
		"denoise: the sensor is 65536 × 65536, want at most 16777216 pixels": func() (events.Recording, error) {
			return events.Apply(events.Of(nil, 1<<16, 1<<16), events.Denoise(ms))
		},
		"rotate: the angle is NaN degrees, want a finite one of at most 10⁶":                         func() (events.Recording, error) { return events.Apply(rec, events.Rotate(math.NaN())) },
		"jitter in space: sigma is -1 pixels, want 0 to 65536":                                       func() (events.Recording, error) { return events.Apply(rec, events.JitterSpace(-1, 1)) },
		"jitter in time: the time is 1ns, want whole µs, at least one":                               func() (events.Recording, error) { return events.Apply(rec, events.JitterTime(1, 1)) },
		"between: from 1s to 0s, want them in order":                                                 func() (events.Recording, error) { return events.Apply(rec, events.Between(time.Second, 0)) },
		"excerpt: from 1s to 0s, want them in order":                                                 func() (events.Recording, error) { return events.Apply(rec, events.Excerpt(time.Second, 0)) },
		"scale: the factor is 0, want one above 0 and at most 10⁶":                                   func() (events.Recording, error) { return events.Apply(rec, events.Scale(0)) },
		"drop: the probability is NaN, want 0 to 1":                                                  func() (events.Recording, error) { return events.Apply(rec, events.Drop(math.NaN(), 1)) },
		"drop area: 41 × 1, want a rectangle within the sensor of 40 × 30":                           func() (events.Recording, error) { return events.Apply(rec, events.DropArea(41, 1, 1)) },
		"drop time: 2ms within 1ms, want no more than that":                                          func() (events.Recording, error) { return events.Apply(rec, events.DropTime(2*ms, ms, 1)) },
		"noise: the rate is +Inf Hz a pixel, want 0 or more, and at most 10⁹ events a second in all": func() (events.Recording, error) { return events.Apply(rec, events.Noise(math.Inf(1), 1)) },
	} {
		_, err := f()
		require.EqualError(t, err, "events: "+want)
	}
}
