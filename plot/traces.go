package plot

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg/draw"
)

// Voltages is what [Traces] draws: membrane potentials of a few neurons over time.
type Voltages[F Float] struct {
	Title      string
	N          int      // neurons
	V          []F      // [T, N], membrane potentials
	Spikes     []F      // [T, N], above 0 where a neuron spikes; may be nil
	Thresholds []F      // none, one for all, or one for each neuron
	Names      []string // of the neurons; nil counts them
	Dt         float64  // time step, s
	Quantity   string   // what V is, "Synaptic current"; "" stands for "Membrane potential"
	Unit       string   // of the potentials, "mV"; "" stands for arbitrary units
	Overlay    bool     // all in one panel instead of one each
}

// Traces draws membrane potentials over time in ms, and thresholds as dashed lines.
// Potentials are those after a reset, so a trace is drawn up to the upper edge and back
// where there is a spike. Every neuron has a panel of its own, twelve at most, or a colour
// in a common one, eight at most, with ticks above the traces that say whose the spikes
// are. Step t is drawn at t·dt. Of very many steps the extremes are drawn, so that no
// peak is lost.
//
// It is an error if sizes do not agree or a number is not finite.
func Traces[F Float](v Voltages[F]) (Figure, error) {
	T, err := v.check()
	if err != nil {
		return Figure{}, fmt.Errorf("plot: traces: %w", err)
	}
	times := make([]float64, T)
	for t := range times {
		times[t] = float64(t) * v.Dt * 1e3
	}
	ns := make([]neuron, v.N)
	for i := range ns {
		ns[i] = v.neuron(i, times)
	}
	style := func(int) draw.LineStyle { return seriesStyle(0) }
	groups := make([][]neuron, v.N)
	var keys []key
	if v.Overlay {
		style = seriesStyle
		groups = [][]neuron{ns}
		for i, n := range ns {
			keys = append(keys, key{name: n.name, line: seriesStyle(i)})
		}
	} else {
		for i := range ns {
			groups[i] = ns[i : i+1]
		}
	}
	if len(v.Thresholds) > 0 {
		keys = append(keys, key{name: "threshold", line: thresholdStyle()})
	}
	if v.Spikes != nil && v.Overlay {
		keys = append(keys, key{name: "spike", line: stroke(inkColor, 1), tick: true})
	}
	lo, hi := v.extent()
	strips := make([]strip, len(groups))
	for k, g := range groups {
		y := axis{min: lo, max: hi, ticks: ticker{count: 3}}
		strips[k] = voltagePanel(g, times, timeAxis(T, v.Dt, k < len(groups)-1), y, v.Spikes != nil, style)
		if !v.Overlay && (v.N > 1 || v.Names != nil) {
			strips[k].head = g[0].name
		}
	}
	unit := clean(v.Unit)
	if unit == "" {
		unit = "a.u."
	}
	quantity := clean(v.Quantity)
	if quantity == "" {
		quantity = "Membrane potential"
	}
	height := 2.9
	if !v.Overlay {
		height = max(2.6, 0.9+0.95*float64(v.N)) // the label of the y axis has room
	}
	return Figure{Width: 6.5, Height: height, paint: func(c draw.Canvas) error {
		return drawStack(header(c, v.Title, keys), strips, quantity+" ("+unit+")")
	}}, nil
}

// A neuron is one trace and what belongs to it.
type neuron struct {
	name      string
	v         []float64
	spikes    []float64 // times, ms
	threshold float64   // NaN: none
}

func (v Voltages[F]) neuron(i int, times []float64) neuron {
	n := neuron{name: fmt.Sprintf("neuron %d", i), v: make([]float64, len(times)), threshold: math.NaN()}
	if v.Names != nil {
		n.name = v.Names[i]
	}
	switch len(v.Thresholds) {
	case 0:
	case 1:
		n.threshold = float64(v.Thresholds[0])
	default:
		n.threshold = float64(v.Thresholds[i])
	}
	for t := range times {
		n.v[t] = float64(v.V[t*v.N+i])
		if v.Spikes != nil && v.Spikes[t*v.N+i] > 0 {
			n.spikes = append(n.spikes, times[t])
		}
	}
	return n
}

// extent returns what a y axis must show, the same for all panels so that they
// compare.
func (v Voltages[F]) extent() (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, vs := range [][]F{v.V, v.Thresholds} {
		for _, u := range vs {
			lo, hi = min(lo, float64(u)), max(hi, float64(u))
		}
	}
	return span(lo, hi, 0.05)
}

// fired returns the trace of a neuron, which rises to a peak and falls again at each of
// its spikes: from the step before, or upright where that has a spike too.
func (n neuron) fired(times []float64, peak float64) (x, y []float64) {
	next, before := 0, false
	for t, v := range n.v {
		spike := next < len(n.spikes) && n.spikes[next] == times[t]
		if spike {
			if before {
				x, y = append(x, times[t]), append(y, v)
			}
			x, y = append(x, times[t]), append(y, peak)
			next++
		}
		before = spike
		x, y = append(x, times[t]), append(y, v)
	}
	return x, y
}

// voltagePanel draws neurons in one panel, several with a row of ticks above the traces
// for each if there are any spikes.
func voltagePanel(ns []neuron, times []float64, x, y axis, spikes bool, style func(int) draw.LineStyle) strip {
	top, row := y.max, 0.12*(y.max-y.min)
	peak := top + 0.5*row
	if len(ns) > 1 {
		row, peak = row/2, top
	}
	if spikes {
		y.max += float64(len(ns)) * row
	}
	p := newPlot(x, y, true)
	levels := map[float64]bool{} // drawn already
	for i, n := range ns {
		if !math.IsNaN(n.threshold) && !levels[n.threshold] {
			levels[n.threshold] = true
			p.Add(level{n.threshold, thresholdStyle()})
		}
		xs, vs := n.fired(times, peak)
		c := curve{x: xs, y: vs, style: style(i)}
		if len(times) == 1 {
			c.dots = markRadius
		}
		p.Add(c)
	}
	if len(ns) == 1 {
		return strip{plot: p, weight: 1}
	}
	for i, n := range ns {
		ink := stroke(style(i).Color, 1)
		base := top + float64(len(ns)-1-i)*row
		p.Add(bars{x: n.spikes, lo: base + 0.1*row, hi: base + 0.9*row, style: ink})
	}
	return strip{plot: p, weight: 1}
}

// check returns T.
func (v Voltages[F]) check() (int, error) {
	T, err := timeSteps(len(v.V), v.N)
	if err != nil {
		return 0, fmt.Errorf("potentials: %w", err)
	}
	most, way := 12, "panels"
	if v.Overlay {
		most, way = len(palette), "overlaid"
	}
	if v.N > most {
		return 0, fmt.Errorf("%d neurons came, want at most %d %s", v.N, most, way)
	}
	if v.Spikes != nil && len(v.Spikes) != len(v.V) {
		return 0, fmt.Errorf("%d spikes came, want [%d %d] as the potentials have", len(v.Spikes), T, v.N)
	}
	if k := len(v.Thresholds); k > 1 && k != v.N {
		return 0, fmt.Errorf("%d thresholds came, want none, 1 or %d", k, v.N)
	}
	if v.Names != nil && len(v.Names) != v.N {
		return 0, fmt.Errorf("%d names came, want %d", len(v.Names), v.N)
	}
	if err := timeStep(v.Dt); err != nil {
		return 0, err
	}
	if err := finite("potentials", v.V); err != nil {
		return 0, err
	}
	if err := finite("thresholds", v.Thresholds); err != nil {
		return 0, err
	}
	_, err = events(v.Spikes, v.N)
	return T, err
}
