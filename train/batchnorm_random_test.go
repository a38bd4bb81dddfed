package train_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
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

// A normNetwork is a random network with batch norm in random places.
type normNetwork struct {
	network, slow train.Network // with layers.BatchNorm, and with its definition
	data          data.Dataset
	text          string
}

func randomNormNetwork(r *rand.Rand) (n normNetwork) {
	T, images := 1+r.IntN(6), r.IntN(2) == 0
	segment := 0
	if r.IntN(2) == 0 {
		segment = 1 + r.IntN(2)
		T = segment * (1 + r.IntN(3))
	}
	var fast, slow layers.Sequential
	add := func(name string, a, b layers.Layer) {
		fast, slow = append(fast, a), append(slow, b)
		n.text += " " + name
	}
	both := func(name string, l layers.Layer) { add(name, l, l) }
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
			add("norm", a, b)
		}
	}
	sometimes()
	for i := range 1 + r.IntN(2) {
		if images {
			both("conv", layers.Conv2D{Out: 3, Kernel: 3, Conv: connect.Conv{Pad: 1}, NoBias: i == 0, Init: layers.Scaled{Gain: 3}})
		} else {
			both("linear", layers.Linear{Out: 5, NoBias: i == 0, Init: layers.Scaled{Gain: 3}})
		}
		a, b := norm()
		if i == 0 && r.IntN(4) == 0 {
			a, b = layers.Shared("twice", a), layers.Shared("twice", b)
			add("norm", a, b)
		}
		add("norm", a, b)
		if r.IntN(3) > 0 {
			both("neurons", layers.Lift(neurons.LIFStep, smooth()))
		}
		sometimes()
	}
	if images {
		both("flatten", layers.Flatten)
	}
	both("linear", layers.Linear{Out: 3})
	sometimes()
	read := r.IntN(3)
	both([]string{"last", "max", "mean"}[read], []layers.Layer{layers.Last, layers.MaxOverTime, layers.MeanOverTime}[read])

	shape, batch := []int{4}, 1+r.IntN(4)
	if images {
		shape = []int{1 + r.IntN(2), 3, 3}
	}
	samples := batch*(1+r.IntN(2)) + r.IntN(batch) // the last batch may be short
	n.data = currents(samples, append([]int{T}, shape...)...)
	if r.IntN(2) == 0 {
		ends := make([]int, samples)
		for i := range ends {
			ends[i] = 1 + r.IntN(T)
		}
		n.data = cutShort{n.data, T, ends, 0}
		n.text += fmt.Sprint(" lengths ", ends)
	}
	n.network = train.Network{Net: fast, Shape: shape, Steps: T, Batch: batch, Seed: r.Uint64(), Segment: segment, Dtype: tensor.Float64}
	n.slow = n.network
	n.slow.Net, n.slow.Segment = slow, 0
	n.text = fmt.Sprintf("%d steps of %v, segments of %d, %d samples in batches of %d:%s", T, shape, segment, samples, batch, n.text)
	return n
}

// runs is how many networks are drawn: fewer where tests are to be short.
func runs(many, few uint64) uint64 {
	if long.Tests() {
		return many
	}
	return few
}

// Random networks with batch norm train as by its definition: losses, weights, running
// statistics, and what they say in evaluation.
func TestRandomBatchNorm(t *testing.T) {
	for seed := range runs(1000, 20) {
		n := randomNormNetwork(rand.New(rand.NewPCG(seed, 5)))
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Log(n.text)
			fit := func(net train.Network) (*train.Model, train.Result, []float64) {
				m := newModel(t, net)
				r, err := (&train.Trainer{Model: m, Data: n.data, Epochs: 2, Seed: seed, Optimiser: &optim.SGD{LearningRate: 0.05}}).Run(background)
				require.NoError(t, err)
				y, err := m.Predict(background, n.data, nil)
				require.NoError(t, err)
				return m, r, graphtest.Floats(y)
			}
			slow, want, said := fit(n.slow)
			fast, got, says := fit(n.network)
			for i, e := range want.History {
				require.InEpsilon(t, e.Train.Loss, got.History[i].Train.Loss, 1e-9, "epoch %d", i)
			}
			values, have := slow.Tensors(), fast.Tensors()
			require.Len(t, have, len(values))
			for name, v := range values {
				require.Contains(t, have, name)
				graphtest.Close(t, name, graphtest.Floats(v), graphtest.Floats(have[name]), 1e-8)
			}
			graphtest.Close(t, "outputs", said, says, 1e-7)
		})
	}
}

// Such a network gives step by step what it gives on the whole sequence, and a training
// that is interrupted and goes on ends with the same file: bit by bit, in both precisions.
func TestRandomBatchNormBits(t *testing.T) {
	for seed := range runs(300, 20) {
		r := rand.New(rand.NewPCG(seed, 6))
		n := randomNormNetwork(r)
		n.network.Dtype = []tensor.Dtype{tensor.Float32, tensor.Float64}[seed%2]
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Log(n.text)
			trainer := func(dir string) *train.Trainer {
				return &train.Trainer{Model: newModel(t, n.network), Data: n.data, Epochs: 3, Seed: seed, Optimiser: &optim.Adam{LearningRate: 0.02}, Checkpoints: &train.Checkpoints{Dir: dir, Every: 1}}
			}
			dir, again := t.TempDir(), t.TempDir()
			_, err := trainer(dir).Run(background)
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(background)
			tr, left := trainer(again), 1+r.IntN(2)
			tr.OnBatch = func(train.Batch) {
				if left--; left == 0 {
					cancel()
				}
			}
			_, err = tr.Run(ctx)
			require.ErrorIs(t, err, context.Canceled)
			tr = trainer(again)
			tr.Resume, _, err = train.LatestCheckpoint(again)
			require.NoError(t, err)
			_, err = tr.Run(background)
			require.NoError(t, err)
			require.Equal(t, read(t, dir, "final.safetensors"), read(t, again, "final.safetensors"))

			m := tr.Model
			whole, err := m.Predict(background, n.data, nil)
			require.NoError(t, err)
			size := tensor.Shape(n.network.Shape).TotalSize()
			x := make([]float32, n.network.Steps*size)
			for i := range n.data.Len() {
				_, err := n.data.Sample(i, x)
				require.NoError(t, err)
				steps := n.network.Steps
				if of, short := n.data.(cutShort); short {
					steps = of.ends[i]
				}
				s, err := m.Rest(1)
				require.NoError(t, err)
				var y *tensor.Dense
				for k := range steps {
					y, err = m.Step(s, x[k*size:(k+1)*size])
					require.NoError(t, err)
				}
				require.Equal(t, graphtest.Floats(whole)[3*i:3*i+3], graphtest.Floats(y), "sample %d", i)
			}
		})
	}
}
