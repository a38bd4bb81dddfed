package plot

import (
	"cmp"
	"fmt"
	"image"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Event is what an event of a camera has: its time in µs, its pixel, and whether it
// became brighter. The events of package data/events are such.
type Event interface {
	~struct {
		T    int64
		X, Y uint16
		On   bool
	}
}

// change is an [Event] of which the type is known.
type change struct {
	T    int64
	X, Y uint16
	On   bool
}

// mostPoints is how many events a cloud shows; more would be one blot.
const mostPoints = 30000

// EventCloud draws events in space and time: time runs from left to right, x into
// the picture, y downwards. Of more than 30,000 events every k-th is drawn, and the
// legend says which. Times are from the first event on.
//
// It is an error if there is no event, or one is outside of the w × h pixels.
func EventCloud[E Event](title string, w, h int, es []E) (Figure, error) {
	if w < 1 || h < 1 || w > 1<<16 || h > 1<<16 {
		return Figure{}, fmt.Errorf("plot: event cloud: the sensor is %d × %d, want 1 to 65536 each", w, h)
	}
	cloud := cloud{w: w, h: h, every: (len(es) + mostPoints - 1) / mostPoints}
	first, last, err := extentOf(w, h, es)
	if err != nil {
		return Figure{}, fmt.Errorf("plot: event cloud: %w", err)
	}
	for i := 0; i < len(es); i += cloud.every {
		e := change(es[i])
		e.T -= first
		cloud.points = append(cloud.points, e)
	}
	cloud.last = max(last-first, 1)
	slices.SortStableFunc(cloud.points, func(a, b change) int { return cmp.Compare(b.X, a.X) }) // from behind
	keys := eventKeys()
	if cloud.every > 1 {
		keys = append(keys, key{name: fmt.Sprintf("one of %d events", cloud.every)})
	}
	return Figure{Width: 6.5, Height: 3.6, paint: func(c draw.Canvas) error {
		return cloud.draw(header(c, title, keys))
	}}, nil
}

// extentOf returns the first and the last time of events, all of them on a sensor.
func extentOf[E Event](w, h int, es []E) (first, last int64, err error) {
	if len(es) == 0 {
		return 0, 0, fmt.Errorf("there are no events")
	}
	first, last = math.MaxInt64, math.MinInt64
	for i, v := range es {
		e := change(v)
		if int(e.X) >= w || int(e.Y) >= h {
			return 0, 0, fmt.Errorf("event %d is at (%d, %d), want a pixel of %d × %d", i, e.X, e.Y, w, h)
		}
		first, last = min(first, e.T), max(last, e.T)
	}
	if last-first < 0 || last-first > 1<<53 {
		return 0, 0, fmt.Errorf("the times are from %d to %d µs, want at most 2⁵³ µs between them", first, last)
	}
	return first, last, nil
}

// A cloud is the points of a picture, from behind to the front.
type cloud struct {
	w, h, every int
	last        int64
	points      []change
}

// The share of the width and the height of the picture that is depth.
const depthX, depthY = 0.24, 0.30

// place returns where a point of the box is, of shares of time, x and y.
func (p cloud) place(r vg.Rectangle, t, x, y float64) vg.Point {
	return vg.Point{
		X: r.Min.X + vg.Length(t*(1-depthX)+x*depthX)*(r.Max.X-r.Min.X),
		Y: r.Min.Y + vg.Length((1-y)*(1-depthY)+x*depthY)*(r.Max.Y-r.Min.Y),
	}
}

func (p cloud) draw(c draw.Canvas) error {
	r := draw.Crop(c, 2.2*tickSize, -tickSize, 3.2*tickSize, 0).Rectangle
	if r.Max.X-r.Min.X < 4*smallest || r.Max.Y-r.Min.Y < 4*smallest {
		return fmt.Errorf("%.0f × %.0f points are left for the data, want at least %g each: make the figure larger", float64(r.Max.X-r.Min.X), float64(r.Max.Y-r.Min.Y), float64(4*smallest))
	}
	edge := func(s draw.LineStyle, a, b [3]float64) {
		from, to := p.place(r, a[0], a[1], a[2]), p.place(r, b[0], b[1], b[2])
		c.StrokeLine2(s, from.X, from.Y, to.X, to.Y)
	}
	// The edges behind the points: the far side, and what leads to its lower left.
	behind, before := stroke(netColor, thinWidth), stroke(rimColor, thinWidth)
	for _, e := range [][2][3]float64{
		{{0, 1, 0}, {1, 1, 0}}, {{1, 1, 0}, {1, 1, 1}}, {{1, 1, 1}, {0, 1, 1}}, {{0, 1, 1}, {0, 1, 0}},
		{{0, 0, 1}, {0, 1, 1}}, {{0, 0, 0}, {0, 1, 0}},
	} {
		edge(behind, e[0], e[1])
	}
	p.ticks(c, r)
	drawPixels(c, r, func(w, h int) image.Image { return p.image(w, h) })
	for _, e := range [][2][3]float64{
		{{0, 0, 0}, {1, 0, 0}}, {{1, 0, 0}, {1, 0, 1}}, {{1, 0, 1}, {0, 0, 1}}, {{0, 0, 1}, {0, 0, 0}},
		{{1, 0, 1}, {1, 1, 1}},
	} {
		edge(before, e[0], e[1])
	}
	return nil
}

// ticks writes the times along the lower edge, and what the other edges are.
func (p cloud) ticks(c draw.Canvas, r vg.Rectangle) {
	st := letters(tickSize, false)
	end := float64(p.last) / 1e3 // ms
	for _, t := range (ticker{count: 6}).Ticks(0, end) {
		if t.IsMinor() || t.Value < 0 || t.Value > end {
			continue
		}
		a, b := p.place(r, t.Value/end, 0, 1), p.place(r, t.Value/end, 1, 1)
		c.StrokeLine2(stroke(netColor, thinWidth), a.X, a.Y, b.X, b.Y)
		c.StrokeLine2(stroke(rimColor, thinWidth), a.X, a.Y, a.X, a.Y-3)
		write(c, st, a.X, a.Y-1.4*tickSize, 0.5, t.Label)
	}
	label := letters(labelSize, false)
	mid := p.place(r, 0.5, 0, 1)
	write(c, label, mid.X, mid.Y-2.8*tickSize, 0.5, "Time (ms)")
	down := p.place(r, 0, 0, 0.5)
	writeUp(c, label, down.X-0.5*tickSize, down.Y, fmt.Sprintf("y, 0 to %d", p.h-1))
	in := p.place(r, 1, 0.5, 1)
	write(c, label, in.X+0.6*tickSize, in.Y-1.2*tickSize, 0, fmt.Sprintf("x to %d", p.w-1))
}

// image draws the points on w × h pixels, two pixels wide each.
func (p cloud) image(w, h int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	box := vg.Rectangle{Max: vg.Point{X: vg.Length(w), Y: vg.Length(h)}}
	share := func(v uint16, n int) float64 { return (float64(v) + 0.5) / float64(n) }
	for _, e := range p.points {
		at := p.place(box, float64(e.T)/float64(p.last), share(e.X, p.w), share(e.Y, p.h))
		ink := offColor
		if e.On {
			ink = onColor
		}
		x, y := int(at.X), h-1-int(at.Y)
		for _, d := range [4][2]int{{0, 0}, {-1, 0}, {0, -1}, {-1, -1}} {
			img.SetNRGBA(x+d[0], y+d[1], ink) // what is outside is left out
		}
	}
	return img
}

// EventRate draws how many events a second there are, ON and OFF, in bins of so many s
// from the first event on. A bin of 0 takes about a hundredth of the time. Times are
// from the first event on.
//
// It is an error if there is no event, and if there would be more than 100,000 bins.
func EventRate[E Event](title string, bin float64, es []E) (Figure, error) {
	first, last, err := extentOf(1<<16, 1<<16, es)
	if err != nil {
		return Figure{}, fmt.Errorf("plot: event rate: %w", err)
	}
	long := float64(last-first+1) / 1e6
	if bin == 0 {
		bin = max(long/100, 1e-6)
	}
	n := math.Ceil(long / bin)
	if !(bin >= 1e-6 && n <= 1e5) {
		return Figure{}, fmt.Errorf("plot: event rate: bins of %g s for %g s, want at least 1 µs and at most 100000 bins", bin, long)
	}
	ch := Chart{Title: title, XLabel: "Time (ms)", YLabel: "Events a second", Series: []Series{{Name: "ON"}, {Name: "OFF"}}}
	counts := [2][]float64{make([]float64, int(n)), make([]float64, int(n))}
	for _, v := range es {
		e, which := change(v), 1
		if e.On {
			which = 0
		}
		counts[which][min(int(float64(e.T-first)/1e6/bin), int(n)-1)]++
	}
	for k := range int(n) {
		ch.X = append(ch.X, float64(k)*bin*1e3, float64(k+1)*bin*1e3)
		for which := range counts {
			rate := counts[which][k] / bin
			ch.Series[which].Y = append(ch.Series[which].Y, rate, rate)
		}
	}
	fig, err := Lines(ch)
	if err != nil {
		return Figure{}, fmt.Errorf("plot: event rate: %w", err)
	}
	fig.Width, fig.Height = 6.5, 2.6
	return fig, nil
}
