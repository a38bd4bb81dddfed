package train

import (
	"context"
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
)

// A Recording is what a layer of neurons did with one sample.
type Recording struct {
	Layer   string
	Spiking bool      // the outputs are spikes
	N       int       // neurons
	Out     []float32 // outputs [T, N]
	V       []float32 // membrane voltages [T, N]; nil for neurons without a state V
}

// Record runs the network on sample i of a data set and returns what each layer
// of neurons did. It works on a copy of the network, so training costs no more
// for it.
func (m *Model) Record(ctx context.Context, d data.Dataset, enc Encoder, i int) ([]Recording, error) {
	rs, err := m.record(ctx, d, enc, i)
	if err != nil {
		return nil, fmt.Errorf("train: record: %w", err)
	}
	return rs, nil
}

func (m *Model) record(ctx context.Context, d data.Dataset, enc Encoder, i int) ([]Recording, error) {
	if err := m.compiled(); err != nil {
		return nil, err
	}
	if ctx == nil {
		return nil, errNoContext
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	twin, err := NewModel(Model{Net: m.Net, Shape: m.Shape, Steps: m.Steps, Batch: m.Batch, Loss: m.Loss, Dtype: m.Dtype, Seed: m.Seed})
	if err != nil {
		return nil, err
	}
	if err := twin.SetWeights(m.Weights()); err != nil {
		return nil, err
	}
	feed, err := newFeeder(twin, d, enc)
	if err != nil {
		return nil, err
	}
	if i < 0 || i >= d.Len() {
		return nil, fmt.Errorf("sample is %d, want 0 to %d", i, d.Len()-1)
	}
	if err := feed.load([]int{i}, seeded(m.Seed, evaluation, i)); err != nil {
		return nil, err
	}
	return twin.observe()
}

// observe runs the network on the batch that is loaded and returns what its
// layers of neurons do with the first sample.
func (m *Model) observe() ([]Recording, error) {
	acts := m.build.Activities
	if len(acts) == 0 {
		return nil, errors.New("the network has no neurons")
	}
	rs := make([]Recording, len(acts))
	var nodes G.Nodes
	var to []*[]float32 // where the values of the nodes go
	for k, a := range acts {
		rs[k] = Recording{Layer: a.Name, Spiking: a.Spiking}
		nodes, to = append(nodes, a.Out), append(to, &rs[k].Out)
		if v, err := a.Trace("V"); err == nil {
			nodes, to = append(nodes, v), append(to, &rs[k].V)
		}
	}
	machine, err := graph.NewMachine(nodes...)
	if err != nil {
		return nil, err
	}
	if err := machine.Run(); err != nil {
		return nil, err
	}
	for k := range nodes {
		*to[k] = firstSample(machine.Value(k), m.Steps, m.Batch)
	}
	for k := range rs {
		rs[k].N = len(rs[k].Out) / m.Steps
	}
	return rs, nil
}

// firstSample returns the values of the first sample of v [T, batch, …].
func firstSample(v G.Value, steps, batch int) []float32 {
	x := toFloat32(v)
	n := len(x) / (steps * batch)
	y := make([]float32, 0, steps*n)
	for t := range steps {
		y = append(y, x[t*batch*n:][:n]...)
	}
	return y
}

func toFloat32(v G.Value) []float32 {
	if d, ok := v.Data().([]float32); ok {
		return append([]float32(nil), d...)
	}
	x := toFloat64(v)
	f := make([]float32, len(x))
	for i, y := range x {
		f[i] = float32(y)
	}
	return f
}
