package exact

import (
	"math"
	"slices"
)

// marks finds where the potentials of silent neurons are highest, and marks it among their events.
func (lr *layerRun) marks(end float64) {
	lr.peak = make([]float64, len(lr.events))
	for n, es := range lr.events {
		if lr.peak[n] = lr.cell.threshold; len(lr.of[n]) > 0 {
			continue
		}
		best, at := event{state: es[0].state, peak: markFree}, 0
		for k, e := range es {
			till, bound := end, event{from: -1, peak: markFree}
			if k+1 < len(es) {
				till, bound = es[k+1].time, event{from: es[k+1].from, peak: markBound}
			}
			d := till - e.time
			if top := lr.cell.top(e.v, e.i); top < d {
				d, bound = top, event{from: -1, peak: markFree}
			}
			bound.time, bound.state = e.time+d, lr.cell.advance(e.state, d)
			if bound.v > best.v {
				best, at = bound, k+1
			}
		}
		lr.peak[n] = best.v
		if at > 0 {
			lr.events[n] = slices.Insert(es, at, best)
		}
	}
}

// top returns after how long V is highest, if no spike arrives: +Inf if it rises for ever, or falls
// at first.
func (c *cell) top(v, i float64) float64 {
	if !(i > v) || !(i > 0) {
		return math.Inf(1)
	}
	r, delta := 1-v/i, (c.syn-c.mem)/c.mem
	switch {
	case math.Abs(delta) < 1e-9:
		return c.syn * r
	case delta*r > -1:
		return c.syn * math.Log1p(delta*r) / delta
	}
	return math.Inf(1)
}

// Peak returns the highest potential of each neuron of the last layer; of one that fired that is
// the threshold.
func (r *Run) Peak() []float64 {
	if len(r.layers) == 0 {
		return nil
	}
	return slices.Clone(r.layers[len(r.layers)-1].peak)
}

// marked goes back over the mark of a neuron, if that is next.
func (b *back) marked(n int) {
	a := &b.at[n]
	e := b.lr.events[n][a.k-1]
	if e.peak == noMark {
		return
	}
	a.k--
	v, behind := a.v, a.time
	if b.peak != nil {
		v += b.peak[n]
	}
	across := b.interval(n, e.time, v, a.i)
	if e.peak == markBound {
		b.arrive(n, e.from, 0, behind+across)
	}
}
