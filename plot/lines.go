package plot

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg/draw"
)

// A Chart is what [Lines] draws: series over x.
type Chart struct {
	Title, XLabel, YLabel string // labels with their units, "Current (nA)"

	X          []float64 // of the series that have none of their own
	Series     []Series
	LogX, LogY bool // logarithmic axes, for numbers above 0
	Dots       bool // mark the points of the lines
}

// A Series is one line of a [Chart].
type Series struct {
	Name string    // for the legend; a single series needs none
	Y    []float64 // as long as the x
	X    []float64 // nil means that of the chart

	Faint bool // thin and grey, behind the others: numbers that scatter
}

// style returns that of series i of the chart; faint ones take no colour from
// the others.
func (ch Chart) style(i int) draw.LineStyle {
	if ch.Series[i].Faint {
		return stroke(faintColor, thinWidth)
	}
	before := 0
	for _, s := range ch.Series[:i] {
		if !s.Faint {
			before++
		}
	}
	return seriesStyle(before)
}

// at returns the x of a series of the chart.
func (ch Chart) at(s Series) []float64 {
	if s.X != nil {
		return s.X
	}
	return ch.X
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
	lines, keys := ch.curves(), ch.keys()
	var xs [][]float64
	for _, l := range lines {
		xs = append(xs, l.x)
	}
	x0, x1 := extent(xs...)
	x0, x1 = span(x0, x1, 0.02)
	y0, y1 := extent(heights(lines)...)
	y0, y1 = span(y0, y1, 0.05)
	return Figure{Width: 4.6, Height: 3.3, paint: func(c draw.Canvas) error {
		c = header(c, ch.Title, keys)
		p := newPlot(
			axis{min: x0, max: x1, label: fitLabel(ch.XLabel, c.Max.X-c.Min.X), ticks: ticker{count: 5, log: ch.LogX}},
			axis{min: y0, max: y1, label: fitLabel(ch.YLabel, c.Max.Y-c.Min.Y), ticks: ticker{count: 5, log: ch.LogY}},
			true)
		for _, l := range lines {
			p.Add(l)
		}
		return drawPlot(c, p)
	}}, nil
}

// curves returns the lines of the series, faint ones first, behind the others.
func (ch Chart) curves() (ls []curve) {
	for _, faint := range []bool{true, false} {
		for i, s := range ch.Series {
			if s.Faint != faint {
				continue
			}
			l := curve{x: scaled(ch.at(s), ch.LogX), y: scaled(s.Y, ch.LogY), style: ch.style(i)}
			if ch.Dots && !faint || len(l.y) == 1 {
				l.dots = markRadius
			}
			ls = append(ls, l)
		}
	}
	return ls
}

// keys returns the legend of the series.
func (ch Chart) keys() (ks []key) {
	for i, s := range ch.Series {
		if clean(s.Name) != "" {
			ks = append(ks, key{name: s.Name, line: ch.style(i)})
		}
	}
	return ks
}

func (ch Chart) check() error {
	if most := len(palette) * len(dashes); len(ch.Series) == 0 || len(ch.Series) > most {
		return fmt.Errorf("%d series came, want 1 to %d", len(ch.Series), most)
	}
	if err := drawable("x", ch.X, ch.LogX); err != nil {
		return err
	}
	for i, s := range ch.Series {
		if len(ch.at(s)) == 0 {
			return fmt.Errorf("x is empty, want at least one number")
		}
		if err := drawable(fmt.Sprintf("series %d %q: x", i, s.Name), s.X, ch.LogX); err != nil {
			return err
		}
		if len(ch.Series) > 1 && clean(s.Name) == "" {
			return fmt.Errorf("series %d of %d has no name, want one for the legend", i, len(ch.Series))
		}
		if x := ch.at(s); len(s.Y) != len(x) {
			return fmt.Errorf("series %d %q has %d numbers, want %d as x has", i, s.Name, len(s.Y), len(x))
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
