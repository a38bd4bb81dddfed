package train

import (
	"context"
	"errors"
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/vitals"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
)

// Record runs the network on some samples of a data set and returns what the
// probes saw: for each probe one recording of each layer that it touches. Without
// a probe it returns the outputs of all layers of neurons, then the voltages, the
// states V, of those that have some.
//
// The samples run in the batches in which Evaluate runs them, so an encoder that
// draws at random gives them the same spikes, and where the model has a Segment,
// segment by segment. Parts of longer sequences start from rest. Record works on a copy of the
// network: training costs no more for it. A cancelled context ends it with the
// context's error.
func (m *Model) Record(ctx context.Context, d data.Dataset, enc encode.Encoder, samples []int, probes ...layers.Probe) ([]layers.Recording, error) {
	var rs []layers.Recording
	err := m.within(func() (err error) { rs, err = m.record(ctx, d, enc, samples, probes); return err })
	if err != nil {
		return nil, fmt.Errorf("train: record: %w", err)
	}
	return rs, nil
}

func (m *Model) record(ctx context.Context, d data.Dataset, enc encode.Encoder, samples []int, probes []layers.Probe) ([]layers.Recording, error) {
	if ctx == nil {
		return nil, errNoContext
	}
	twin, err := m.twin(nil)
	if err != nil {
		return nil, err
	}
	from, err := feed.New(twin.inputs(), d, enc)
	if err != nil {
		return nil, err
	}
	if len(samples) == 0 {
		return nil, errors.New("no samples came, want at least one")
	}
	for _, i := range samples {
		if i < 0 || i >= from.N {
			return nil, fmt.Errorf("sample is %d, want 0 to %d", i, from.N-1)
		}
	}
	taps, err := twin.attach(probes)
	if err != nil {
		return nil, err
	}
	return twin.recordBatches(ctx, from, taps, samples)
}

// twin returns a copy of the model, on a graph of its own, which is in use when the
// model is. One with an exam can be examined, and goes through whole samples.
func (m *Model) twin(e *vitals.Exam) (*Model, error) {
	n := m.net
	n.SpikeInput = n.SpikeInput && e == nil // an exam asks for the gradient of the input
	n.Segment, n.Window, n.Stride = 0, 0, 0
	if m.cut.Carries {
		n.Segment = m.cut.Steps
		if e != nil {
			n.Segment = n.Steps
		}
	}
	t, err := n.compile(&Model{exam: e, use: m.use, building: m.building})
	if err != nil {
		return nil, err
	}
	return t, m.copyTo(t)
}

// copyTo gives a twin the weights of the model.
func (m *Model) copyTo(twin *Model) error {
	return m.reading(func() error { return assign(twin.all(), valuesOf(m.all())) })
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

// recordBatches runs the batches that the samples are in, each once, and returns what
// the taps see of the samples.
func (m *Model) recordBatches(ctx context.Context, f *feed.Feeder, taps []layers.Tap, samples []int) ([]layers.Recording, error) {
	machine, err := m.watching(taps)
	if err != nil {
		return nil, err
	}
	if err := m.setMode(nil); err != nil {
		return nil, err
	}
	if err := machine.SetTraining(false); err != nil {
		return nil, err
	}
	rs := make([]layers.Recording, len(taps))
	for len(samples) > 0 {
		batch := samples[0] / m.net.Batch
		n := slices.IndexFunc(samples, func(i int) bool { return i/m.net.Batch != batch })
		if n < 0 {
			n = len(samples)
		}
		if _, err := f.LoadFrom(batch * m.net.Batch); err != nil {
			return nil, err
		}
		if err := m.recordBatch(ctx, f, machine, taps, samples[:n], rs); err != nil {
			return nil, err
		}
		samples = samples[n:]
	}
	return rs, nil
}

// recordBatch runs the batch that is loaded, segment by segment and from rest, and
// adds what the taps see of some of its samples to rs.
func (m *Model) recordBatch(ctx context.Context, f *feed.Feeder, machine *machine.Machine, taps []layers.Tap, samples []int, rs []layers.Recording) error {
	seen := make([][][]float64, len(samples)) // by sample and tap
	for j := range seen {
		seen[j] = make([][]float64, len(taps))
	}
	for b := range f.Starts {
		f.Starts[b] = 1
	}
	for k := range m.cut.Segments {
		if err := ctx.Err(); err != nil {
			return err
		}
		if m.cut.Carries {
			if err := m.carry.Stand(f, k); err != nil {
				return err
			}
		}
		if err := machine.Run(); err != nil {
			return err
		}
		for i, t := range taps {
			for j, s := range samples {
				r, err := t.Record(machine.Value(i), s%m.net.Batch)
				if err != nil {
					return err
				}
				seen[j][i] = append(seen[j][i], r.Values...)
				r.Steps, r.Samples, r.Values = m.net.Steps, rs[i].Samples, rs[i].Values
				rs[i] = r
			}
		}
		if m.cut.Carries {
			if err := m.carry.Keep(k, machine, len(taps)); err != nil {
				return err
			}
		}
	}
	for j, s := range samples {
		for i := range taps {
			r := &rs[i]
			// The last segment may go on behind the end of the sample.
			r.Samples, r.Values = append(r.Samples, s), append(r.Values, seen[j][i][:r.Steps*len(r.Neurons)]...)
		}
	}
	return nil
}

// watching returns a machine for the nodes of taps and the states that leave a
// segment.
func (m *Model) watching(taps []layers.Tap) (*machine.Machine, error) {
	var nodes []*G.Node
	for _, t := range taps {
		nodes = append(nodes, t.Node)
	}
	if m.cut.Carries {
		nodes = append(nodes, m.carry.Outs()...)
	}
	return machine.New(nodes...)
}
