// Package docs_test has the code that docs/extending.md shows, and checks what
// docs/gorgonia.md says.
package docs_test

import (
	"context"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/neurons/neurontest"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/readout"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// ResonatorParams are the parameters of a resonate-and-fire neuron.
type ResonatorParams struct {
	Damping graph.Param // 1/s
	Omega   graph.Param // ω, the frequency it answers to, 1/s
	VTh     graph.Param // threshold
	Dt      float64     // time step, s
	Spike   graph.Func  // H and its surrogate derivative
}

// ResonatorState is the state of a resonate-and-fire neuron.
type ResonatorState struct {
	U *G.Node // current
	V *G.Node // voltage
}

// DefaultResonatorParams returns a damping of 20/s, a frequency of 20 Hz, v_th = 1
// and dt = 1 ms.
func DefaultResonatorParams() ResonatorParams {
	return ResonatorParams{
		Damping: graph.Const(20),
		Omega:   graph.Const(2 * math.Pi * 20),
		VTh:     graph.Const(1),
		Dt:      1e-3,
		Spike:   surrogate.SuperSpike{Alpha: 10},
	}
}

// Rest returns u = 0, v = 0.
func (p ResonatorParams) Rest(x *G.Node) (ResonatorState, error) {
	var b graph.Builder
	zero := b.Fill(x, graph.Const(0))
	return ResonatorState{U: zero, V: zero}, b.Err()
}

// ResonatorStep advances resonate-and-fire neurons, whose voltage swings like a
// damped pendulum and fires where it swings above the threshold:
//
//	u ← u + dt (−damping u − ω v) + x
//	v ← v + dt (ω u − damping v)
//	z = H(v − v_th)
//
// E. M. Izhikevich, Neural Networks 14 (2001), 883, without its reset.
func ResonatorStep(x *G.Node, s ResonatorState, p ResonatorParams) (z *G.Node, next ResonatorState, err error) {
	b := graph.NewBuilder(x, &s)
	u := b.Sub(b.Euler(s.U, -p.Dt, p.Damping, s.U), b.ScaleBy(s.V, p.Dt, p.Omega))
	next.U = b.Add(u, x)
	v := b.Euler(s.V, -p.Dt, p.Damping, s.V)
	next.V = b.Euler(v, p.Dt, p.Omega, next.U)
	z = b.Spike(p.Spike, next.V, p.VTh)
	return z, next, b.Err()
}

func TestResonator(t *testing.T) {
	neurontest.Test(t, models.Of("resonator", ResonatorStep, DefaultResonatorParams()))
}

// Parabola is a spike with the slope of a parabola:
//
//	H(x) = 1 if x > 0, else 0
//	s(x) = max(0, 1 − (x/w)²)
type Parabola struct {
	surrogate.Step         // H
	Width          float64 // w, half the width
}

// Deriv returns s(x).
func (p Parabola) Deriv(x float64) float64 {
	y := x / p.Width
	return math.Max(0, 1-y*y)
}

// Slope returns the nodes of s(x), which run as vector code.
func (p Parabola) Slope(b *graph.Builder, x *G.Node) *G.Node {
	return b.Relu(b.Not(b.Square(b.Scale(x, graph.Const(1/p.Width)))))
}

// The nodes of Slope compute Deriv.
func TestParabola(t *testing.T) {
	f := Parabola{Width: 0.5}
	at := []float64{-1, -0.4, -0.1, 0, 0.2, 0.49, 3}
	x := graphtest.Node(G.NewGraph(), tensor.Float64, "x", []int{len(at)}, at)
	z, err := surrogate.Threshold(x, f)
	require.NoError(t, err)
	grads, _ := graphtest.Grads(t, G.Must(G.Sum(z)), []*G.Node{x}, nil)
	for i, v := range at {
		require.InDelta(t, f.Deriv(v), grads[0][i], 1e-12, "at %v", v)
	}
}

// Gain is a layer that multiplies each feature by a learnt factor.
type Gain struct{}

// Apply adds the factors, called "gain".
func (Gain) Apply(b *layers.Build, x *G.Node) (*G.Node, error) {
	shape := x.Shape() // [T batch … features]
	w, err := b.Weight(x, "gain", layers.Constant(1), shape[len(shape)-1])
	if err != nil {
		return nil, err
	}
	var g graph.Builder
	y := g.Mul(x, g.Expand(w, shape))
	if err := g.Err(); err != nil {
		return nil, fmt.Errorf("gain %s: %w", b.Path(), err)
	}
	return y, nil
}

// Centre is a layer that takes the running mean of each feature from it:
//
//	y = x − m
//	m ← 0.9 m + 0.1 times the mean of x in the batch
type Centre struct{}

// Apply adds the mean, a buffer "mean".
func (Centre) Apply(b *layers.Build, x *G.Node) (*G.Node, error) {
	shape := x.Shape() // [T batch features]
	m, err := b.Buffer(x, "mean", layers.Constant(0), shape[2])
	if err != nil {
		return nil, err
	}
	mean, err := b.MeanOverTime(x) // [batch features]
	if err != nil {
		return nil, err
	}
	if mean, err = b.BatchMean(mean); err != nil { // [features]
		return nil, err
	}
	var g graph.Builder
	m.Next = g.Add(g.Scale(m.Node, graph.Const(0.9)), g.Scale(mean, graph.Const(0.1)))
	return g.Sub(x, g.Expand(m.Node, shape)), g.Err()
}

// A batch moves the mean, whatever it is padded with, and evaluation uses it.
func TestCentre(t *testing.T) {
	m, err := train.Network{
		Net:   layers.Sequential{Centre{}, layers.MeanOverTime},
		Shape: []int{2}, Steps: 3, Batch: 4, Dtype: tensor.Float64,
	}.Compile()
	require.NoError(t, err)
	d, err := data.New([]int{2}, []float32{1, 10, 3, 20}, []int{0, 1})
	require.NoError(t, err)
	_, err = (&train.Trainer{Model: m, Data: d, Epochs: 2}).Run(context.Background())
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{0.19 * 2, 0.19 * 15}, m.Tensors()["0.mean"].Data(), 1e-12)
	y, err := m.Predict(context.Background(), d, nil)
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{1 - 0.38, 10 - 2.85, 3 - 0.38, 20 - 2.85}, y.Data(), 1e-12)
}

// Energy is a regulariser by which every spike costs something.
type Energy struct {
	PerSpike float64 // added to the loss for each spike of a sample
}

// Penalise adds PerSpike times the mean number of spikes of a sample.
func (e Energy) Penalise(b *layers.Build, a layers.Activity) (layers.Penalty, error) {
	counts, err := b.SumOverTime(a.Out) // [batch … n]
	if err != nil {
		return layers.Penalty{}, err
	}
	mean, err := b.BatchMean(counts) // [… n]
	if err != nil {
		return layers.Penalty{}, err
	}
	var g graph.Builder
	cost := g.Scale(g.Reduce(mean, nil), graph.Const(e.PerSpike))
	return layers.Penalty{Name: b.Name("energy"), Node: cost}, g.Err()
}

// Tones is a data set of tones. A sample is a frequency and a phase; its label
// is 1 if the frequency is high.
type Tones struct {
	N    int
	Seed uint64
}

// Len returns the number of samples.
func (d Tones) Len() int { return d.N }

// Shape returns the shape of a sample.
func (d Tones) Shape() []int { return []int{2} }

// Sample writes the frequency, in Hz, and the phase of sample i, the same ones
// each time, and returns its label.
func (d Tones) Sample(i int, x []float32) (label int, err error) {
	if i < 0 || i >= d.N || len(x) != 2 {
		return 0, fmt.Errorf("tones: sample %d of %d into length %d, want length 2", i, d.N, len(x))
	}
	r := rand.New(rand.NewPCG(d.Seed, uint64(i)))
	label = r.IntN(2)
	low := []float32{8, 25}[label]
	x[0], x[1] = low+4*r.Float32(), 2*math.Pi*r.Float32()
	return label, nil
}

// Waves is an encoder of a frequency and a phase as a sine wave with noise.
type Waves struct {
	Dt, Noise float64
}

// Encode fills dst [T, batch, 1] from x [batch, 2].
func (w Waves) Encode(dst, x []float32, steps int, r *rand.Rand) error {
	batch := len(x) / 2
	if len(dst) != steps*batch {
		return fmt.Errorf("waves: %d values for %d steps of %d samples", len(dst), steps, batch)
	}
	for t := range steps {
		for i := range batch {
			angle := 2*math.Pi*float64(x[2*i])*float64(t)*w.Dt + float64(x[2*i+1])
			dst[t*batch+i] = float32(math.Sin(angle) + w.Noise*r.NormFloat64())
		}
	}
	return nil
}

// Margin is a loss by which the output of the right class should exceed all
// others by 1: the sum of what they lack.
//
// J. Weston and C. Watkins, ESANN (1999), 219.
type Margin struct{}

// Target returns [batch]: the targets are labels.
func (Margin) Target(out tensor.Shape) ([]int, error) {
	if len(out) != 2 {
		return nil, fmt.Errorf("margin: outputs have shape %v, want [batch classes]", []int(out))
	}
	return []int{out[0]}, nil
}

// Cost returns the mean over the samples.
func (Margin) Cost(out, target, weight *G.Node) (*G.Node, error) {
	shape := out.Shape()
	right, err := readout.OneHot(target, shape[1])
	if err != nil {
		return nil, err
	}
	var b graph.Builder
	best := b.Expand(b.Reduce(b.Mul(out, right), []int{shape[0], 1}), shape)
	lack := b.Mul(b.Relu(b.Shift(b.Sub(out, best), graph.Const(1))), b.Not(right))
	w := b.Expand(b.Reshape(weight, shape[0], 1), shape)
	return b.Reduce(b.Mul(lack, w), nil), b.Err()
}

// The gradient of the loss is that of finite differences.
func TestMargin(t *testing.T) {
	cost := func(x []float64) (cost, gradient []float64) {
		g := G.NewGraph()
		out := graphtest.Node(g, tensor.Float64, "out", []int{4, 3}, x)
		labels := graphtest.Node(g, tensor.Float64, "labels", []int{4}, []float64{0, 2, 1, 2})
		weight := graphtest.Node(g, tensor.Float64, "weight", []int{4}, []float64{0.25, 0.25, 0.5, 0})
		c, err := Margin{}.Cost(out, labels, weight)
		require.NoError(t, err)
		grads, values := graphtest.Grads(t, c, []*G.Node{out}, []*G.Node{c})
		return values[0], grads[0]
	}
	x := graphtest.Random(12, 1)
	_, d := cost(x)
	graphtest.CheckDirection(t, func(x []float64) float64 { c, _ := cost(x); return c[0] }, x, d, 1e-6)
}

// All of these in one network, which tells low tones from high ones.
func Example_extending() {
	p := DefaultResonatorParams()
	p.Spike = Parabola{Width: 0.5}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 20},
			Gain{},
			layers.Lift(ResonatorStep, p,
				layers.LearnEach("Omega"), layers.Constrain(graph.Exp, "Omega"),
				layers.Regularise(Energy{PerSpike: 1e-4})),
			layers.Linear{Out: 2},
			layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
			layers.MeanOverTime,
		},
		Shape: []int{1}, Steps: 200, Batch: 20, Loss: Margin{},
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	waves := Waves{Dt: 1e-3, Noise: 0.1}
	t := train.Trainer{
		Model: model, Data: Tones{N: 400, Seed: 1}, Encoder: waves, Epochs: 5,
		Optimiser: &optim.Adam{LearningRate: 1e-2},
	}
	if _, err := t.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	m, err := model.Evaluate(context.Background(), Tones{N: 200, Seed: 2}, waves)
	if err != nil {
		log.Fatal(err)
	}
	var names []string
	for _, p := range model.Params() {
		names = append(names, p.Name())
	}
	slices.Sort(names)
	fmt.Println(names)
	fmt.Println("more than 9 of 10 tones right:", m.Accuracy > 0.9)
	// Output:
	// [0.linear.b 0.linear.w 1.gain 2.Omega 3.linear.b 3.linear.w]
	// more than 9 of 10 tones right: true
}
