package train

import (
	"context"
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
)

// Record runs the network on some samples of a data set and returns what the
// probes saw: for each probe one recording of each layer that it touches. Without
// a probe it returns the outputs of all layers of neurons, then the voltages, the
// states V, of those that have some.
//
// The samples run in the batches in which Evaluate runs them, so an encoder that
// draws at random gives them the same spikes. Record works on a copy of the
// network: training costs no more for it. A cancelled context ends it with the
// context's error.
func (m *Model) Record(ctx context.Context, d data.Dataset, enc Encoder, samples []int, probes ...layers.Probe) ([]layers.Recording, error) {
	rs, err := m.record(ctx, d, enc, samples, probes)
	if err != nil {
		return nil, fmt.Errorf("train: record: %w", err)
	}
	return rs, nil
}

func (m *Model) record(ctx context.Context, d data.Dataset, enc Encoder, samples []int, probes []layers.Probe) ([]layers.Recording, error) {
	if err := m.compiled(); err != nil {
		return nil, err
	}
	if ctx == nil {
		return nil, errNoContext
	}
	twin, err := m.twin(nil)
	if err != nil {
		return nil, err
	}
	feed, err := newFeeder(twin, d, enc)
	if err != nil {
		return nil, err
	}
	if len(samples) == 0 {
		return nil, errors.New("no samples came, want at least one")
	}
	for _, i := range samples {
		if i < 0 || i >= d.Len() {
			return nil, fmt.Errorf("sample is %d, want 0 to %d", i, d.Len()-1)
		}
	}
	taps, err := twin.attach(probes)
	if err != nil {
		return nil, err
	}
	return feed.record(ctx, taps, samples)
}

// twin returns a copy of the model, on a graph of its own; with an exam, one that
// can be examined.
func (m *Model) twin(e *exam) (*Model, error) {
	t := Model{Net: m.Net, Shape: m.Shape, Steps: m.Steps, Batch: m.Batch, Loss: m.Loss, Dtype: m.Dtype, Seed: m.Seed, exam: e}
	if m.cut.carries {
		t.Window = t.Steps // one segment that takes parts of sequences, each from rest
	}
	twin, err := NewModel(t)
	if err != nil {
		return nil, err
	}
	return twin, assign(twin.all(), valuesOf(m.all()))
}

// attach attaches the probes, or the usual ones if there is none.
func (m *Model) attach(probes []layers.Probe) ([]layers.Tap, error) {
	if len(probes) > 0 {
		var taps []layers.Tap
		for _, p := range probes {
			ts, err := p.Attach(m.build)
			if err != nil {
				return nil, err
			}
			taps = append(taps, ts...)
		}
		return taps, nil
	}
	taps, err := layers.Probe{}.Attach(m.build)
	if err != nil {
		return nil, err
	}
	voltages, err := layers.Probe{State: "V"}.Attach(m.build)
	if err != nil { // none has a state V
		return taps, nil
	}
	return append(taps, voltages...), nil
}

// record runs the batches that the samples are in, each once, and returns what
// the taps see of the samples.
func (f *feeder) record(ctx context.Context, taps []layers.Tap, samples []int) ([]layers.Recording, error) {
	machine, err := machineOf(taps)
	if err != nil {
		return nil, err
	}
	if err := f.m.setMode(nil); err != nil {
		return nil, err
	}
	if err := machine.SetTraining(false); err != nil {
		return nil, err
	}
	rs := make([]layers.Recording, len(taps))
	loaded := -1 // first sample of the batch that has run
	var seen []G.Value
	for _, i := range samples {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		from := i / f.m.Batch * f.m.Batch
		if from != loaded {
			if _, err := f.loadFrom(from); err != nil {
				return nil, err
			}
			if err := machine.Run(); err != nil {
				return nil, err
			}
			loaded, seen = from, values(machine, 0, len(taps))
		}
		for k, t := range taps {
			r, err := t.Record(seen[k], i-from)
			if err != nil {
				return nil, err
			}
			r.Samples, r.Values = append(rs[k].Samples, i), append(rs[k].Values, r.Values...)
			rs[k] = r
		}
	}
	return rs, nil
}

// machineOf returns a machine for the nodes of taps.
func machineOf(taps []layers.Tap) (*graph.Machine, error) {
	var nodes []*G.Node
	for _, t := range taps {
		nodes = append(nodes, t.Node)
	}
	return graph.NewMachine(nodes...)
}
