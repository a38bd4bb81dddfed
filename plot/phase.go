package plot

import (
	"fmt"
	"math"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// An Orbit is what [Phase] draws: how two states of a neuron move together.
type Orbit[F Float] struct {
	Title          string
	XLabel, YLabel string // with units: "v (mV)", "u"

	X, Y   []F // the states after every step
	Spikes []F // above 0 where a step ends with a spike, and so a jump to reset; may be nil

	// Nullclines are curves on which one state stands still; may be nil. Only what
	// lies within the axes is seen.
	Nullclines []Nullcline

	// Flow returns (dx/dt, dy/dt), in any unit of time; arrows show its direction.
	// It may be nil.
	Flow func(x, y float64) (dx, dy float64)
}

// A Nullcline is a curve in the plane.
type Nullcline struct {
	Name string
	X, Y []float64
}

// Phase draws a path in the plane of two states: a line with arrow heads, a ring
// where it starts, and dashed lines for the jumps of resets; with nullclines and the
// direction of the flow, if they came. The axes fit the path.
//
// It is an error if there is no step, if there are more than 6 nullclines or one
// without a name, if lengths differ, or if a number is not finite.
func Phase[F Float](o Orbit[F]) (Figure, error) {
	if err := o.check(); err != nil {
		return Figure{}, fmt.Errorf("plot: phase: %w", err)
	}
	p := path{x: doubles(o.X), y: doubles(o.Y)}
	p.jump = make([]bool, len(p.x))
	resets := false
	for i := range p.x {
		p.jump[i] = i > 0 && o.Spikes != nil && o.Spikes[i] > 0
		resets = resets || p.jump[i]
	}
	keys := []key{{name: "path", line: seriesStyle(0)}}
	if resets {
		keys = append(keys, key{name: "reset", line: jumpStyle()})
	}
	var lines []curve
	for i, n := range o.Nullclines {
		style := seriesStyle(i + 1)
		style.Dashes = []vg.Length{5, 2.5}
		lines = append(lines, curve{x: append([]float64{}, n.X...), y: append([]float64{}, n.Y...), style: style})
		keys = append(keys, key{name: n.Name, line: style})
	}
	x0, x1 := extent(p.x)
	x0, x1 = span(x0, x1, 0.08)
	y0, y1 := extent(p.y)
	y0, y1 = span(y0, y1, 0.08)
	return Figure{Width: 4.6, Height: 4.2, paint: func(c draw.Canvas) error {
		c = header(c, o.Title, keys)
		pl := newPlot(
			axis{min: x0, max: x1, label: fitLabel(o.XLabel, c.Max.X-c.Min.X), ticks: ticker{count: 5}},
			axis{min: y0, max: y1, label: fitLabel(o.YLabel, c.Max.Y-c.Min.Y), ticks: ticker{count: 5}},
			o.Flow == nil)
		if o.Flow != nil {
			pl.Add(flow(o.Flow))
		}
		for _, l := range lines {
			pl.Add(l)
		}
		pl.Add(p)
		return drawPlot(c, pl)
	}}, nil
}

func (o Orbit[F]) check() error {
	if len(o.X) == 0 {
		return fmt.Errorf("x is empty, want at least one step")
	}
	if len(o.Y) != len(o.X) {
		return fmt.Errorf("y has %d steps, want %d as x has", len(o.Y), len(o.X))
	}
	if o.Spikes != nil && len(o.Spikes) != len(o.X) {
		return fmt.Errorf("%d spikes came, want %d as x has steps", len(o.Spikes), len(o.X))
	}
	if err := finite("x", o.X); err != nil {
		return err
	}
	if err := finite("y", o.Y); err != nil {
		return err
	}
	const most = 6
	if len(o.Nullclines) > most {
		return fmt.Errorf("%d nullclines came, want at most %d", len(o.Nullclines), most)
	}
	for i, n := range o.Nullclines {
		if clean(n.Name) == "" {
			return fmt.Errorf("nullcline %d has no name, want one for the legend", i)
		}
		if len(n.X) != len(n.Y) {
			return fmt.Errorf("nullcline %q has %d numbers x and %d numbers y", n.Name, len(n.X), len(n.Y))
		}
		for name, vs := range map[string][]float64{"x": n.X, "y": n.Y} {
			if err := finite(fmt.Sprintf("nullcline %q: %s", n.Name, name), vs); err != nil {
				return err
			}
		}
	}
	_, err := events(o.Spikes, 1)
	return err
}

func doubles[F Float](x []F) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// jumpStyle is the style of a reset.
func jumpStyle() draw.LineStyle {
	s := stroke(palette[0], thinWidth)
	s.Dashes = []vg.Length{1.5, 1.5}
	return s
}

// path draws an orbit.
type path struct {
	x, y []float64
	jump []bool // the line to this point is a reset
}

func (p path) Plot(c draw.Canvas, pl *gplot.Plot) {
	trX, trY := pl.Transforms(&c)
	at := func(i int) vg.Point { return vg.Point{X: trX(p.x[i]), Y: trY(p.y[i])} }
	var line vg.Path
	line.Move(at(0))
	for i := 1; i < len(p.x); i++ {
		if p.jump[i] {
			a, b := at(i-1), at(i)
			c.StrokeLine2(jumpStyle(), a.X, a.Y, b.X, b.Y)
			line.Move(b)
			continue
		}
		line.Line(at(i))
	}
	style := seriesStyle(0)
	c.SetLineStyle(style)
	c.Stroke(line)
	// An arrow head every so many points of way, from the middle of the first on.
	const every vg.Length = 90
	way := every / 2
	for i := 1; i < len(p.x); i++ {
		a, b := at(i-1), at(i)
		if p.jump[i] {
			continue
		}
		d := vg.Length(math.Hypot(float64(b.X-a.X), float64(b.Y-a.Y)))
		if way += d; way >= every && d > 0 {
			way = 0
			c.SetColor(style.Color)
			c.Fill(arrowHead(a, b, 5))
		}
	}
	c.SetLineStyle(stroke(style.Color, lineWidth))
	c.Stroke(circles([]vg.Point{at(0)}, 3))
}

// arrowHead returns a triangle with its tip at b, that points away from a.
func arrowHead(a, b vg.Point, size vg.Length) (p vg.Path) {
	angle := math.Atan2(float64(b.Y-a.Y), float64(b.X-a.X))
	corner := func(turn float64) vg.Point {
		return vg.Point{X: b.X - size*vg.Length(math.Cos(angle+turn)), Y: b.Y - size*vg.Length(math.Sin(angle+turn))}
	}
	p.Move(b)
	p.Line(corner(0.45))
	p.Line(corner(-0.45))
	p.Close()
	return p
}

// flow draws the direction of a flow as arrows on a grid, all of one length.
type flow func(x, y float64) (dx, dy float64)

func (f flow) Plot(c draw.Canvas, pl *gplot.Plot) {
	trX, trY := pl.Transforms(&c)
	const apart, length vg.Length = 22, 13
	w, h := c.Max.X-c.Min.X, c.Max.Y-c.Min.Y
	nx, ny := max(int(w/apart), 1), max(int(h/apart), 1)
	style := stroke(palette[6], thinWidth)
	for j := range ny {
		for i := range nx {
			x := pl.X.Min + (pl.X.Max-pl.X.Min)*(float64(i)+0.5)/float64(nx)
			y := pl.Y.Min + (pl.Y.Max-pl.Y.Min)*(float64(j)+0.5)/float64(ny)
			dx, dy := f(x, y)
			// The direction is that on the paper.
			px := vg.Length(dx/(pl.X.Max-pl.X.Min)) * w
			py := vg.Length(dy/(pl.Y.Max-pl.Y.Min)) * h
			size := vg.Length(math.Hypot(float64(px), float64(py)))
			if !(size > 0) || math.IsInf(float64(size), 0) {
				continue
			}
			px, py = px/size*length/2, py/size*length/2
			a := vg.Point{X: trX(x) - px, Y: trY(y) - py}
			b := vg.Point{X: trX(x) + px, Y: trY(y) + py}
			c.StrokeLine2(style, a.X, a.Y, b.X, b.Y)
			c.SetColor(style.Color)
			c.Fill(arrowHead(a, b, 3.5))
		}
	}
}
