package train_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/loss"
)

// cost returns the value of a loss and its gradient with respect to the outputs, for
// weights of the samples.
func costOf(t *testing.T, dt tensor.Dtype, l loss.Loss, shape []int, out, target, weight []float64) (float64, []float64) {
	t.Helper()
	g := G.NewGraph()
	targetShape, err := l.Target(tensor.Shape(shape))
	require.NoError(t, err)
	o := graphtest.Node(g, dt, "out", shape, out)
	weightShape := []int{len(weight)}
	if m, ok := l.(loss.MeanSquared); ok && m.OverTime() { // the same weight for each time step
		weightShape = shape[:2]
		var steps []float64
		for range shape[0] {
			for _, w := range weight {
				steps = append(steps, w/float64(shape[0]))
			}
		}
		weight = steps
	}
	c, err := l.Cost(o, graphtest.Node(g, dt, "target", targetShape, target), graphtest.Node(g, dt, "weight", weightShape, weight))
	require.NoError(t, err)
	require.True(t, c.IsScalar())
	ds, vs := graphtest.Grads(t, c, []*G.Node{o}, []*G.Node{c})
	return vs[0][0], ds[0]
}

// crossEntropy is the definition, with the largest logit taken off, and the
// softmax.
func crossEntropy(row []float64, label int) (loss float64, p []float64) {
	largest, sum := slices.Max(row), 0.0
	for _, x := range row {
		p = append(p, math.Exp(x-largest))
		sum += math.Exp(x - largest)
	}
	for c := range p {
		p[c] /= sum
	}
	return math.Log(sum) + largest - row[label], p
}

// Logits of ±1,000 neither overflow nor lose the gradient: the loss of a row
// whose label is the lowest logit is the distance to the highest.
func TestCrossEntropy(t *testing.T) {
	logits := []float64{
		1000, -1000, 0,
		1000, -1000, 0,
		-1000, -1000, -1000,
		0.5, -1, 2,
		1000, 999, 998,
	}
	labels, weight := []float64{0, 1, 2, 2, 1}, []float64{0.1, 0.2, 0.25, 0.15, 0.3}
	var want float64
	var grad []float64
	for b, w := range weight {
		l, p := crossEntropy(logits[b*3:b*3+3], int(labels[b]))
		want += w * l
		for c := range p {
			if c == int(labels[b]) {
				p[c]--
			}
			grad = append(grad, w*p[c])
		}
	}
	require.InDelta(t, 0.1*0+0.2*2000+0.25*math.Log(3)+0.15*0.2413+0.3*1.4076, want, 1e-4)
	for dt, tol := range map[tensor.Dtype]float64{tensor.Float32: 1e-6, tensor.Float64: 1e-15} {
		got, d := costOf(t, dt, loss.CrossEntropy{}, []int{5, 3}, logits, labels, weight)
		require.InEpsilon(t, want, got, tol)
		require.InDeltaSlice(t, grad, d, tol)
	}
}

// (1.5² + 0.5²)/2 and (1 + 4)/2, weighted 0.25 and 0.75.
func TestMeanSquared(t *testing.T) {
	for dt, tol := range map[tensor.Dtype]float64{tensor.Float32: 1e-6, tensor.Float64: 1e-15} {
		got, d := costOf(t, dt, loss.MeanSquared{}, []int{2, 2}, []float64{1, 2, 3, 4}, []float64{-0.5, 1.5, 2, 6}, []float64{0.25, 0.75})
		require.InDelta(t, 0.25*1.25+0.75*2.5, got, tol)
		require.InDeltaSlice(t, []float64{0.375, 0.125, 0.75, -1.5}, d, tol)

		// The same numbers as a sequence [T, batch, 1].
		got, d = costOf(t, dt, loss.MeanSquared{Sequence: true}, []int{2, 2, 1}, []float64{1, 3, 2, 4}, []float64{-0.5, 2, 1.5, 6}, []float64{0.25, 0.75})
		require.InDelta(t, 0.25*1.25+0.75*2.5, got, tol)
		require.InDeltaSlice(t, []float64{0.375, 0.75, 0.125, -1.5}, d, tol)
	}
}

// Counts (3, 1, 0) and (2, 5, 5), 4 spikes wanted of classes 0 and 2, 1 of the
// others: (1 + 0 + 1 + 4 + 16 + 1)/(4²·3), each sample weighted.
func TestSpikeCount(t *testing.T) {
	l := loss.SpikeCount{Right: 4, Wrong: 1}
	got, d := costOf(t, tensor.Float64, l, []int{2, 3}, []float64{3, 1, 0, 2, 5, 5}, []float64{0, 2}, []float64{0.5, 0.5})
	require.InDelta(t, 0.5*2/48+0.5*(1+16+1)/48., got, 1e-15)
	require.InDeltaSlice(t, []float64{-1. / 48, 0, -1. / 48, 1. / 48, 4. / 48, 1. / 48}, d, 1e-15)
}

// Every gradient against finite differences.
func TestLossGradients(t *testing.T) {
	weight := []float64{0.4, 0.35, 0.25}
	for name, c := range map[string]struct {
		loss   loss.Loss
		shape  []int
		target []float64
	}{
		"cross-entropy":           {loss.CrossEntropy{}, []int{3, 4}, []float64{0, 3, 1}},
		"spike count":             {loss.SpikeCount{Right: 5, Wrong: 1}, []int{3, 4}, []float64{2, 3, 1}},
		"mean squared":            {loss.MeanSquared{}, []int{3, 4}, graphtest.Random(12, 1)},
		"mean squared of images":  {loss.MeanSquared{}, []int{3, 2, 2}, graphtest.Random(12, 1)},
		"mean squared over time":  {loss.MeanSquared{Sequence: true}, []int{5, 3, 4}, graphtest.Random(60, 1)},
		"mean squared over steps": {loss.MeanSquared{Sequence: true}, []int{3, 3, 2, 2}, graphtest.Random(36, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			f := func(x []float64) (float64, []float64) {
				return costOf(t, tensor.Float64, c.loss, c.shape, x, c.target, weight)
			}
			x := graphtest.Random(tensor.Shape(c.shape).TotalSize(), 2)
			_, d := f(x)
			graphtest.CheckDirection(t, func(x []float64) float64 { v, _ := f(x); return v }, x, d, 1e-8)
		})
	}
}

func TestLossErrors(t *testing.T) {
	for _, c := range []struct {
		loss  loss.Loss
		shape tensor.Shape
		want  string
	}{
		{loss.CrossEntropy{}, tensor.Shape{5, 3, 2}, "cross-entropy: outputs have shape [5 3 2], want [batch classes]; is a readout missing?"},
		{loss.SpikeCount{Right: 2}, tensor.Shape{5}, "spike count: outputs have shape [5], want [batch classes]; is a readout missing?"},
		{loss.SpikeCount{}, tensor.Shape{5, 3}, "spike count: Right is 0 and Wrong 0, want finite numbers of at least 1 and 0"},
		{loss.SpikeCount{Right: math.Inf(1)}, tensor.Shape{5, 3}, "spike count: Right is +Inf and Wrong 0, want finite numbers of at least 1 and 0"},
		{loss.SpikeCount{Right: 2, Wrong: math.NaN()}, tensor.Shape{5, 3}, "spike count: Right is 2 and Wrong NaN, want finite numbers of at least 1 and 0"},
		{loss.MeanSquared{}, tensor.Shape{5}, "mean squared error: outputs have shape [5], want [batch …]"},
		{loss.MeanSquared{Sequence: true}, tensor.Shape{5, 2}, "mean squared error: outputs have shape [5 2], want [T batch …]"},
	} {
		_, err := c.loss.Target(c.shape)
		require.EqualError(t, err, c.want)
	}
	g := G.NewGraph()
	out := graphtest.Node(g, tensor.Float64, "out", []int{2, 3}, make([]float64, 6))
	w := graphtest.Node(g, tensor.Float64, "w", []int{2}, make([]float64, 2))
	w3 := graphtest.Node(g, tensor.Float64, "w3", []int{3}, make([]float64, 3))
	single := graphtest.Node(g, tensor.Float32, "single", []int{2, 3}, make([]float64, 6))
	for _, l := range []loss.Loss{loss.CrossEntropy{}, loss.SpikeCount{Right: 2}, loss.MeanSquared{}, loss.MeanSquared{Sequence: true}} {
		for _, in := range [][3]*G.Node{{nil, w, w}, {out, nil, w}, {out, w, nil}, {out, out, nil}, {out, w, w3}, {out, single, w}} {
			_, err := l.Cost(in[0], in[1], in[2])
			require.Error(t, err, "%T of %v", l, in)
		}
	}
	_, err := loss.MeanSquared{}.Cost(out, out, w3)
	require.ErrorContains(t, err, "mean squared error: weights of the samples: ")
}
