package hostile_test

import (
	"context"
	"math"
	"os"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/train"
)

var (
	background = context.Background()
	nan        = math.NaN()
	inf        = math.Inf(1)
	lif        = layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams())
)

// node returns an input of a graph of its own, without a value.
func node(shape ...int) *G.Node {
	return G.NewTensor(G.NewGraph(), tensor.Float32, len(shape), G.WithName("x"), G.WithShape(shape...))
}

// built returns the first error of a Builder.
func built(f func(b *graph.Builder)) error {
	var b graph.Builder
	f(&b)
	return b.Err()
}

// or returns the error, or else the value.
func or[T any](v T, err error) any {
	if err != nil {
		return err
	}
	return v
}

// fails returns the error.
func fails[T any](_ T, err error) any {
	if err == nil {
		return nil
	}
	return err
}

// errOf turns the nil error into nothing.
func errOf(err error) any {
	if err == nil {
		return nil
	}
	return err
}

// model returns a small network.
func model(change func(*train.Network)) (*train.Model, error) {
	m := train.Network{Net: layers.Sequential{layers.Linear{Out: 3}, layers.Last}, Shape: []int{4}, Steps: 2, Batch: 2}
	change(&m)
	return m.Compile()
}

// trains runs a small training.
func trains(change func(*train.Trainer)) any {
	m, err := model(func(*train.Network) {})
	if err != nil {
		return err
	}
	d, err := data.NewYinYang(4, 1)
	if err != nil {
		return err
	}
	t := &train.Trainer{Model: m, Data: d, Epochs: 1}
	change(t)
	return fails(t.Run(background))
}

// lying is a Reducer that says what it likes, and gathers what it has alone.
type lying struct{ rank, size int }

func (r lying) Rank() int                { return r.rank }
func (r lying) Size() int                { return r.size }
func (r lying) Sum32([]float32) error    { panic("no sums") }
func (r lying) Sum64([]float64) error    { panic("no sums") }
func (r lying) Broadcast(b []byte) error { return nil }
func (r lying) Gather(b []byte) ([][]byte, error) {
	return [][]byte{b}, nil
}

// huge is a data set of 2⁴⁰ samples.
type huge struct{ data.Dataset }

func (huge) Len() int                           { return 1 << 40 }
func (huge) Shape() []int                       { return []int{4} }
func (huge) Sample(int, []float32) (int, error) { return 0, nil }

func calls() []call {
	var all []call
	for _, part := range [][]call{dataCalls(), recordingCalls(), encodeCalls(), graphCalls(), layerCalls(), modelCalls(), trainerCalls(), otherCalls()} {
		all = append(all, part...)
	}
	return all
}

func dataCalls() []call {
	return []call{
		{"data.Order(1<<40, 1, 0)", func() any { return fails(data.Order(1<<40, 1, 0)) }},
		{"data.Order(math.MinInt, 1, 0)", func() any { return or(data.Order(math.MinInt, 1, 0)) }},
		{"data.NewYinYang(-1, 1)", func() any { return fails(data.NewYinYang(-1, 1)) }},
		{"data.NewYinYang(1<<40, 1)", func() any { return fails(data.NewYinYang(1<<40, 1)) }},
		{"data.New(nil, nil, nil)", func() any { return fails(data.New(nil, nil, nil)) }},
		{"data.New([]int{math.MaxInt, 2}, nil, nil)", func() any { return fails(data.New([]int{math.MaxInt, 2}, nil, nil)) }},
		{"data.New([]int{1}, []float32{NaN}, []int{0})", func() any { return fails(data.New([]int{1}, []float32{float32(nan)}, []int{0})) }},
		{"data.New([]int{1}, []float32{0}, []int{math.MaxInt})", func() any { return fails(data.New([]int{1}, []float32{0}, []int{math.MaxInt})) }},
		{"data.NewEvents([]int{3, 4}, [][]data.Event{{{Step: 3}}}, []int{0})", func() any {
			return fails(data.NewEvents([]int{3, 4}, [][]data.Event{{{Step: 3}}}, []int{0}))
		}},
		{"data.NewEvents([]int{1 << 40, 1 << 40}, nil, nil)", func() any { return fails(data.NewEvents([]int{1 << 40, 1 << 40}, nil, nil)) }},
		{"data.NewRandman(data.RandmanParams{}, 1, 1)", func() any { return fails(data.NewRandman(data.RandmanParams{}, 1, 1)) }},
		{"data.NewRandman(data.DefaultRandmanParams(), 1<<40, 1)", func() any { return fails(data.NewRandman(data.DefaultRandmanParams(), 1<<40, 1)) }},
		{"data.Subset(nil, 0, 1)", func() any { return fails(data.Subset(nil, 0, 1)) }},
		{"data.Subset((*data.Memory)(nil), 0, 1)", func() any { return fails(data.Subset((*data.Memory)(nil), 0, 1)) }},
		{"data.ReadIDX(nil)", func() any { _, _, err := data.ReadIDX(nil); return errOf(err) }},
		{`data.ReadIDX(strings.NewReader("\x00\x00\x08\x02\x7f\xff\xff\xff\x7f\xff\xff\xff"))`, func() any {
			_, _, err := data.ReadIDX(strings.NewReader("\x00\x00\x08\x02\x7f\xff\xff\xff\x7f\xff\xff\xff"))
			return errOf(err)
		}},
		{`data.OpenIDX(os.DevNull, os.DevNull, 10)`, func() any { return fails(data.OpenIDX(os.DevNull, os.DevNull, 10)) }},
		{`data.OpenIDX(".", ".", -1)`, func() any { return fails(data.OpenIDX(".", ".", -1)) }},
		{`data.OpenMNIST("")`, func() any { _, _, _, err := data.OpenMNIST(""); return errOf(err) }},
		{"data.YinYangClass(NaN, NaN)", func() any { _, inside := data.YinYangClass(nan, nan); return inside }},
	}
}

func encodeCalls() []call {
	return []call{
		{"encode.Derivatives(1<<40)", func() any { return fails(encode.Derivatives(1 << 40)) }},
		{"encode.Derivatives(-1)", func() any { return fails(encode.Derivatives(-1)) }},
		{"encode.DefaultTemporalScales(1<<40).Values()", func() any { return fails(encode.DefaultTemporalScales(1 << 40).Values()) }},
		{"encode.ConstantCurrentLIF(x, 1<<40, p)", func() any { return fails(encode.ConstantCurrentLIF(node(2, 3), 1<<40, neurons.DefaultLIFBoxParams())) }},
		{"encode.ConstantCurrentLIF(nil, 1, p)", func() any { return fails(encode.ConstantCurrentLIF(nil, 1, neurons.DefaultLIFBoxParams())) }},
		{"encode.SpikeLatencyLIF(x, -1, p)", func() any { return fails(encode.SpikeLatencyLIF(node(2, 3), -1, neurons.DefaultLIFBoxParams())) }},
		{"encode.Population(x, encode.PopulationParams{Features: 1 << 40})", func() any { return fails(encode.Population(node(2, 3), encode.PopulationParams{Features: 1 << 40})) }},
		{"encode.Population(x, encode.PopulationParams{Features: 3, Scale: NaN})", func() any {
			return fails(encode.Population(node(2, 3), encode.PopulationParams{Features: 3, Scale: nan}))
		}},
		{"encode.GaussianKernel(c, x, y, 1<<40, 1)", func() any { return fails(encode.GaussianKernel(node(2, 2), nil, nil, 1<<40, 1)) }},
		{"encode.SpatialParameters(encode.SpatialSet{})", func() any { return fails(encode.SpatialParameters[float32](encode.SpatialSet{})) }},
		{"encode.SpatialParameters of 10,000 scales, angles, ratios and centres each", func() any {
			many := make([]float64, 10000)
			return fails(encode.SpatialParameters[float32](encode.SpatialSet{Scales: many, Angles: many, Ratios: many, X: many, Y: many, Derivatives: [][2]int{{0, 0}}}))
		}},
		{"encode.PoissonParams{}.Encode(nil, nil, 1, nil)", func() any {
			return errOf(encode.PoissonParams{}.Encode(nil, nil, 1, nil))
		}},
		{"encode.SpikeTimes(nil, 1)", func() any { return fails(encode.SpikeTimes(nil, 1)) }},
		{"encode.Sum(x, math.MinInt)", func() any { return fails(encode.Sum(node(2, 3), math.MinInt)) }},
	}
}
