package train_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

// slowNorm is the definition of layers.BatchNorm in the verbs of a Builder, which Gorgonia
// differentiates: statistics are of so many steps at a time.
type slowNorm struct {
	layers.BatchNorm
	steps int
	next  map[*layers.Buffer][]*G.Node // of each part, for a layer that is used again
}

func (n slowNorm) Apply(b *layers.Build, x *G.Node) (*G.Node, error) {
	s := x.Shape()
	T, batch, c, places := s[0], s[1], s[2], tensor.Shape(s[3:]).TotalSize()
	shape, per := []int{c}, n.steps
	if n.PerStep > 0 {
		shape, per = []int{n.PerStep, c}, 1
	}
	var err error
	weight := func(no bool, name string, start float64, shape ...int) (w *G.Node) {
		if err == nil && !no {
			w, err = b.Weight(x, name, layers.Constant(start), shape...)
		}
		return w
	}
	gain, bias := weight(n.NoGain, "norm.w", 1, shape...), weight(n.NoBias, "norm.b", 0, shape...)
	var factors *G.Node
	if n.StepGain > 0 {
		factors = weight(false, "norm.step", 1, n.StepGain)
	}
	if err != nil {
		return nil, err
	}
	mean, err := b.Buffer(x, "norm.mean", layers.Constant(0), shape...)
	if err != nil {
		return nil, err
	}
	variance, err := b.Buffer(x, "norm.var", layers.Constant(1), shape...)
	if err != nil {
		return nil, err
	}
	training, err := b.Training(x)
	if err != nil {
		return nil, err
	}

	var g graph.Builder
	step, channel, one := []int{batch, c, places}, []int{1, c, 1}, []int{1, 1, 1}
	at := func(v *G.Node, t int) *G.Node { // of a step, as [1, c, 1]
		if n.PerStep > 0 {
			v = g.At(v, t)
		}
		return g.Reshape(v, channel...)
	}
	counts := func(t int) *G.Node {
		m := g.Constant(x, 1, batch)
		if b.SampleWeight != nil {
			m = g.Mul(m, g.Above(b.SampleWeight, 0))
		}
		if b.Length != nil {
			m = g.Mul(m, g.Above(b.Length, float64(t)))
		}
		return g.Reshape(m, batch, 1, 1)
	}
	mix := func(share, old, v *G.Node) *G.Node { return g.Add(old, g.Mul(share, g.Sub(v, old))) }
	xs := g.Reshape(x, T, batch, c, places)
	momentum, eps, scale := cmp.Or(n.Momentum, 0.1), cmp.Or(n.Eps, 1e-5), cmp.Or(n.Scale, 1)
	var ys, nextMean, nextVar, said []*G.Node
	for t0 := 0; t0 < T; t0 += per {
		var number, sum, squares *G.Node
		over := func(f func(t int) *G.Node) (sum *G.Node) {
			for t := t0; t < t0+per; t++ {
				if v := f(t); sum == nil {
					sum = v
				} else {
					sum = g.Add(sum, v)
				}
			}
			return sum
		}
		number = over(func(t int) *G.Node { return g.Reduce(counts(t), one) })
		number = g.Expand(g.Scale(number, graph.Const(float64(places))), channel)
		divisor := g.AtLeast(number, 1)
		sum = over(func(t int) *G.Node { return g.Reduce(g.Mul(g.At(xs, t), g.Expand(counts(t), step)), channel) })
		mu := g.Div(sum, divisor)
		squares = over(func(t int) *G.Node {
			return g.Reduce(g.Mul(g.Square(g.Sub(g.At(xs, t), g.Expand(mu, step))), g.Expand(counts(t), step)), channel)
		})
		some := g.Above(number, 1.5)
		own := g.Mul(g.Expand(g.Reshape(training, 1, 1, 1), channel), some)
		oldMean, oldVar := at(mean.Now(), t0), at(variance.Now(), t0)
		if before := n.next[mean]; before != nil {
			oldMean, oldVar = before[t0/per], n.next[variance][t0/per]
		}
		share := g.Scale(own, graph.Const(momentum))
		said = append(said, some)
		nextMean = append(nextMean, mix(share, oldMean, mu))
		nextVar = append(nextVar, mix(share, oldVar, g.Div(squares, g.AtLeast(g.Shift(number, graph.Const(-1)), 1))))
		mu = mix(own, oldMean, mu)
		k := g.Scale(g.Inv(g.Sqrt(g.Shift(mix(own, oldVar, g.Div(squares, divisor)), graph.Const(eps)))), graph.Const(scale))
		for t := t0; t < t0+per; t++ {
			y := g.Mul(g.Sub(g.At(xs, t), g.Expand(mu, step)), g.Expand(k, step))
			if gain != nil {
				y = g.Mul(y, g.Expand(at(gain, t), step))
			}
			if bias != nil {
				y = g.Add(y, g.Expand(at(bias, t), step))
			}
			if factors != nil {
				y = g.Mul(y, g.Expand(g.Reshape(g.At(g.Reshape(factors, n.StepGain, 1), min(t, n.StepGain-1)), 1, 1, 1), step))
			}
			ys = append(ys, y)
		}
	}
	// join makes one buffer of those of the parts: the mean of those that have values, or with
	// PerStep one behind the other.
	join := func(buf *layers.Buffer, next []*G.Node) {
		n.next[buf] = next
		if n.PerStep > 0 {
			for t := T; t < n.PerStep; t++ {
				next = append(next, at(buf.Now(), t))
			}
			buf.Next = g.Reshape(g.Stack(next...), shape...)
			return
		}
		old := at(buf.Now(), 0)
		moves, parts := g.Constant(x, 0, channel...), g.Constant(x, 0, channel...)
		for i, v := range next {
			moves, parts = g.Add(moves, g.Mul(said[i], g.Sub(v, old))), g.Add(parts, said[i])
		}
		buf.Next = g.Reshape(g.Add(old, g.Div(moves, g.AtLeast(parts, 1))), shape...)
	}
	join(mean, nextMean)
	join(variance, nextVar)
	return b.Vouch(g.Reshape(g.Stack(ys...), s...)), g.Err()
}

// randomNorms draws a network with batch norm in random places.
func randomNorms(r *rand.Rand) *twins {
	T, images := 1+r.IntN(6), r.IntN(2) == 0
	segment := 0
	if r.IntN(2) == 0 {
		segment = 1 + r.IntN(2)
		T = segment * (1 + r.IntN(3))
	}
	n := &twins{}
	norm := func() (layers.Layer, layers.Layer) {
		l := layers.BatchNorm{NoGain: r.IntN(5) == 0, NoBias: r.IntN(5) == 0, Eps: []float64{0, 1e-2}[r.IntN(2)], Momentum: []float64{0, 0.4, 1}[r.IntN(3)]}
		switch r.IntN(5) {
		case 0:
			l.Scale = 0.5 // tdBN
		case 1:
			l.PerStep = T + r.IntN(2) // BNTT
		case 2:
			l.StepGain = 1 + r.IntN(T) // TEBN
		}
		n.text += fmt.Sprintf(" %+v", l)
		return l, slowNorm{l, cmp.Or(segment, T), map[*layers.Buffer][]*G.Node{}}
	}
	sometimes := func() {
		if r.IntN(3) == 0 {
			a, b := norm()
			n.add("norm", a, b)
		}
	}
	sometimes()
	for i := range 1 + r.IntN(2) {
		if images {
			n.both("conv", layers.Conv2D{Out: 3, Kernel: 3, Conv: connect.Conv{Pad: 1}, NoBias: i == 0, Init: layers.Scaled{Gain: 3}})
		} else {
			n.both("linear", layers.Linear{Out: 5, NoBias: i == 0, Init: layers.Scaled{Gain: 3}})
		}
		a, b := norm()
		if i == 0 && r.IntN(4) == 0 {
			a, b = layers.Shared("twice", a), layers.Shared("twice", b)
			n.add("norm", a, b)
		}
		n.add("norm", a, b)
		if r.IntN(3) > 0 {
			n.both("neurons", layers.Lift(neurons.LIFStep, smooth()))
		}
		sometimes()
	}
	if images {
		n.both("flatten", layers.Flatten)
	}
	n.both("linear", layers.Linear{Out: 3})
	sometimes()
	n.readout(r)
	shape, batch := []int{4}, 1+r.IntN(4)
	if images {
		shape = []int{1 + r.IntN(2), 3, 3}
	}
	n.complete(r, shape, T, segment, batch)
	return n
}

// Random networks with batch norm train as by its definition.
func TestRandomBatchNorm(t *testing.T) {
	for seed := range runs(1000, 20) {
		n := randomNorms(rand.New(rand.NewPCG(seed, 5)))
		t.Run(fmt.Sprint(seed), func(t *testing.T) { n.trainAlike(t, seed) })
	}
}

// Such networks give the same bits step by step, and in a training that is interrupted.
func TestRandomBatchNormBits(t *testing.T) {
	for seed := range runs(300, 20) {
		r := rand.New(rand.NewPCG(seed, 6))
		n := randomNorms(r)
		t.Run(fmt.Sprint(seed), func(t *testing.T) { n.sameBits(t, seed, r) })
	}
}
