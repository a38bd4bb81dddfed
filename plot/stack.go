package plot

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Stack draws charts above each other on one x axis, that of the last of them: what
// happens at one time stands on one vertical line. The title of a chart is written above
// its panel, its y label beside it; those of series that have a name are explained at
// the top, once where several charts have the same.
//
// It is an error if there is no chart or more than 12, if the charts do not agree on LogX,
// and what is one for [Lines].
func Stack(title string, charts ...Chart) (Figure, error) {
	if len(charts) == 0 || len(charts) > 12 {
		return Figure{}, fmt.Errorf("plot: stack: %d charts came, want 1 to 12", len(charts))
	}
	var panels [][]curve
	var xs [][]float64
	var keys []key
	for k, ch := range charts {
		err := ch.check()
		if err == nil && ch.LogX != charts[0].LogX {
			err = fmt.Errorf("LogX is %v, want %v as chart 0 has", ch.LogX, charts[0].LogX)
		}
		if err != nil {
			return Figure{}, fmt.Errorf("plot: stack: chart %d: %w", k, err)
		}
		panels = append(panels, ch.curves())
		for _, l := range panels[k] {
			xs = append(xs, l.x)
		}
		for _, more := range ch.keys() {
			if !slices.ContainsFunc(keys, more.same) {
				keys = append(keys, more)
			}
		}
	}
	x0, x1 := extent(xs...)
	x0, x1 = span(x0, x1, 0.02)
	charts = slices.Clone(charts)
	return Figure{Width: 6.5, Height: min(0.9+1.35*float64(len(charts)), 30), paint: func(c draw.Canvas) error {
		c = header(c, title, keys)
		var strips []strip
		for k, ch := range charts {
			last := k == len(charts)-1
			x := axis{min: x0, max: x1, ticks: ticker{count: 5, log: ch.LogX}, bare: !last}
			if last {
				x.label = fitLabel(ch.XLabel, c.Max.X-c.Min.X)
			}
			room := (c.Max.Y - c.Min.Y) / vg.Length(len(charts))
			y0, y1 := extent(heights(panels[k])...)
			y0, y1 = span(y0, y1, 0.05)
			p := newPlot(x, axis{min: y0, max: y1, label: fitLabel(ch.YLabel, room), ticks: ticker{count: 3, log: ch.LogY}}, true)
			for _, l := range panels[k] {
				p.Add(l)
			}
			strips = append(strips, strip{plot: p, head: ch.Title, weight: 1})
		}
		return drawStack(c, strips, "")
	}}, nil
}

// same reports whether two entries of a legend look alike.
func (k key) same(o key) bool {
	return k.name == o.name && k.line.Color == o.line.Color && k.line.Width == o.line.Width && len(k.line.Dashes) == len(o.line.Dashes)
}

// heights returns the y of curves.
func heights(ls []curve) (ys [][]float64) {
	for _, l := range ls {
		ys = append(ys, l.y)
	}
	return ys
}
