package plot

import (
	"image"
	"math"
	"slices"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ringWidth is the width of the ring around a misclassified point.
const ringWidth vg.Length = 0.9

// net draws a light grid at the labelled ticks.
type net struct{ x, y ticker }

// Plot implements gonum's plot.Plotter, as do the other marks.
func (n net) Plot(c draw.Canvas, p *gplot.Plot) {
	trX, trY := p.Transforms(&c)
	style := stroke(netColor, thinWidth)
	for _, t := range n.x.Ticks(p.X.Min, p.X.Max) {
		if x := trX(t.Value); !t.IsMinor() && c.ContainsX(x) {
			c.StrokeLine2(style, x, c.Min.Y, x, c.Max.Y)
		}
	}
	for _, t := range n.y.Ticks(p.Y.Min, p.Y.Max) {
		if y := trY(t.Value); !t.IsMinor() && c.ContainsY(y) {
			c.StrokeLine2(style, c.Min.X, y, c.Max.X, y)
		}
	}
}

// curve draws a line through points, and dots on them if there is a radius.
type curve struct {
	x, y  []float64
	style draw.LineStyle
	dots  vg.Length
}

func (l curve) Plot(c draw.Canvas, p *gplot.Plot) {
	trX, trY := p.Transforms(&c)
	x, y := thin(l.x, l.y)
	pts := make([]vg.Point, len(x))
	for i := range x {
		pts[i] = vg.Point{X: trX(x[i]), Y: trY(y[i])}
	}
	if len(pts) > 1 {
		c.StrokeLines(l.style, c.ClipLinesXY(pts)...)
	}
	if l.dots > 0 {
		c.SetColor(l.style.Color)
		c.Fill(circles(pts, l.dots))
	}
}

// thin keeps the extremes of a long line that runs from left to right, which is
// all that can be seen of it: the lowest and the highest of the points in each of
// many short stretches.
func thin(x, y []float64) ([]float64, []float64) {
	const stretches = 2000 // more than a figure has pixels across
	if len(x) <= 2*stretches || !slices.IsSorted(x) {
		return x, y
	}
	xs, ys := make([]float64, 0, 2*stretches+2), make([]float64, 0, 2*stretches+2)
	keep := func(i int) { xs, ys = append(xs, x[i]), append(ys, y[i]) }
	keep(0)
	for s := range stretches {
		from, to := s*len(x)/stretches, (s+1)*len(x)/stretches
		lo, hi := from, from
		for i := from; i < to; i++ {
			if y[i] < y[lo] {
				lo = i
			}
			if y[i] > y[hi] {
				hi = i
			}
		}
		keep(min(lo, hi))
		keep(max(lo, hi))
	}
	keep(len(x) - 1)
	return xs, ys
}

// circles returns one path of many circles.
func circles(at []vg.Point, radius vg.Length) vg.Path {
	path := make(vg.Path, 0, 3*len(at))
	for _, pt := range at {
		path.Move(vg.Point{X: pt.X + radius, Y: pt.Y})
		path.Arc(pt, radius, 0, 2*math.Pi)
		path.Close()
	}
	return path
}

// level draws a horizontal line from edge to edge.
type level struct {
	y     float64
	style draw.LineStyle
}

func (l level) Plot(c draw.Canvas, p *gplot.Plot) {
	y := c.Y(p.Y.Norm(l.y))
	c.StrokeLine2(l.style, c.Min.X, y, c.Max.X, y)
}

// bars draws upright strokes from lo to hi, as one path. The xs ascend.
type bars struct {
	x      []float64
	lo, hi float64
	style  draw.LineStyle
}

func (b bars) Plot(c draw.Canvas, p *gplot.Plot) {
	const apart = 0.25 // points; closer strokes look like one
	trX, trY := p.Transforms(&c)
	lo, hi := trY(b.lo), trY(b.hi)
	var path vg.Path
	last := vg.Length(math.Inf(-1))
	for _, v := range b.x {
		x := trX(v)
		if x-last < apart {
			continue
		}
		path.Move(vg.Point{X: x, Y: lo})
		path.Line(vg.Point{X: x, Y: hi})
		last = x
	}
	if len(path) > 0 {
		c.SetLineStyle(b.style)
		c.Stroke(path)
	}
}

// drawPixels fills a rectangle with the w×h pixels that paint returns. The rectangle
// is moved to whole pixels, so that none is blurred.
func drawPixels(c draw.Canvas, r vg.Rectangle, paint func(w, h int) image.Image) {
	const px = 72.0 / dpi // points
	snap := func(v vg.Length) int { return int(math.Round(float64(v) / px)) }
	x0, y0, x1, y1 := snap(r.Min.X), snap(r.Min.Y), snap(r.Max.X), snap(r.Max.Y)
	if x1 <= x0 || y1 <= y0 {
		return
	}
	c.DrawImage(vg.Rectangle{
		Min: vg.Point{X: vg.Length(x0) * px, Y: vg.Length(y0) * px},
		Max: vg.Point{X: vg.Length(x1) * px, Y: vg.Length(y1) * px},
	}, paint(x1-x0, y1-y0))
}
