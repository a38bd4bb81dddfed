package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/spikegrad/spikegrad/plot"
)

// A picture shows a model in three panels: what it does with a step of its input,
// what it does with noise, and how often it fires.
type picture struct {
	file string
	run  runner
	ms   float64   // length of a time step
	in   []float64 // share of the input that each neuron of a little network gets

	length   float64 // ms shown
	step     float64 // amplitude of the step
	mean, sd float64 // of the noise
	lines    []line
	peak     float64 // up to where spikes are drawn
	unit     string  // of the input, " mV"

	curves []curve
	lo, hi float64 // inputs of the curves; for filters frequencies, Hz
	filter bool    // the model does not fire: draw its gain over frequency
}

// A line is a state of one neuron over time, or without a state a constant.
type line struct {
	name   string
	state  string
	neuron int
	value  float64
}

// A curve is the firing rate of a kind of neuron over a constant input.
type curve struct {
	name string
	run  runner
}

// figure draws the three panels.
func (p picture) figure() (plot.Figure, error) {
	steps, n := int(math.Round(p.length/p.ms)), len(p.in)
	step, noise := make([]float64, steps*n), make([]float64, steps*n)
	for k, share := range p.in {
		ou := ornsteinUhlenbeck(uint64(k), p.ms)
		for t := range steps {
			if t >= steps/10 && t < steps*85/100 {
				step[t*n+k] = share * p.step
			}
			noise[t*n+k] = share * (p.mean + p.sd*ou())
		}
	}
	var figs [3]plot.Figure
	var err error
	if figs[0], err = p.response("Response to a step", step); err != nil {
		return plot.Figure{}, err
	}
	if figs[1], err = p.response("Response to noise", noise); err != nil {
		return plot.Figure{}, err
	}
	third := p.fiCurves
	if p.filter {
		third = p.gainCurves
	}
	if figs[2], err = third(); err != nil {
		return plot.Figure{}, err
	}
	for i := range figs {
		figs[i].Width, figs[i].Height = 3.3, 2.4
	}
	return plot.Panels(1, 3, figs[:]...)
}

// ornsteinUhlenbeck returns the successive values of noise with mean 0, variance 1
// and a correlation time of 5 ms.
func ornsteinUhlenbeck(seed uint64, ms float64) func() float64 {
	const tau = 5 // ms
	r := rand.New(rand.NewPCG(1, seed))
	keep := math.Exp(-ms / tau)
	y := r.NormFloat64()
	return func() float64 {
		y = keep*y + math.Sqrt(1-keep*keep)*r.NormFloat64()
		return y
	}
}

// response draws the lines of the picture over time, and below them the input of
// the first neuron that gets any.
func (p picture) response(title string, xs []float64) (plot.Figure, error) {
	n := len(p.in)
	var states []string
	for _, l := range p.lines {
		if l.state != "" && !slices.Contains(states, l.state) {
			states = append(states, l.state)
		}
	}
	traces, err := p.run(xs, n, states...)
	if err != nil {
		return plot.Figure{}, err
	}
	ch := plot.Chart{Title: title, XLabel: "Time (ms)"}
	for t := range len(xs) / n {
		ch.X = append(ch.X, float64(t)*p.ms)
	}
	bottom, top := math.Inf(1), math.Inf(-1)
	for _, l := range p.lines {
		s := plot.Series{Name: l.name}
		for t := range ch.X {
			y := l.value
			if l.state != "" {
				y = traces[l.state][t*n+l.neuron]
			}
			// A step that fires leaves the neuron at its reset: the peak is drawn in.
			if l.state == "V" && !p.filter && traces["out"][t*n+l.neuron] == 1 {
				y = p.peak
			}
			bottom, top = min(bottom, y), max(top, y)
			s.Y = append(s.Y, y)
		}
		ch.Series = append(ch.Series, s)
	}
	first := slices.IndexFunc(p.in, func(share float64) bool { return share != 0 })
	var x []float64
	for t := range ch.X {
		x = append(x, xs[t*n+first])
	}
	lo, hi := slices.Min(x), slices.Max(x)
	s := plot.Series{Name: "input, " + number(lo) + " to " + number(hi) + p.unit}
	for _, v := range x {
		s.Y = append(s.Y, bottom+(top-bottom)*(0.2*(v-lo)/(hi-lo)-0.35))
	}
	ch.Series = append(ch.Series, s)
	return plot.Lines(ch)
}

// number writes x with two digits and a proper minus.
func number(x float64) string { return strings.Replace(fmt.Sprintf("%.2g", x), "-", "−", 1) }

// fiCurves draws the firing rates over constant inputs.
func (p picture) fiCurves() (plot.Figure, error) {
	const points = 81
	ch := plot.Chart{Title: "f–I curve", XLabel: "Input", YLabel: "Rate (Hz)"}
	for i := range points {
		ch.X = append(ch.X, p.lo+(p.hi-p.lo)*float64(i)/(points-1))
	}
	for _, c := range p.curves {
		ys, err := p.rates(c.run, ch.X)
		if err != nil {
			return plot.Figure{}, err
		}
		ch.Series = append(ch.Series, plot.Series{Name: c.name, Y: ys})
	}
	return plot.Lines(ch)
}

// rates returns how often in a second neurons fire under constant inputs, once
// they have settled. Every input has a little network of its own, whose first
// neuron counts.
func (p picture) rates(run runner, inputs []float64) ([]float64, error) {
	const settle, length = 500, 1500 // ms
	k := len(p.in)
	n := len(inputs) * k
	from, steps := int(math.Round(settle/p.ms)), int(math.Round((settle+length)/p.ms))
	xs := make([]float64, steps*n)
	for t := range steps {
		for i, x := range inputs {
			for j, share := range p.in {
				xs[t*n+i*k+j] = share * x
			}
		}
	}
	traces, err := run(xs, n)
	if err != nil {
		return nil, err
	}
	ys := make([]float64, len(inputs))
	for t := from; t < steps; t++ {
		for i := range inputs {
			ys[i] += traces["out"][t*n+i*k] * 1000 / length
		}
	}
	return ys, nil
}

// gainCurves draws by how much filters pass sines of each frequency.
func (p picture) gainCurves() (plot.Figure, error) {
	const points = 41
	ch := plot.Chart{Title: "Gain of a sine", XLabel: "Frequency (Hz)", YLabel: "Gain", LogX: true, LogY: true}
	for i := range points {
		ch.X = append(ch.X, p.lo*math.Pow(p.hi/p.lo, float64(i)/(points-1)))
	}
	for _, c := range p.curves {
		ys, err := p.gains(c.run, ch.X)
		if err != nil {
			return plot.Figure{}, err
		}
		ch.Series = append(ch.Series, plot.Series{Name: c.name, Y: ys})
	}
	return plot.Lines(ch)
}

// gains returns the amplitudes of the outputs that belong to sines of the given
// frequencies (Hz) and amplitude 1, relative to the output for a constant 1.
func (p picture) gains(run runner, frequencies []float64) ([]float64, error) {
	const settle, length = 500, 1000 // ms
	n := len(frequencies) + 1        // the last one gets the constant
	from, steps := int(math.Round(settle/p.ms)), int(math.Round((settle+length)/p.ms))
	xs := make([]float64, steps*n)
	for t := range steps {
		for i, f := range frequencies {
			xs[t*n+i] = math.Sin(2 * math.Pi * f * float64(t) * p.ms / 1000)
		}
		xs[t*n+n-1] = 1
	}
	traces, err := run(xs, n)
	if err != nil {
		return nil, err
	}
	out := traces["out"]
	ys := make([]float64, len(frequencies))
	for i := range ys {
		for t := from; t < steps; t++ {
			ys[i] = max(ys[i], math.Abs(out[t*n+i]))
		}
		ys[i] /= out[len(out)-1]
	}
	return ys, nil
}
