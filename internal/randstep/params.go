package randstep

import (
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/op"
)

// param draws a parameter for a value of a shape: a number, a node that there is, or
// a new one.
func (d *drawer) param(shape tensor.Shape) ref {
	if d.onceIn(2) {
		var fit []int
		for i, p := range d.params {
			if op.Broadcasts(p.shape, shape) {
				fit = append(fit, i)
			}
		}
		if n := d.below(4); n < len(fit) {
			return ref{index: fit[n]}
		}
		if i := d.newParam(shape); i >= 0 {
			return ref{index: i}
		}
	}
	return ref{index: -1, c: d.number()}
}

// newParam draws a node, which is a scalar or has as much as one number for each
// neuron. It returns −1 if there are four already.
func (d *drawer) newParam(shape tensor.Shape) int {
	if len(d.params) == 4 {
		return -1
	}
	if j := d.below(16); j < len(d.params) && op.Broadcasts(d.params[j].shape, shape) {
		d.params = append(d.params, d.params[j]) // the same node, in two places
		return len(d.params) - 1
	}
	p := param{shape: tensor.Shape{}, learnt: !d.onceIn(4), like: len(d.params)}
	if len(shape) > 0 {
		p.shape = of(d.Draws, tensor.Shape{}, shape[len(shape)-1:], tensor.Shape{1}, shape)
	}
	middle := of(d.Draws, 0.1, -0.4, 0.5, 1)
	if d.onceIn(3) {
		c := constraints[d.below(len(constraints))]
		p.constraint, middle = &c, min(middle, 0.1)
	}
	p.lo, p.hi = middle-0.2, middle+0.2
	p.value = value{lo: p.lo, hi: p.hi, byAll: 1}
	if p.constraint != nil {
		p.value.lo, p.value.hi = constrained(*p.constraint, p.lo), constrained(*p.constraint, p.hi)
		d.rough = true
	}
	d.params = append(d.params, p)
	return len(d.params) - 1
}

// valueOf returns what is known of a parameter.
func (d *drawer) valueOf(r ref) value {
	if r.index >= 0 {
		return d.params[r.index].value
	}
	return value{lo: r.c, hi: r.c}
}
