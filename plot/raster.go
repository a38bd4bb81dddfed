package plot

import (
	"fmt"
	"image"
	"math"
	"slices"
	"sort"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Layer is the spikes of one layer, for [Raster].
type Layer[F Float] struct {
	Name   string
	N      int // neurons
	Spikes []F // [T, N], above 0 where a neuron spikes
}

// Raster draws the spikes of layers over time, one panel per layer from top to
// bottom, one row per neuron, with the mean firing rate in the heading of each. Layers
// are as high as they have neurons, small ones a little higher. dt
// is the time step in s; step t is drawn at t·dt, in ms.
//
// Up to some thousand spikes are drawn as strokes. More than that become an image
// with pixels of half a point, in an SVG too, in which pixels darken with the number of
// spikes on them.
//
// It is an error if there is no layer or more than 16, if a layer has no neuron, no
// time step or another number of them than the first, and if a spike is negative or
// not finite: membrane potentials are for [Traces].
func Raster[F Float](title string, dt float64, layers ...Layer[F]) (Figure, error) {
	r, err := newRaster(title, dt, layers)
	if err != nil {
		return Figure{}, fmt.Errorf("plot: raster: %w", err)
	}
	return r.figure(), nil
}

// A raster is the spikes of layers, ready to be drawn.
type raster struct {
	title  string
	dt     float64
	steps  int
	names  []string
	trains []*train
	now    float64 // the steps up to here are drawn, and a line; below 0: all
}

func newRaster[F Float](title string, dt float64, layers []Layer[F]) (*raster, error) {
	if len(layers) == 0 || len(layers) > 16 {
		return nil, fmt.Errorf("%d layers came, want 1 to 16", len(layers))
	}
	if err := timeStep(dt); err != nil {
		return nil, err
	}
	r := &raster{title: title, dt: dt, now: -1}
	spikes := 0
	for k, l := range layers {
		T, err := timeSteps(len(l.Spikes), l.N)
		if err == nil && k > 0 && T != r.steps {
			err = fmt.Errorf("%d time steps, want %d as layer %q has", T, r.steps, layers[0].Name)
		}
		if err != nil {
			return nil, fmt.Errorf("layer %q: %w", l.Name, err)
		}
		r.steps = T
		tr := &train{steps: T, n: l.N, x: timeAxis(T, dt, true), y: neuronAxis(l.N), dt: dt, colour: k}
		if tr.events, err = events(l.Spikes, l.N); err != nil {
			return nil, fmt.Errorf("layer %q: %w", l.Name, err)
		}
		spikes += len(tr.events)
		rate := float64(len(tr.events)) / (float64(l.N) * float64(T) * dt)
		r.trains, r.names = append(r.trains, tr), append(r.names, heading(l.Name, fmt.Sprintf("%s, %.3g Hz", plural(l.N, "neuron"), rate)))
	}
	const mostStrokes = 4000 // about 100 kB of SVG
	for _, tr := range r.trains {
		tr.asImage, tr.whole = spikes > mostStrokes, tr.events
	}
	return r, nil
}

// until returns the raster up to a step.
func (r *raster) until(step float64) *raster {
	u := *r
	u.now, u.trains = step, nil
	for _, tr := range r.trains {
		n := sort.Search(len(tr.events), func(i int) bool { return float64(tr.events[i].step) >= step })
		part := *tr
		part.events = tr.events[:n]
		u.trains = append(u.trains, &part)
	}
	return &u
}

func (r *raster) figure() Figure {
	height := 60.0 // title and x axis
	neurons := 0
	for _, tr := range r.trains {
		neurons += tr.n
	}
	const all, most, least = 320, 6, 30 // points: of all neurons, of a neuron, of a layer
	row := min(all/float64(neurons), most)
	var strips []strip
	for k, tr := range r.trains {
		x := timeAxis(r.steps, r.dt, k < len(r.trains)-1)
		p := newPlot(x, tr.y, false)
		p.Add(tr)
		if r.now >= 0 {
			p.Add(cursor{(r.now - 0.5) * r.dt * 1e3})
		}
		s := strip{plot: p, head: r.names[k], weight: max(row*float64(tr.n), least)}
		height += s.weight + 18
		strips = append(strips, s)
	}
	return Figure{Width: 6.5, Height: min(math.Ceil(height/7.2)/10, 30), paint: func(c draw.Canvas) error {
		return drawStack(header(c, r.title, nil), strips, "Neuron")
	}}
}

// An event is a spike of a neuron.
type event struct{ step, neuron int32 }

// events lists the spikes in zs.
func events[F Float](zs []F, n int) ([]event, error) {
	if len(zs)/n > math.MaxInt32 || n > math.MaxInt32 {
		return nil, fmt.Errorf("%d time steps of %d neurons, want fewer than 2³¹ each", len(zs)/n, n)
	}
	var es []event
	for i, z := range zs {
		switch {
		case z == 0:
		case z > 0 && float64(z) <= huge:
			es = append(es, event{int32(i / n), int32(i % n)})
		default:
			return nil, fmt.Errorf("spike of neuron %d in step %d is %g, want 0 or a finite number above 0", i%n, i/n, float64(z))
		}
	}
	return es, nil
}

// timeSteps returns T for size values of [T, n].
func timeSteps(size, n int) (int, error) {
	if n < 1 {
		return 0, fmt.Errorf("%d neurons, want at least one", n)
	}
	if size == 0 || size%n != 0 {
		return 0, fmt.Errorf("%d values came, want [T %d], a positive multiple of %d", size, n, n)
	}
	return size / n, nil
}

func timeStep(dt float64) error {
	if !(dt >= 1e-12 && dt <= 1e6) {
		return fmt.Errorf("time step is %g s, want 1e-12 to 1e6", dt)
	}
	return nil
}

// timeAxis returns an axis in ms, from half a step before the first to the end of the
// last, so that a tick may stand there.
func timeAxis(steps int, dt float64, bare bool) axis {
	a := axis{min: -0.5e3 * dt, max: float64(steps) * 1e3 * dt, ticks: ticker{count: 6}, bare: bare}
	if !bare {
		a.label = "Time (ms)"
	}
	return a
}

// neuronAxis returns an axis that counts n neurons. A tick may stand behind many, at
// their number.
func neuronAxis(n int) axis {
	a := axis{min: -0.5, max: float64(n) - 0.5, ticks: ticker{count: 3, integer: true}}
	if n >= 20 {
		a.max = float64(n)
	}
	return a
}

// heading joins a name, if there is one, and what is to be said about it.
func heading(name, fact string) string {
	if name = clean(name); name == "" {
		return fact
	}
	return name + " – " + fact
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// A train draws the spikes of one layer.
type train struct {
	steps, n int
	x, y     axis
	dt       float64
	events   []event
	whole    []event // of which the events are the beginning
	colour   int
	asImage  bool
}

func (tr *train) Plot(c draw.Canvas, _ *gplot.Plot) {
	if len(tr.events) == 0 {
		return
	}
	// A spike leaves a gap to those of the next neurons, and is as wide as half its step,
	// within what can be seen and what looks like a spike.
	stepWidth := (c.Max.X - c.Min.X) * vg.Length(1e3*tr.dt/(tr.x.max-tr.x.min))
	rowHeight := (c.Max.Y - c.Min.Y) / vg.Length(tr.y.max-tr.y.min)
	height := min(max(0.65*rowHeight, 1), 10)
	width := min(max(0.5*stepWidth, 1), 2.2)
	if height > 3 {
		width = min(width, 1.5) // a stroke, no block
	}
	if tr.asImage {
		drawPixels(c, c.Rectangle, func(w, h int) image.Image { return tr.image(w, h, width, height) })
		return
	}
	path := make(vg.Path, 0, 2*len(tr.events))
	for _, e := range tr.events {
		x := c.Min.X + (vg.Length(e.step)+0.5)*stepWidth // half a step stands before the first
		y := c.Min.Y + (vg.Length(e.neuron)+0.5)*rowHeight
		path.Move(vg.Point{X: x, Y: y - height/2})
		path.Line(vg.Point{X: x, Y: y + height/2})
	}
	c.SetLineStyle(stroke(palette[tr.colour%len(palette)], width))
	c.Stroke(path)
}

// image draws spikes of a size in points on w × h pixels.
func (tr *train) image(w, h int, width, height vg.Length) image.Image {
	counts := tr.counts(tr.events, w, h, width, height)
	whole := counts
	if len(tr.whole) > len(tr.events) {
		whole = tr.counts(tr.whole, w, h, width, height)
	}
	// k marks of opacity a on top of each other have 1 − (1 − a)^k. Of the pixels
	// with marks, the 5 % with the most are to have 95 %; a lone spike shall be seen.
	opacity := max(0.3, 1-math.Pow(0.05, 1/float64(quantile(whole, 0.95))))
	ink := palette[tr.colour%len(palette)]
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i, k := range counts {
		if k > 0 {
			ink.A = uint8(255*(1-math.Pow(1-opacity, float64(k))) + 0.5)
			copy(img.Pix[4*i:], []uint8{ink.R, ink.G, ink.B, ink.A})
		}
	}
	return img
}

// counts returns how many of the events are on each of w × h pixels.
func (tr *train) counts(events []event, w, h int, width, height vg.Length) []int32 {
	const scale = dpi / 72.0
	mw, mh := max(1, int(float64(width)*scale+0.5)), max(1, int(float64(height)*scale+0.5))
	stepPx, rowPx := float64(w)*1e3*tr.dt/(tr.x.max-tr.x.min), float64(h)/(tr.y.max-tr.y.min)
	counts := make([]int32, w*h)
	for _, e := range events {
		x0 := int((float64(e.step)+0.5)*stepPx - float64(mw)/2 + 0.5)
		y0 := int(float64(h) - (float64(e.neuron)+0.5)*rowPx - float64(mh)/2 + 0.5)
		for y := max(y0, 0); y < min(y0+mh, h); y++ {
			for x := max(x0, 0); x < min(x0+mw, w); x++ {
				counts[y*w+x]++
			}
		}
	}
	return counts
}

// quantile returns the least k that the share q of the counts above 0 does not exceed.
func quantile(counts []int32, q float64) int32 {
	hist := make([]int, slices.Max(counts)+1)
	n := 0
	for _, k := range counts {
		if k > 0 {
			hist[k]++
			n++
		}
	}
	below := 0
	for k, m := range hist {
		if below += m; m > 0 && float64(below) >= q*float64(n) {
			return int32(k)
		}
	}
	return 1
}
