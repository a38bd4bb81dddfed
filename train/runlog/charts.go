package runlog

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/spikegrad/spikegrad/plot"
)

// A picture is a figure of the report.
type picture struct {
	Title string
	SVG   template.HTML
	Note  string
}

// The size of most pictures, inches: three of them side by side fill a wide
// window, and one fills a telephone without its letters becoming small.
const wide, high = 4, 2.7

// draw makes a picture of a figure. What cannot be drawn is told in its place.
func draw(title string, fig plot.Figure, err error) picture {
	p := picture{Title: title}
	var svg string
	if err == nil {
		svg, err = fig.Inline(title)
	}
	if err != nil {
		p.Note = "Not drawn: " + err.Error()
		return p
	}
	p.SVG = template.HTML(svg) // made by package plot, which escapes text
	return p
}

// lines draws curves over the batches. A logarithmic axis may be taken where there are too many decades for another.
func lines(title, unit string, scale float64, mayLog bool, series []plot.Series) picture {
	ch := plot.Chart{XLabel: "Batches", YLabel: unit}
	low, top := 0.0, 0.0
	for _, s := range series {
		if len(s.Y) == 0 {
			continue
		}
		for i := range s.Y {
			s.Y[i] *= scale
			if v := s.Y[i]; low == 0 || v < low {
				low = v
			}
			top = max(top, s.Y[i])
		}
		ch.Series = append(ch.Series, s)
	}
	if len(ch.Series) == 0 {
		return picture{}
	}
	if len(ch.Series) == 1 && title == ch.Series[0].Name {
		ch.Series[0].Name = ""
	}
	const most = 30 // ratio that a linear axis can show
	ch.LogY = mayLog && low > 0 && top/low > most
	fig, err := plot.Lines(ch)
	fig.Width, fig.Height = wide, high
	return draw(title, fig, err)
}

// curves draws how the training went.
func (h *history) curves() []picture {
	one := func(name, in string, from *tracks) plot.Series {
		x, y := from.curve(in)
		return plot.Series{Name: name, X: x, Y: y}
	}
	both := func(of string) []plot.Series {
		batches := one("batches", of, &h.batches)
		batches.Faint = true
		return []plot.Series{batches, one("training", training+of, &h.epochs), one("validation", validity+of, &h.epochs)}
	}
	group := func(prefix string, from *tracks) (s []plot.Series) {
		names := slices.DeleteFunc(slices.Clone(from.names), func(n string) bool { return !strings.HasPrefix(n, prefix) })
		slices.Sort(names)
		for _, n := range names[:min(len(names), 8)] { // as many as there are colours
			s = append(s, one(strings.TrimPrefix(n, prefix), n, from))
		}
		return s
	}
	all := []picture{
		lines("Loss", "Loss", 1, true, both(loss)),
		lines("Accuracy", "Accuracy (%)", 100, false, both(accuracy)),
	}
	for _, n := range names(measured, &h.epochs) {
		all = append(all, lines(heading(n), heading(n), 1, false, both(measured+n)))
	}
	all = append(all,
		lines("Firing rates", "Spikes (% of time steps)", 100, false, group(firing, &h.batches)),
		lines("Gradient norm", "Norm before clipping", 1, true, []plot.Series{one("Gradient norm", gradNorm, &h.batches)}),
		lines("Learning rate", "Learning rate", 1, false, []plot.Series{one("Learning rate", rate, &h.batches)}),
		lines("Penalties", "Added to the loss", 1, true, group(penalty, &h.batches)),
	)
	return slices.DeleteFunc(all, func(p picture) bool { return p.Title == "" })
}

// names returns the names of curves of epochs, in training or validation, that begin so, without
// that.
func names(prefix string, from *tracks) []string {
	var all []string
	for _, n := range from.names {
		n = strings.TrimPrefix(strings.TrimPrefix(n, training), validity)
		if n, ok := strings.CutPrefix(n, prefix); ok && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all
}

// heading writes a name as the heading of a picture.
func heading(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// draw makes a picture of a distribution. A single value is none.
func (h histogram) draw(title, unit, what string) picture {
	if h.n == 0 || h.min == h.max {
		return picture{Title: title, Note: fmt.Sprintf("All %s %s are %.4g.", count(h.n), what, h.min)}
	}
	d := plot.Distribution{XLabel: unit, YLabel: strings.ToUpper(what[:1]) + what[1:]}
	for i, n := range h.counts {
		d.Edges, d.Counts = append(d.Edges, h.edge(i)), append(d.Counts, float64(n))
	}
	d.Edges = append(d.Edges, h.max)
	fig, err := plot.Histogram(d)
	fig.Width, fig.Height = wide, high
	p := draw(title, fig, err)
	if p.SVG != "" {
		p.Note = strings.ReplaceAll(fmt.Sprintf("mean %.3g, standard deviation %.3g, from %.3g to %.3g", h.mean(), h.deviation(), h.min, h.max), "-", "−")
	}
	return p
}

// draw makes a picture of the spikes for one sample.
func (r raster) draw(f *Folder) picture {
	var ls []plot.Layer[float64]
	for _, s := range r.spikes[:min(len(r.spikes), 16)] {
		ls = append(ls, plot.Layer[float64]{Name: s.Layer, N: s.N(), Spikes: s.Values})
	}
	title := fmt.Sprintf("Spikes for sample %d", r.sample)
	if e := f.seen.last; e != nil && e.Train.Accuracy != nil {
		title += ", of class " + f.class(r.label)
	}
	fig, err := plot.Raster("", f.dt(), ls...)
	fig.Height = min(fig.Height, 5)
	p := draw(title, fig, err)
	return p
}
