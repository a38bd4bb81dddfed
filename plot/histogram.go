package plot

import (
	"fmt"
	"math"
	"slices"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Distribution is what [Histogram] draws: how many there are from one edge to
// the next.
type Distribution struct {
	Title, XLabel, YLabel string // labels with their units

	Edges  []float64 // rising, one more than there are counts
	Counts []float64 // at least 0
}

// Histogram draws the bars of a distribution.
//
// It is an error if there is no bar, if the edges do not rise, or if a number is
// not finite or a count negative.
func Histogram(d Distribution) (Figure, error) {
	if err := d.check(); err != nil {
		return Figure{}, fmt.Errorf("plot: histogram: %w", err)
	}
	bars := columns{edges: slices.Clone(d.Edges), counts: slices.Clone(d.Counts)}
	x0, x1 := span(d.Edges[0], d.Edges[len(d.Edges)-1], 0.02)
	top := slices.Max(d.Counts)
	whole := !slices.ContainsFunc(d.Counts, func(n float64) bool { return n != math.Trunc(n) })
	if top == 0 {
		top = 1
	}
	return Figure{Width: 4.6, Height: 3.3, paint: func(c draw.Canvas) error {
		c = header(c, d.Title, nil)
		p := newPlot(
			axis{min: x0, max: x1, label: fitLabel(d.XLabel, c.Max.X-c.Min.X), ticks: ticker{count: 5}},
			axis{min: 0, max: 1.05 * top, label: fitLabel(d.YLabel, c.Max.Y-c.Min.Y), ticks: ticker{count: 5, integer: whole}},
			true)
		p.Add(bars)
		return drawPlot(c, p)
	}}, nil
}

func (d Distribution) check() error {
	if len(d.Counts) == 0 || len(d.Edges) != len(d.Counts)+1 {
		return fmt.Errorf("%d edges and %d counts came, want at least one count and one edge more", len(d.Edges), len(d.Counts))
	}
	if err := finite("edges", d.Edges); err != nil {
		return err
	}
	if err := finite("counts", d.Counts); err != nil {
		return err
	}
	for i, n := range d.Counts {
		if n < 0 {
			return fmt.Errorf("counts[%d] is %g, want at least 0", i, n)
		}
		if !(d.Edges[i] < d.Edges[i+1]) {
			return fmt.Errorf("edges[%d] is %g and the next %g, want them to rise", i, d.Edges[i], d.Edges[i+1])
		}
	}
	return nil
}

// columns draws rectangles from 0 up.
type columns struct{ edges, counts []float64 }

func (b columns) Plot(c draw.Canvas, p *gplot.Plot) {
	trX, trY := p.Transforms(&c)
	c.SetColor(palette[0])
	for i, n := range b.counts {
		if n == 0 {
			continue
		}
		x0, x1 := trX(b.edges[i]), trX(b.edges[i+1])
		if air := (x1 - x0) / 10; air > 0.2 { // narrow ones would vanish
			x0, x1 = x0+air/2, x1-air/2
		}
		r := vg.Rectangle{Min: vg.Point{X: x0, Y: trY(0)}, Max: vg.Point{X: x1, Y: trY(n)}}
		c.Fill(r.Path())
	}
}
