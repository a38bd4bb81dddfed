package exact

import (
	"errors"
	"fmt"
)

var errNoRun = errors.New("exact: the Run was not made by Model.Run")

// A Gradient is that of a loss by what a Run gives.
type Gradient struct {
	Times    [][]float64 // by layer, of the time of each of its Spikes; nil, also of a layer, is 0
	Integral []float64   // of each element of Integral; nil is 0
	Peak     []float64   // of each element of Peak; that of a neuron that fired makes no difference
}

// Gradients are those of a loss by what a Run was given.
type Gradients struct {
	Params [][]float64 // of each element of each of Params
	Inputs []float64   // of the time of each spike, as they were given
}

// Backward returns the gradients of a loss by the parameters and the times of the input. They are
// exact as long as no spike comes or goes: neurons that do not fire get none.
//
// With the adjoint variables λ_V and λ_I of a neuron, from the last event to the first: between
// two events λ goes back as V and I go forward, transposed; at an arrival the gradient of its weight
// is λ_I, and that of its time the difference of λ·(dV/dt, dI/dt) before and behind it; at a
// spike, whose time depends on all that came before through V = ϑ,
//
//	λ_V = −(G + λ_I dI/dt)/(dV/dt)
//
// where G is the gradient of its time, also through all spikes that it causes.
func (r *Run) Backward(g Gradient) (*Gradients, error) {
	if len(r.layers) == 0 {
		return nil, errNoRun
	}
	out := &Gradients{}
	for _, p := range r.m.params {
		out.Params = append(out.Params, make([]float64, len(p.floats())))
	}
	in, err := r.backward(g, out.Params)
	if err != nil {
		return nil, err
	}
	out.Inputs = make([]float64, len(in))
	for k, at := range r.order {
		out.Inputs[at] = in[k]
	}
	return out, nil
}

// backward adds to the gradients of the parameters and returns those of the input's times, by time.
func (r *Run) backward(g Gradient, into [][]float64) ([]float64, error) {
	last := len(r.layers) - 1
	for _, x := range [][]float64{g.Integral, g.Peak} {
		if n := len(r.layers[last].events); len(g.Times) > last+1 || x != nil && len(x) != n {
			return nil, fmt.Errorf("exact: gradient: of %d layers, %d integrals and %d peaks, want at most %d, %d and %[5]d", len(g.Times), len(g.Integral), len(g.Peak), last+1, n)
		}
	}
	times := make([][]float64, last+1) // of the spikes of each layer
	for i := range times {
		times[i] = make([]float64, len(r.layers[i].spikes))
		if i < len(g.Times) && g.Times[i] != nil {
			if len(g.Times[i]) != len(times[i]) {
				return nil, fmt.Errorf("exact: gradient: of %d spikes of layer %d, which has %d", len(g.Times[i]), i, len(times[i]))
			}
			copy(times[i], g.Times[i])
		}
	}
	grads := map[*Param][]float64{}
	for i, p := range r.m.params {
		grads[p] = into[i]
	}
	var below []float64
	for i := last; i >= 0; i-- {
		l, lr := r.m.layers[i], &r.layers[i]
		b := back{l: l, lr: lr, in: r.Spikes(i - 1), times: times[i], below: make([]float64, len(r.Spikes(i-1)))}
		b.w, b.delay, b.recurrent, b.delayBack = grads[l.w], grads[l.delay], grads[l.recurrent], grads[l.delayBack]
		if i == last {
			b.integral, b.peak = g.Integral, g.Peak
		}
		b.run(r.m.net.Duration)
		if l.logTau != nil {
			t := grads[l.logTau]
			t[0], t[1] = t[0]+lr.cell.mem*b.mem, t[1]+lr.cell.syn*b.syn
		}
		if below = b.below; i > 0 {
			for k, x := range below {
				times[i-1][k] += x
			}
		}
	}
	return below, nil
}

// back goes back through a layer.
type back struct {
	l        *layer
	lr       *layerRun
	in       []Spike
	times    []float64 // gradients of the times of the layer's spikes
	integral []float64
	peak     []float64
	below    []float64 // of those that arrive from below

	w, delay, recurrent, delayBack []float64 // gradients of the parameters
	mem, syn                       float64   // and of the time constants

	at []lambda
}

// A lambda is where the way back of a neuron is: the gradients of its state just behind an event, and
// of the time of that event through what comes after it.
type lambda struct {
	k, spikes  int // events and spikes that are left
	v, i, time float64
}

func (b *back) run(end float64) {
	b.at = make([]lambda, len(b.lr.events))
	for n, es := range b.lr.events {
		b.at[n] = lambda{k: len(es), spikes: len(b.lr.of[n])}
		b.interval(n, end, 0, 0)
		b.marked(n)
		if b.lr.log == nil {
			for b.at[n].k > 1 {
				b.event(n)
			}
		}
	}
	for k := len(b.lr.log) - 1; k >= 0; k-- {
		b.event(int(b.lr.log[k]))
	}
}

// gamma is the gradient of the integral of neuron n.
func (b *back) gamma(n int) float64 {
	if b.integral == nil {
		return 0
	}
	return b.integral[n]
}

// event goes back over the last event that is left of a neuron, and the time before it.
func (b *back) event(n int) {
	defer b.marked(n)
	a := &b.at[n]
	a.k--
	e := b.lr.events[n][a.k]
	if !e.self {
		behind := a.time
		i := a.i
		across := b.interval(n, e.time, a.v, i)
		b.arrive(n, e.from, i, behind+across)
		return
	}
	a.spikes--
	c := &b.lr.cell
	before := b.lr.before(n, a.k)
	dv, di := c.slopes(before.v, before.i)
	i := a.i - b.gamma(n)*c.syn
	v := -(b.times[b.lr.of[n][a.spikes]] + a.time + i*di) / dv
	b.interval(n, e.time, v+b.gamma(n)*c.mem, a.i) // V there is ϑ in the integral, too
}

// arrive adds the gradients of a spike that arrives.
func (b *back) arrive(n int, from int32, weight, time float64) {
	if from >= 0 {
		at := b.in[from].Neuron*b.l.N + n
		b.w[at] += weight
		b.below[from] += time
		if b.delay != nil {
			b.delay[at] += time
		}
		return
	}
	from = -2 - from
	at := b.lr.spikes[from].Neuron*b.l.N + n
	b.recurrent[at] += weight
	b.times[from] += time
	if b.delayBack != nil {
		b.delayBack[at] += time
	}
}

// interval goes back over the time without events before a time, just before which the gradients of
// the state are v and i without those of the integral, to just behind the event before. It
// returns the gradient of the time.
func (b *back) interval(n int, time, v, i float64) (across float64) {
	a, c, gamma := &b.at[n], &b.lr.cell, b.gamma(n)
	from, to := b.lr.events[n][a.k-1], b.lr.before(n, a.k)
	v, i = v-gamma*c.mem, i-gamma*c.syn
	d := time - from.time
	w := c.flow(d)
	byMem, bySyn := c.byTime(d, w)
	b.mem += v*(from.v*w.em*d/(c.mem*c.mem)+from.i*byMem) - gamma*(to.v-from.v)
	b.syn += v*from.i*bySyn + i*from.i*w.es*d/(c.syn*c.syn) + gamma*(from.i-to.i)
	dv, di := c.slopes(to.v, to.i)
	across = v*dv + i*di
	a.v = v*w.em + gamma*c.mem
	a.i = i*w.es + v*w.f + gamma*c.syn
	a.time = -across
	return across
}
