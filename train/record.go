package train

import (
	"context"
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
// of neurons did. It works on a copy of the network for one sample, so training
// costs no more for it.
func (m *Model) Record(ctx context.Context, d data.Dataset, enc Encoder, i int) ([]Recording, error) {
	one := Model{Net: m.Net, Shape: m.Shape, Steps: m.Steps, Batch: 1, Loss: m.Loss, Dtype: m.Dtype, Seed: m.Seed}
	twin, err := NewModel(one)
	if err != nil {
		return nil, fmt.Errorf("train: record: %w", err)
	}
	if err := twin.SetWeights(m.Weights()); err != nil {
		return nil, fmt.Errorf("train: record: %w", err)
	}
	sample, err := data.Subset(d, i, i+1)
	if err != nil {
		return nil, fmt.Errorf("train: record: %w", err)
	}
	var nodes G.Nodes
	voltage := make([]int, len(twin.build.Activities))
	for k, a := range twin.build.Activities {
		nodes = append(nodes, a.Out)
		if v, err := a.Trace("V"); err == nil {
			nodes = append(nodes, v)
			voltage[k] = len(nodes) - 1
		}
	}
	if len(nodes) == 0 {
		return nil, fmt.Errorf("train: record: the network has no neurons")
	}
	machine, err := graph.NewMachine(nodes...)
	if err != nil {
		return nil, fmt.Errorf("train: record: %w", err)
	}
	if err := twin.each(ctx, sample, enc, func(int, []int) {}); err != nil {
		return nil, fmt.Errorf("train: record: %w", err)
	}
	if err := machine.Run(); err != nil {
		return nil, fmt.Errorf("train: record: %w", err)
	}
	var rs []Recording
	at := 0
	for k, a := range twin.build.Activities {
		out := toFloat32(machine.Value(at))
		r := Recording{Layer: a.Name, Spiking: a.Spiking, N: len(out) / m.Steps, Out: out}
		if voltage[k] > 0 {
			at = voltage[k]
			r.V = toFloat32(machine.Value(at))
		}
		at++
		rs = append(rs, r)
	}
	return rs, nil
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
