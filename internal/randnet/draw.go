package randnet

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/layers"
)

// drawing is what there is of a network so far.
type drawing struct {
	*rand.Rand
	shape []int // of a sample behind it
	named int
}

// Draw returns a network of at least two outputs, with a readout at its end or without, and the shape of its samples. The
// same seed is the same network.
func Draw(seed uint64) (net layers.Sequential, shape []int) {
	d := &drawing{Rand: rand.New(rand.NewPCG(seed, 43))}
	switch d.IntN(3) {
	case 0:
		d.shape = []int{1 + d.IntN(7)}
	case 1:
		d.shape = []int{1 + d.IntN(4), 3 + d.IntN(6)}
	case 2:
		d.shape = []int{1 + d.IntN(4), 3 + d.IntN(5), 3 + d.IntN(5)}
	}
	shape = d.shape
	s := layers.Sequential{d.some(0), d.some(0)}
	if len(d.shape) > 1 {
		s = append(s, layers.Flatten)
	}
	d.shape = []int{tensor.Shape(d.shape).TotalSize()}
	s = append(s, d.linear(2+d.IntN(5)), d.neurons())
	if d.chance(0.7) {
		s = append(s, layers.Readout(d.IntN(5)))
	}
	return s, shape
}

func (d *drawing) chance(p float64) bool { return d.Float64() < p }

// width is that of a layer of maps: of many inputs sometimes, as their code is another.
func (d *drawing) width() int {
	if d.chance(0.1) {
		return 17 + d.IntN(20)
	}
	return 1 + d.IntN(9)
}

// some draws a few layers, one after the other.
func (d *drawing) some(depth int) layers.Layer {
	var s layers.Sequential
	for range 1 + d.IntN(4) {
		l := d.one(depth)
		if d.chance(0.15) {
			d.named++
			l = layers.Named(fmt.Sprintf("own %d", d.named), l)
		}
		s = append(s, l)
	}
	return s
}

// one draws a layer for what there is.
func (d *drawing) one(depth int) layers.Layer {
	switch k := d.IntN(10); {
	case k < 3:
		return d.neurons()
	case k == 3:
		return d.norm()
	case k == 4:
		return d.delay(true)
	case k == 5:
		return []layers.Layer{layers.Dropout{P: 0.3}, layers.Noise{Std: 0.1}, layers.Identity, layers.Flatten}[d.flattened(d.IntN(4))]
	case k < 8 && depth < 2:
		return d.branches(depth + 1)
	case len(d.shape) == 3:
		return d.image()
	case len(d.shape) == 2:
		return d.line()
	}
	return d.linear(d.width())
}

// flattened notes the shape behind layer number k of those that may change it.
func (d *drawing) flattened(k int) int {
	if k == 3 {
		d.shape = []int{tensor.Shape(d.shape).TotalSize()}
	}
	return k
}

// linear is a map of the last axis.
func (d *drawing) linear(out int) layers.Layer {
	in := d.shape[len(d.shape)-1]
	d.shape = append(append([]int{}, d.shape[:len(d.shape)-1]...), out)
	l := layers.Linear{Out: out, NoBias: d.chance(0.3), Init: layers.Scaled{Gain: 3}}
	switch k := d.IntN(8); {
	case k == 0 && in*out > 20: // of which no connections at all are an error
		l.Pattern = layers.Chance(0.5)
	case k == 1:
		l.Pattern = layers.FanIn(1 + d.IntN(in))
	case k == 2:
		return layers.Quantise{Bits: 2 + d.IntN(7), Layer: l}
	case k == 3 && len(d.shape) == 1:
		return layers.DelayedLinear{Out: out, NoBias: l.NoBias, Init: l.Init, Delay: d.delay(false)}
	case k == 4:
		l.Noise = 0.1
	}
	return l
}

// delay draws delays of channels, or of connections. Those with Over are whole steps in evaluation.
func (d *drawing) delay(fixed bool) layers.Delay {
	l := layers.Delay{Max: 1 + d.IntN(6)}
	switch k := d.IntN(3); {
	case k == 0 && fixed:
		l.Fixed = true
	case k == 1:
		l.Interpolate = true
	default:
		l.Over = 1 + d.IntN(9)
	}
	return l
}

func (d *drawing) norm() layers.Layer {
	gain, bias := d.chance(0.3), d.chance(0.3)
	switch d.IntN(4) {
	case 0:
		return layers.LayerNorm{Axes: d.IntN(len(d.shape) + 1), NoGain: gain, NoBias: bias}
	case 1:
		groups := 1
		if d.shape[0]%2 == 0 {
			groups = 2
		}
		return layers.GroupNorm{Groups: groups, NoGain: gain, NoBias: bias}
	}
	return layers.BatchNorm{NoGain: gain, NoBias: bias, Scale: []float64{0, 0.5}[d.IntN(2)]}
}

// branches runs layers beside each other. They give what came in, or a map of it.
func (d *drawing) branches(depth int) layers.Layer {
	before := d.shape
	same := func() layers.Layer { // of the shape of what comes in
		d.shape = before
		if len(before) == 3 && d.chance(0.5) {
			return layers.Sequential{layers.Conv2D{Out: before[0], Kernel: 3, Conv: connect.Conv{Same: true}, Init: layers.Scaled{Gain: 3}}, d.neurons()}
		}
		s := layers.Sequential{d.neurons()}
		if len(before) == 1 {
			s = append(s, d.some(depth))
			if len(d.shape) == 1 {
				s = append(s, d.linear(before[0]))
			}
		}
		return append(s, d.neurons())
	}
	switch d.IntN(4) {
	case 0:
		r := layers.Residual{Body: same(), Join: []layers.Join{nil, layers.JoinAdd, layers.JoinAnd, layers.JoinIAnd}[d.IntN(4)]}
		if d.chance(0.3) {
			r.Shortcut = same()
		}
		d.shape = before
		return r
	case 1:
		s := layers.Sum{same(), same()}
		d.shape = before
		return s
	case 2:
		c := layers.Concat{layers.Identity, same()}
		d.shape = append([]int{2 * before[0]}, before[1:]...)
		return c
	}
	d.named++
	twice := layers.Shared(fmt.Sprintf("twice %d", d.named), same())
	d.shape = before
	return layers.Sequential{twice, twice}
}
