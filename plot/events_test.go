package plot_test

import (
	"fmt"
	"image/gif"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/plot"
)

// Events are where they should be: time to the right, x into the picture, y downwards.
func TestEventCloud(t *testing.T) {
	cloud := func(es ...events.Event) (x, y int) {
		// Two that span the time, in the other colour.
		es = append([]events.Event{{T: 1e15}, {T: 1e15 + 1e6}}, es...)
		img, _ := saved(t, made(t)(plot.EventCloud("t", 100, 50, es)))
		r := img.Bounds()
		r.Min.Y = 80 // below the legend
		b := box(img, r, blue)
		require.LessOrEqual(t, b.Dx(), 4)
		return b.Min.X, b.Min.Y
	}
	at := func(ms int64, x, y uint16) events.Event {
		return events.Event{T: 1e15 + 1000*ms, X: x, Y: y, On: true}
	}
	x0, y0 := cloud(at(100, 10, 10))
	x1, y1 := cloud(at(200, 10, 10))
	x2, y2 := cloud(at(300, 10, 10))
	require.InDelta(t, x1-x0, x2-x1, 3)
	require.Greater(t, x1-x0, 20)
	require.InDelta(t, y0, y1, 1)
	require.InDelta(t, y0, y2, 1)
	x1, y1 = cloud(at(100, 10, 30))
	require.InDelta(t, x0, x1, 1)
	require.Greater(t, y1-y0, 20) // lower
	x1, y1 = cloud(at(100, 80, 10))
	require.Greater(t, x1-x0, 20)
	require.Greater(t, y0-y1, 20) // behind is further up

	many := make([]events.Event, 70000)
	for i := range many {
		many[i] = events.Event{T: int64(i), X: uint16(i % 100), Y: uint16(i / 100 % 50), On: i%2 == 0}
	}
	_, svg := saved(t, made(t)(plot.EventCloud("many", 100, 50, many)))
	require.Contains(t, texts(t, svg), "one of 3 events")
	saved(t, made(t)(plot.EventCloud("one", 1, 1, many[:1])))
}

// A pixel has the colour of its polarity, as dark as it has events.
func TestEventFrames(t *testing.T) {
	counts := make([]float32, 2*4*3)
	counts[12+0] = 5                   // ON, upper left
	counts[11] = 5                     // OFF, lower right
	counts[5], counts[12+5] = 2.5, 2.5 // both
	counts[3] = 1                      // a few
	fig := made(t)(plot.EventFrames("t", 4, 3, 1, plot.EventFrame[float32]{Counts: counts, Caption: "10 ms"}))
	img, svg := saved(t, fig)
	require.Contains(t, texts(t, svg), "10 ms")
	r := img.Bounds()
	r.Min.Y = 80
	on, off := box(img, r, blue), box(img, r, vermillion)
	require.InDelta(t, on.Dx(), off.Dx(), 2)
	require.InDelta(t, on.Dx(), on.Dy(), 2)
	require.InDelta(t, float64(3*on.Dx()), float64(off.Min.X-on.Min.X), 3)
	require.InDelta(t, float64(2*on.Dy()), float64(off.Min.Y-on.Min.Y), 3)
	mid := func(col, row int) [3]int {
		c := img.NRGBAAt(on.Min.X+on.Dx()*(2*col+1)/2, on.Min.Y+on.Dy()*(2*row+1)/2)
		return [3]int{int(c.R), int(c.G), int(c.B)}
	}
	require.Equal(t, [3]int{255, 255, 255}, mid(1, 0))
	both := mid(1, 1)
	for k, v := range [3]int{(0x00 + 0xD5) / 2, (0x72 + 0x5E) / 2, (0xB2 + 0x00) / 2} {
		require.InDelta(t, v, both[k], 2)
	}
	few := mid(3, 0)
	ink := 0.35 + 0.65/5
	for k, v := range [3]float64{0xD5, 0x5E, 0x00} {
		require.InDelta(t, 255-ink*(255-v), few[k], 2)
	}
	// A frame with nothing, and one with more pixels than there is room for.
	saved(t, made(t)(plot.EventFrames("t", 1280, 720, 4, plot.EventFrame[float64]{Counts: make([]float64, 2*1280*720)})))
}

func TestEventMovie(t *testing.T) {
	var frames []plot.EventFrame[float32]
	for i := range 6 {
		counts := make([]float32, 2*8*8)
		counts[64+8*i+i] = 1
		frames = append(frames, plot.EventFrame[float32]{Counts: counts, Caption: fmt.Sprint(i)})
	}
	m, err := plot.EventMovie("t", 8, 8, 3, frames...)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, plot.SaveGIF(dir, "m", m))
	f, err := os.Open(filepath.Join(dir, "m.gif"))
	require.NoError(t, err)
	defer f.Close()
	g, err := gif.DecodeAll(f)
	require.NoError(t, err)
	require.Equal(t, []int{50, 50, 50, 50, 50, 150}, g.Delay)
	// The dot goes down to the right: what changes from frame to frame does too.
	for i := 2; i < 6; i++ {
		require.Greater(t, g.Image[i].Rect.Min.X, g.Image[i-1].Rect.Min.X)
	}

	own, err := plot.NewMovie(3, 1, func(share float64) plot.Figure {
		return made(t)(plot.Lines(plot.Chart{X: []float64{0, 1}, Series: []plot.Series{{Y: []float64{0, share}}}}))
	})
	require.NoError(t, err)
	require.NoError(t, plot.SaveGIF(dir, "own", own))
	_, err = plot.NewMovie(3, 1, nil)
	require.EqualError(t, err, "plot: movie: there is no function that gives its frames")
}

func TestEventErrors(t *testing.T) {
	one := []events.Event{{X: 3, Y: 2}}
	frame := func(n int, v float64) plot.EventFrame[float64] {
		f := plot.EventFrame[float64]{Counts: make([]float64, n)}
		f.Counts[n-1] = v
		return f
	}
	for want, err := range map[string]error{
		"plot: event cloud: there are no events":                                                               second(plot.EventCloud("", 4, 3, one[:0])),
		"plot: event cloud: event 0 is at (3, 2), want a pixel of 3 × 3":                                       second(plot.EventCloud("", 3, 3, one)),
		"plot: event cloud: the sensor is 0 × 3, want 1 to 65536 each":                                         second(plot.EventCloud("", 0, 3, one)),
		"plot: event cloud: the times are from -9223372036854775808 to 0 µs, want at most 2⁵³ µs between them": second(plot.EventCloud("", 4, 3, append(one, events.Event{T: math.MinInt64}))),
		"plot: event rate: there are no events":                                                                second(plot.EventRate("", 0, one[:0])),
		"plot: event rate: bins of NaN s for 1e-06 s, want at least 1 µs and at most 100000 bins":              second(plot.EventRate("", math.NaN(), one)),
		"plot: event frames: 0 columns, want 1 to 40":                                                          second(plot.EventFrames("", 1, 1, 0, frame(2, 0))),
		"plot: event frames: 0 frames came, want 1 to 400":                                                     second(plot.EventFrames[float32]("", 1, 1, 1)),
		"plot: event frames: frame 0 has 3 counts, want 2 × 1 × 1 = 2":                                         second(plot.EventFrames("", 1, 1, 1, frame(3, 0))),
		"plot: event frames: frame 0: counts[1] is -1, want 0 or more":                                         second(plot.EventFrames("", 1, 1, 1, frame(2, -1))),
		"plot: event frames: frames are 5000 × 1, want 1 to 4096 each":                                         second(plot.EventFrames("", 5000, 1, 1, frame(2, 0))),
		"plot: event movie: 1 frames came, want 2 to 1000":                                                     second(plot.EventMovie("", 1, 1, 1, frame(2, 0))),
		"plot: event movie: frame 1: counts[1] is -1, want 0 or more":                                          second(plot.EventMovie("", 1, 1, 1, frame(2, 0), frame(2, -1))),
	} {
		require.EqualError(t, err, want)
	}
}

func second[T any](_ T, err error) error { return err }

// The area below the rates is the number of events.
func TestEventRate(t *testing.T) {
	var es []events.Event
	for i := range 1000 {
		es = append(es, events.Event{T: 1e15 + int64(i)*1000, On: i < 500})
	}
	img, _ := saved(t, made(t)(plot.EventRate("t", 0.1, es)))
	r := img.Bounds()
	r.Min.Y = 60
	on, off := box(img, r, blue), box(img, r, vermillion)
	require.InDelta(t, on.Dy(), off.Dy(), 3) // from 0 to 1,000 a second
	require.Greater(t, on.Dy(), 100)
	saved(t, made(t)(plot.EventRate("t", 0, es[:1])))
}
