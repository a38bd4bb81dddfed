package loss_test

import (
	"fmt"
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
	if m, ok := l.(interface{ OverTime() bool }); ok && m.OverTime() && len(weight) == shape[1] { // the same weight for each time step
		weightShape = shape[:2]
		var steps []float64
		for range shape[0] {
			for _, w := range weight {
				steps = append(steps, w/float64(shape[0]))
			}
		}
		weight = steps
	}
	if len(shape) > 2 && len(weight) == shape[0]*shape[1] {
		weightShape = shape[:2]
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
		"weights and smoothing":   {loss.CrossEntropy{ClassWeights: []float64{1, 0, 3, 0.5}, Smoothing: 0.2}, []int{3, 4}, []float64{0, 3, 1}},
		"at every step":           {loss.CrossEntropy{Sequence: true, ClassWeights: []float64{1, 0, 3, 0.5}, Smoothing: 0.1}, []int{5, 3, 4}, []float64{0, 3, 2}},
		"log-likelihood":          {loss.NegativeLogLikelihood{ClassWeights: []float64{1, 2, 3, 4}}, []int{3, 4}, []float64{0, 3, 2}},
		"TET":                     {loss.TET{Lambda: 0.3, Level: 1}, []int{5, 3, 4}, []float64{0, 3, 2}},
		"binary":                  {loss.BinaryCrossEntropy{PositiveWeights: []float64{1, 2, 3, 0.1}}, []int{3, 4}, graphtest.Sparse(12, 0.5, true, 3)},
		"binary over time":        {loss.BinaryCrossEntropy{Sequence: true}, []int{5, 3, 4}, shares(60, 3)},
		"first spike":             {loss.FirstSpike{Xi: 2, Alpha: 0.1, Beta: 3}, []int{3, 4}, []float64{0, 3, 2}},
		"van Rossum":              {loss.VanRossum{Tau: 3}, []int{7, 3, 4}, graphtest.Sparse(84, 0.3, true, 3)},
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
		{loss.CrossEntropy{}, tensor.Shape{5, 3, 2}, "cross-entropy: outputs have shape [5 3 2], want [batch classes]; is a readout missing? With Sequence the loss is that at every time step"},
		{loss.CrossEntropy{Sequence: true}, tensor.Shape{5, 3}, "cross-entropy: outputs have shape [5 3], want [T batch classes]; is there a readout too many, or Sequence set?"},
		{loss.TET{Lambda: 2}, tensor.Shape{5, 3, 2}, "TET: Lambda is 2, want a number from 0 to 1"},
		{loss.FirstSpike{Xi: -1}, tensor.Shape{5, 3}, "first spike: Xi is -1, want a finite number of at least 0"},
		{loss.VanRossum{}, tensor.Shape{5, 3, 2}, "van Rossum distance: Tau is 0 steps, want a finite number above 0"},
		{loss.VanRossum{Tau: 5}, tensor.Shape{5, 3}, "van Rossum distance: outputs have shape [5 3], want [T batch …]"},
		{loss.BinaryCrossEntropy{PositiveWeights: []float64{1}}, tensor.Shape{5, 3}, "binary cross-entropy: there are 1 positive weights, want one for each of 3 outputs"},
		{loss.BinaryCrossEntropy{Sequence: true}, tensor.Shape{5, 3}, "binary cross-entropy: outputs have shape [5 3], want more than 2 axes"},
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
	for _, l := range []loss.Loss{
		loss.CrossEntropy{}, loss.SpikeCount{Right: 2}, loss.MeanSquared{}, loss.MeanSquared{Sequence: true}, loss.CrossEntropy{Sequence: true},
		loss.NegativeLogLikelihood{}, loss.TET{Lambda: 0.1}, loss.TET{}, loss.BinaryCrossEntropy{}, loss.FirstSpike{}, loss.VanRossum{Tau: 1},
	} {
		for _, in := range [][3]*G.Node{{nil, w, w}, {out, nil, w}, {out, w, nil}, {out, out, nil}, {out, w, w3}, {out, single, w}} {
			_, err := l.Cost(in[0], in[1], in[2])
			require.Error(t, err, "%T of %v", l, in)
		}
	}
	_, err := loss.MeanSquared{}.Cost(out, out, w3)
	require.ErrorContains(t, err, "mean squared error: weights of the samples: ")
}

// The definition of cross-entropy with weights of classes and smoothing, as PyTorch's
// documentation of CrossEntropyLoss writes it, in plain loops.
func weightedEntropy(rows [][]float64, labels []int, classWeights []float64, smoothing float64) float64 {
	sum, norm := 0.0, 0.0
	for b, row := range rows {
		for c := range row {
			l, _ := crossEntropy(row, c)
			q := smoothing / float64(len(row))
			if c == labels[b] {
				q += 1 - smoothing
			}
			sum += classWeights[c] * q * l
		}
		norm += classWeights[labels[b]]
	}
	return sum / norm
}

// Batches of random logits against that, at one time step and at several.
func TestClassWeights(t *testing.T) {
	classWeights, labels := []float64{0.5, 2, 0, 3}, []int{1, 3, 0, 1, 2}
	each := []float64{0.2, 0.2, 0.2, 0.2, 0.2}
	for _, smoothing := range []float64{0, 0.1, 0.9} {
		const steps = 6
		x := graphtest.Random(steps*5*4, 4)
		target := []float64{1, 3, 0, 1, 2}
		mean := 0.0
		for s := range steps {
			rows := slices.Collect(slices.Chunk(x[s*20:(s+1)*20], 4))
			want := weightedEntropy(rows, labels, classWeights, smoothing)
			got, _ := costOf(t, tensor.Float64, loss.CrossEntropy{ClassWeights: classWeights, Smoothing: smoothing}, []int{5, 4}, x[s*20:(s+1)*20], target, each)
			require.InDelta(t, want, got, 1e-14)
			mean += want / steps
		}
		got, _ := costOf(t, tensor.Float64, loss.CrossEntropy{Sequence: true, ClassWeights: classWeights, Smoothing: smoothing}, []int{steps, 5, 4}, x, target, each)
		require.InDelta(t, mean, got, 1e-14)
	}
	// Logarithms of probabilities give the same by the likelihood.
	x := graphtest.Random(20, 5)
	var logs []float64
	for row := range slices.Chunk(x, 4) {
		for c := range row {
			l, _ := crossEntropy(row, c)
			logs = append(logs, -l)
		}
	}
	target := []float64{1, 3, 0, 1, 2}
	want, _ := costOf(t, tensor.Float64, loss.CrossEntropy{ClassWeights: classWeights}, []int{5, 4}, x, target, each)
	got, _ := costOf(t, tensor.Float64, loss.NegativeLogLikelihood{ClassWeights: classWeights}, []int{5, 4}, logs, target, each)
	require.InDelta(t, want, got, 1e-14)
	// A batch of classes that do not count costs nothing.
	got, d := costOf(t, tensor.Float64, loss.CrossEntropy{ClassWeights: []float64{1, 0}}, []int{2, 2}, []float64{1, 2, 3, 4}, []float64{1, 1}, []float64{0.5, 0.5})
	require.Zero(t, got)
	require.Equal(t, make([]float64, 4), d)
}

// Steps of samples of different lengths: 3 and 1 of 3 steps, a half each.
func TestStepsThatCount(t *testing.T) {
	x := graphtest.Random(3*2*3, 6)
	weights := []float64{1. / 6, 0.5, 1. / 6, 0, 1. / 6, 0}
	want := 0.0
	for r, w := range weights {
		l, _ := crossEntropy(x[r*3:r*3+3], []int{2, 0}[r%2])
		want += w * l
	}
	got, d := costOf(t, tensor.Float64, loss.CrossEntropy{Sequence: true}, []int{3, 2, 3}, x, []float64{2, 0}, weights)
	require.InDelta(t, want, got, 1e-15)
	require.Equal(t, []float64{0, 0, 0}, d[9:12])
}

// The two terms of TET by themselves: λ of 1 leaves the distance from the level.
func TestTET(t *testing.T) {
	x, labels, each := graphtest.Random(24, 7), []float64{2, 0}, []float64{0.5, 0.5}
	entropy, _ := costOf(t, tensor.Float64, loss.TET{}, []int{4, 2, 3}, x, labels, each)
	want, _ := costOf(t, tensor.Float64, loss.CrossEntropy{Sequence: true}, []int{4, 2, 3}, x, labels, each)
	require.Equal(t, want, entropy)
	square := 0.0
	for _, v := range x {
		square += (v - 0.7) * (v - 0.7) / 24
	}
	got, _ := costOf(t, tensor.Float64, loss.TET{Lambda: 1, Level: 0.7}, []int{4, 2, 3}, x, labels, each)
	require.InDelta(t, square, got, 1e-14)
	got, _ = costOf(t, tensor.Float64, loss.TET{Lambda: 0.25, Level: 0.7}, []int{4, 2, 3}, x, labels, each)
	require.InDelta(t, 0.75*entropy+0.25*square, got, 1e-14)
}

// −p t log σ(y) − (1−t) log(1−σ(y)), and outputs of ±1,000, where a wrong one costs 1,000.
func TestBinaryCrossEntropy(t *testing.T) {
	y, target, p := []float64{0.3, -2, 1000, -1000, 1000, -1000}, []float64{1, 0, 1, 0, 0, 1}, []float64{2, 1}
	sigmoid := func(y float64) float64 { return 1 / (1 + math.Exp(-y)) }
	want := 0.2*(-2*math.Log(sigmoid(0.3))-math.Log(1-sigmoid(-2)))/2 + 0.5*(1000+1000)/2
	for dt, tol := range map[tensor.Dtype]float64{tensor.Float32: 1e-6, tensor.Float64: 1e-15} {
		got, d := costOf(t, dt, loss.BinaryCrossEntropy{PositiveWeights: p}, []int{3, 2}, y, target, []float64{0.2, 0.3, 0.5})
		require.InEpsilon(t, want, got, tol)
		require.InDeltaSlice(t, []float64{0.1 * 2 * (sigmoid(0.3) - 1), 0.1 * sigmoid(-2), 0, 0, 0.25, -0.25}, d, 1e-6)
	}
}

// Spikes at 2 and 5 where one at 3 is wanted: the definition, summed far behind the end. The
// same trains are at no distance, and one spike is 1/(τ(1−exp(−2/τ))) from none.
func TestVanRossum(t *testing.T) {
	const steps, tau = 8, 4.0
	train := func(at ...int) []float64 {
		z := make([]float64, steps)
		for _, t := range at {
			z[t] = 1
		}
		return z
	}
	filtered := func(z []float64, at int) (f float64) {
		for s := range min(at+1, steps) {
			f += z[s] * math.Exp(-float64(at-s)/tau)
		}
		return f
	}
	out, target := train(2, 5), train(3)
	want := 0.0
	for at := range 400 {
		d := filtered(out, at) - filtered(target, at)
		want += d * d / tau
	}
	l, shape, one := loss.VanRossum{Tau: tau}, []int{steps, 1, 1}, []float64{1}
	got, _ := costOf(t, tensor.Float64, l, shape, out, target, one)
	require.InDelta(t, want, got, 1e-12)
	got, d := costOf(t, tensor.Float64, l, shape, out, out, one)
	require.Zero(t, got)
	require.Equal(t, make([]float64, steps), d)
	got, _ = costOf(t, tensor.Float64, l, shape, train(4), train(), one)
	require.InDelta(t, 1/(tau*(1-math.Exp(-2/tau))), got, 1e-12)
}

// Times 3, 5 and 9 of which the second shall be first, in the words of the paper.
func TestFirstSpikeLoss(t *testing.T) {
	const xi, alpha, beta = 2, 0.1, 4
	want := math.Log(math.Exp(2./xi)+1+math.Exp(-4./xi)) + alpha*(math.Exp(5./beta)-1)
	got, d := costOf(t, tensor.Float64, loss.FirstSpike{Xi: xi, Alpha: alpha, Beta: beta}, []int{1, 3}, []float64{3, 5, 9}, []float64{1}, []float64{1})
	require.InDelta(t, want, got, 1e-14)
	require.Negative(t, d[0], "a wrong neuron shall be later")
	require.Positive(t, d[1], "the right one earlier")
}

// Weights of 0 for all classes are a slip: no sample would count.
func TestClassWeightsOfZero(t *testing.T) {
	g := G.NewGraph()
	node := func(name string, shape ...int) *G.Node {
		return graphtest.Node(g, tensor.Float64, name, shape, make([]float64, tensor.Shape(shape).TotalSize()))
	}
	_, err := loss.CrossEntropy{ClassWeights: []float64{0, 0, 0}}.Cost(node("out", 2, 3), node("labels", 2), node("weight", 2))
	require.EqualError(t, err, "cross-entropy: the weights of all 3 classes are 0, want one above 0 at least")
}

// shares are n numbers between 0 and 1.
func shares(n int, seed uint64) []float64 {
	x := graphtest.Random(n, seed)
	for i, v := range x {
		x[i] = math.Abs(v) / (1 + math.Abs(v))
	}
	return x
}

// A target beyond 0 and 1 is refused where it counts: the loss would have no lowest value.
func TestBinaryTargets(t *testing.T) {
	run := func(target, weight []float64, sequence bool) error {
		g := G.NewGraph()
		shape, weights := []int{2, 2}, []int{2}
		if sequence {
			shape, weights = []int{1, 2, 2}, []int{1, 2}
		}
		node := func(name string, shape []int, x []float64) *G.Node {
			return graphtest.Node(g, tensor.Float64, name, shape, x)
		}
		_, err := loss.BinaryCrossEntropy{Sequence: sequence}.Cost(node("out", shape, make([]float64, 4)), node("target", shape, target), node("weight", weights, weight))
		require.NoError(t, err)
		m := G.NewTapeMachine(g)
		defer m.Close()
		return m.RunAll()
	}
	for _, sequence := range []bool{false, true} {
		for _, bad := range []float64{1.5, -1, math.NaN()} {
			require.ErrorContains(t, run([]float64{0, 1, 0.5, bad}, []float64{0.5, 0.5}, sequence),
				fmt.Sprintf("loss: binary cross-entropy: target 1 of sample 1 of the batch is %v, want 0 to 1", bad))
			require.NoError(t, run([]float64{0, 1, 0.5, bad}, []float64{1, 0}, sequence)) // padding
		}
	}
}
