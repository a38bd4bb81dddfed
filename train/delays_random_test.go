package train_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

// A slowDelay is the definition of what has delays in the verbs of a Builder, which Gorgonia differentiates: a sum over
// all steps and delays.
type slowDelay struct {
	layers.Delay
	kind slowKind
	out  int
	init layers.Init // of weights
}

type slowKind int

const (
	ofChannels   slowKind = iota // layers.Delay
	ofMap                        // layers.DelayedLinear
	ofBack                       // layers.BackLate,
	ofBackOfEach                 // and with Channels
)

// kappa returns the weights of all delays 0 to Max, of the shape of positions, which lie within this range.
func (d slowDelay) kappa(b *layers.Build, g *graph.Builder, x *G.Node, shape ...int) (ks []*G.Node, err error) {
	if d.Fixed {
		at, err := b.Buffer(x, "delay.at", d.Init, shape...)
		if err != nil {
			return nil, err
		}
		for k := range d.Max + 1 {
			ks = append(ks, d.whole(g, at.Node, k))
		}
		return ks, g.Err()
	}
	at, err := b.Weight(x, "delay.at", d.Init, shape...)
	if err != nil {
		return nil, err
	}
	before := g.Constant(x, 0, 1)
	if d.Over > 0 {
		batches, err := b.Buffer(x, "delay.batches", layers.Constant(0), 1)
		if err != nil {
			return nil, err
		}
		before, batches.Next = batches.Node, g.AtMost(g.Shift(batches.Node, graph.Const(1)), float64(d.Over))
	}
	learning := g.Not(g.Above(before, float64(max(d.Over, 1))-0.5))
	if !d.Interpolate {
		training, err := b.Training(x)
		if err != nil {
			return nil, err
		}
		learning = g.Mul(learning, training)
	}
	// σ = Width (1/2 / Width)^(batches/Over)
	scale := g.Expand(g.Exp(g.Scale(before, graph.Const(-2*math.Log(0.5/d.Width)/float64(max(d.Over, 1))))), at.Shape())
	of := func(k int) *G.Node {
		off := g.Shift(at, graph.Const(-float64(k)))
		if d.Interpolate {
			return g.Relu(g.Not(g.Abs(off)))
		}
		return g.Exp(g.Mul(scale, g.Scale(g.Square(off), graph.Const(-1/(2*d.Width*d.Width)))))
	}
	sum := of(0)
	for k := 1; k <= d.Max; k++ {
		sum = g.Add(sum, of(k))
	}
	share := g.Expand(learning, at.Shape())
	for k := range d.Max + 1 {
		ks = append(ks, g.Add(g.Mul(share, g.Div(of(k), sum)), g.Mul(g.Not(share), d.whole(g, g.Detach(at), k))))
	}
	return ks, g.Err()
}

// whole is 1 where the position is k, rounded.
func (d slowDelay) whole(g *graph.Builder, at *G.Node, k int) *G.Node {
	return g.Sub(g.Above(at, float64(k)-0.5), g.Above(at, float64(k)+0.5))
}

func (d slowDelay) Apply(b *layers.Build, x *G.Node) (*G.Node, error) {
	var g graph.Builder
	s := x.Shape()
	in, out, w, bias := s[2], s[2], (*G.Node)(nil), (*G.Node)(nil)
	var err error
	switch d.kind {
	case ofMap:
		out = d.out
		if w, err = b.Weight(x, "linear.w", d.init, in, out); err == nil {
			bias, err = b.Weight(x, "linear.b", layers.Constant(0), out)
		}
	case ofBack, ofBackOfEach:
		w, err = b.Weight(x, "recurrent.w", d.init, in, in)
	}
	if err != nil {
		return nil, err
	}
	shape := []int{in, out}
	if d.kind == ofChannels || d.kind == ofBackOfEach {
		shape = shape[:1]
	}
	ks, err := d.kappa(b, &g, x, shape...)
	if err != nil {
		return nil, err
	}
	for k := range ks {
		switch d.kind {
		case ofMap, ofBack:
			ks[k] = g.Mul(w, ks[k])
		case ofBackOfEach:
			ks[k] = g.Mul(w, g.Expand(g.Reshape(ks[k], in, 1), w.Shape()))
		}
	}
	late := func(x *G.Node, k int) *G.Node {
		if d.kind == ofChannels {
			return g.Mul(x, g.Expand(g.Reshape(ks[k], 1, in), x.Shape()))
		}
		return g.MatMul(x, ks[k])
	}
	var ys []*G.Node
	state, p := (*neurons.LIFState)(nil), smooth()
	for t := range s[0] {
		y := g.At(x, t)
		from := ys // what comes back
		if d.kind == ofChannels || d.kind == ofMap {
			y, from = g.Constant(x, 0, s[1], out), nil
			for k := range t + 1 {
				from = append(from, g.At(x, k))
			}
		}
		if bias != nil {
			y = g.Add(y, g.Expand(g.Reshape(bias, 1, out), y.Shape()))
		}
		for k := range min(len(from), d.Max+1) {
			y = g.Add(y, late(from[len(from)-1-k], k))
		}
		if g.Err() == nil && (d.kind == ofBack || d.kind == ofBackOfEach) {
			if state == nil {
				rest, err := p.Rest(y)
				if err != nil {
					return nil, err
				}
				state = &rest
			}
			z, next, err := neurons.LIFStep(y, *state, p)
			if err != nil {
				return nil, err
			}
			y, state = z, &next
		}
		ys = append(ys, y)
	}
	return b.Vouch(g.Stack(ys...)), g.Err()
}

// randomDelays draws a network with delays of all kinds, long enough that Gaussians go by frequencies, and shorter.
func randomDelays(r *rand.Rand) *twins {
	T, segment := 6+r.IntN(20), 0
	if r.IntN(3) == 0 {
		segment = 4 + r.IntN(6)
		T = segment * (1 + r.IntN(3))
	}
	n := &twins{}
	delay := func(positions int) layers.Delay {
		d := layers.Delay{Max: 1 + r.IntN(5)}
		switch k := r.IntN(6); {
		case k < 3:
			d.Max = []int{d.Max, 10 + r.IntN(4)}[min(1, r.IntN(3))]
			d.Over, d.Width = 1+r.IntN(6), []float64{1, 2, 7}[r.IntN(3)]
		case k < 5:
			d.Interpolate, d.Width, d.Over = true, 1, []int{0, 1, 3}[r.IntN(3)]
		default:
			d.Fixed = true
		}
		n.text += fmt.Sprintf(" %+v", d)
		at := make(layers.Values, positions)
		for i := range at { // inside, and at no step or halfway
			at[i] = float64(r.IntN(2*d.Max))/2 + 0.1 + 0.3*r.Float64()
		}
		d.Init = at
		return d
	}
	width := 3 + r.IntN(25)
	shape := []int{width}
	if r.IntN(3) == 0 {
		d := delay(width)
		n.add("delay", d, slowDelay{Delay: d})
	}
	for range 1 + r.IntN(2) {
		out, init := 3+r.IntN(30), layers.Scaled{Gain: 3}
		d := delay(width * out)
		n.add("map", layers.DelayedLinear{Out: out, Delay: d, Init: init}, slowDelay{d, ofMap, out, init})
		width = out
		if r.IntN(3) > 0 {
			n.both("neurons", layers.Lift(neurons.LIFStep, smooth()))
		}
	}
	if r.IntN(2) == 0 {
		each, positions, kind := r.IntN(2) == 0, width*width, ofBack
		if each {
			positions, kind = width, ofBackOfEach
		}
		d, init := delay(positions), layers.Scaled{Gain: 3}
		n.add("back", layers.RecurrentThrough(layers.BackLate{Delay: d, Channels: each, Init: init}, neurons.LIFStep, smooth()), slowDelay{d, kind, 0, init})
	}
	n.both("linear", layers.Linear{Out: 3})
	n.readout(r)
	n.complete(r, shape, T, segment, 1+r.IntN(5))
	return n
}

// Random networks with delays train as by the sums that define them, in both precisions.
func TestRandomDelays(t *testing.T) {
	for seed := range runs(400, 12) {
		n := randomDelays(rand.New(rand.NewPCG(seed, 7)))
		if seed%4 == 3 {
			n.network.Dtype = tensor.Float32
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { n.trainAlike(t, seed) })
	}
}

// Such networks give the same bits step by step, and in a training that is interrupted.
func TestRandomDelaysBits(t *testing.T) {
	for seed := range runs(200, 10) {
		r := rand.New(rand.NewPCG(seed, 8))
		n := randomDelays(r)
		t.Run(fmt.Sprint(seed), func(t *testing.T) { n.sameBits(t, seed, r) })
	}
}
