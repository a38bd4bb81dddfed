package plot

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg/draw"
)

// A Chart is what [Lines] draws: series over a common x.
type Chart struct {
	Title, XLabel, YLabel string // labels with their units, "Current (nA)"

	X          []float64
	Series     []Series
	LogX, LogY bool // logarithmic axes, for numbers above 0
	Dots       bool // mark the points of the lines
}

// A Series is one line of a [Chart].
type Series struct {
	Name string    // for the legend; a single series needs none
	Y    []float64 // as long as the X of the chart
}

// Lines draws the series of a chart over x, such as the firing rates of neurons
// over their input current. There may be 24 series: after eight colours the lines
// are dashed, then dotted.
//
// It is an error if a series is empty, not as long as x or without a name that it
// needs, if a number is not finite, or 0 or less on a logarithmic axis.
func Lines(ch Chart) (Figure, error) {
	if err := ch.check(); err != nil {
		return Figure{}, fmt.Errorf("plot: lines: %w", err)
	}
	x := scaled(ch.X, ch.LogX)
	ys := make([][]float64, len(ch.Series))
	var keys []key
	for i, s := range ch.Series {
		ys[i] = scaled(s.Y, ch.LogY)
		if clean(s.Name) != "" {
			keys = append(keys, key{name: s.Name, line: seriesStyle(i)})
		}
	}
	x0, x1 := extent(x)
	x0, x1 = span(x0, x1, 0.02)
	y0, y1 := extent(ys...)
	y0, y1 = span(y0, y1, 0.05)
	return Figure{Width: 4.6, Height: 3.3, paint: func(c draw.Canvas) error {
		c = header(c, ch.Title, keys)
		p := newPlot(
			axis{min: x0, max: x1, label: fitLabel(ch.XLabel, c.Max.X-c.Min.X), ticks: ticker{count: 5, log: ch.LogX}},
			axis{min: y0, max: y1, label: fitLabel(ch.YLabel, c.Max.Y-c.Min.Y), ticks: ticker{count: 5, log: ch.LogY}},
			true)
		for i, y := range ys {
			l := curve{x: x, y: y, style: seriesStyle(i)}
			if ch.Dots || len(x) == 1 {
				l.dots = markRadius
			}
			p.Add(l)
		}
		return drawPlot(c, p)
	}}, nil
}

func (ch Chart) check() error {
	if len(ch.X) == 0 {
		return fmt.Errorf("x is empty, want at least one number")
	}
	if most := len(palette) * len(dashes); len(ch.Series) == 0 || len(ch.Series) > most {
		return fmt.Errorf("%d series came, want 1 to %d", len(ch.Series), most)
	}
	if err := drawable("x", ch.X, ch.LogX); err != nil {
		return err
	}
	for i, s := range ch.Series {
		if len(ch.Series) > 1 && clean(s.Name) == "" {
			return fmt.Errorf("series %d of %d has no name, want one for the legend", i, len(ch.Series))
		}
		if len(s.Y) != len(ch.X) {
			return fmt.Errorf("series %d %q has %d numbers, want %d as x has", i, s.Name, len(s.Y), len(ch.X))
		}
		if err := drawable(fmt.Sprintf("series %d %q: y", i, s.Name), s.Y, ch.LogY); err != nil {
			return err
		}
	}
	return nil
}

// drawable says which of vs cannot be drawn on an axis.
func drawable(name string, vs []float64, log bool) error {
	if err := finite(name, vs); err != nil {
		return err
	}
	for i, v := range vs {
		// The same bound downwards keeps 10^log10(v) a normal number.
		if log && v < 1/huge {
			return fmt.Errorf("%s[%d] is %g, want a number above 0 on a logarithmic axis", name, i, v)
		}
	}
	return nil
}

// scaled returns a copy of vs, of its logarithms to the base of ten if asked for.
func scaled(vs []float64, log bool) []float64 {
	out := make([]float64, len(vs))
	for i, v := range vs {
		out[i] = v
		if log {
			out[i] = math.Log10(v)
		}
	}
	return out
}
