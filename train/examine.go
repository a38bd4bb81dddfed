package train

import (
	"context"
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/vitals"
	"github.com/spikegrad/spikegrad/machine"
)

const (
	// diagnosis stands in the place of the epoch for what is drawn in an examination.
	diagnosis = -2
	// enough is the number of samples that are looked at, where a data set has as many.
	enough = 128
)

// An examiner examines a model as often as it is asked.
type examiner struct {
	model, twin *Model
	feed        *feed.Feeder
	order       []int            // of the samples
	layers      []int            // of the activities of the twin, those that tell their currents and outputs
	watch       *machine.Machine // of these the outputs, then the currents, then the voltages that there are; nil without any
	voltage     map[int]int      // by layer, the place of its voltage
}

func newExaminer(m *Model, d data.Dataset, enc encode.Encoder, seed uint64) (*examiner, error) {
	if m.plain != nil {
		m = m.plain
	}
	twin, err := m.twin(&vitals.Exam{})
	if err != nil {
		return nil, err
	}
	x := &examiner{model: m, twin: twin, voltage: map[int]int{}}
	if x.feed, err = feed.New(twin.inputs(), d, enc); err != nil {
		return nil, err
	}
	if x.order, err = data.Order(x.feed.N, seed, 0); err != nil {
		return nil, err
	}
	var outs, ins, vs []*G.Node
	for i, a := range twin.build.Activities {
		if a.In != nil && a.Out != nil && a.In.Dims() >= 3 && a.Out.Dims() >= 3 {
			x.layers, outs, ins = append(x.layers, i), append(outs, a.Out), append(ins, a.In)
		}
	}
	for k, i := range x.layers {
		a := twin.build.Activities[i]
		if a.Trace == nil {
			continue
		}
		if v, err := a.Trace("V"); err == nil {
			x.voltage[k] = 2*len(outs) + len(vs)
			vs = append(vs, v)
		}
	}
	if len(outs) > 0 {
		x.watch, err = machine.New(slices.Concat(outs, ins, vs)...)
	}
	return x, err
}

// examine returns the vitals of the model with the weights that it has now.
func (x *examiner) examine(ctx context.Context) (*vitals.Network, error) {
	if err := x.model.copyTo(x.twin); err != nil {
		return nil, err
	}
	v := &vitals.Network{}
	for _, i := range x.layers {
		a := x.twin.build.Activities[i]
		l := &vitals.Layer{Name: a.Name, Params: a.Params, Top: math.Inf(-1), Slopes: x.twin.exam.Slopes[a.Name]}
		if l.Slopes != nil {
			l.Slopes.Reset()
		}
		if a.Spiking {
			l.Fires = make([]float64, a.Out.Shape()[2:].TotalSize())
		}
		v.Layers = append(v.Layers, l)
	}
	if err := x.outside(ctx, v); err != nil {
		return nil, err
	}
	if err := x.compare(ctx, v); err != nil {
		return nil, err
	}
	return v, x.inside(v)
}

// outside measures what the layers do in training, on as many batches as are needed.
func (x *examiner) outside(ctx context.Context, v *vitals.Network) error {
	m := x.twin
	if x.watch != nil {
		if err := x.watch.SetTraining(true); err != nil {
			return err
		}
	}
	m.exam.Count(true)
	defer m.exam.Count(false)
	most, steps := max(m.net.Batch, min(enough, len(x.order))), 0.0
	for b := 0; v.Samples < most; b++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := x.load(b); err != nil {
			return err
		}
		if x.watch != nil {
			if err := x.watch.Run(); err != nil {
				return err
			}
		}
		v.Samples += m.net.Batch
		v.SeeInput(flat.Float64s(m.x.Value()), m.net.Steps)
		if m.y.Dims() == 1 {
			v.Labels = append(v.Labels, x.feed.Labels...)
		}
		for i, l := range v.Layers {
			l.See(rowsOf(x.watch.Value(i)), rowsOf(x.watch.Value(len(v.Layers)+i)), x.feed.Steps)
			if k, ok := x.voltage[i]; ok {
				l.SeeVoltage(rowsOf(x.watch.Value(k)), x.feed.Steps)
			}
		}
		for _, n := range x.feed.Steps {
			steps += float64(n)
		}
	}
	for _, l := range v.Layers {
		for i := range l.Fires {
			l.Fires[i] /= steps
		}
	}
	return nil
}

// rowsOf returns the values of a sequence [T, batch, …] as T·batch rows.
func rowsOf(v G.Value) [][]float64 {
	return slices.Collect(slices.Chunk(flat.Float64s(v), v.Shape()[2:].TotalSize()))
}

// compare finds out whether all labels are the same. It reads more of the data set
// only as long as they are.
func (x *examiner) compare(ctx context.Context, v *vitals.Network) error {
	if !x.twin.classifies() || len(x.order) < 2 || slices.Min(v.Labels) != slices.Max(v.Labels) {
		return nil
	}
	for _, i := range x.order {
		if err := ctx.Err(); err != nil {
			return err
		}
		label, err := x.feed.Label(i)
		if err != nil {
			return fmt.Errorf("sample %d: %w", i, err)
		}
		if label != v.Labels[0] {
			return nil
		}
	}
	v.SameLabel = true
	return nil
}

// load loads batch b of the examination, and has the network act as in training, which may
// run on other statistics than evaluation. A data set that is too small fills the batch more
// than once: padding would look like silence.
func (x *examiner) load(b int) error {
	idx := make([]int, x.twin.net.Batch)
	for i := range idx {
		idx[i] = x.order[(b*len(idx)+i)%len(x.order)]
	}
	if err := x.twin.setMode(feed.Seeded(x.twin.net.Seed, diagnosis, b)); err != nil {
		return err
	}
	return x.feed.Load(idx, feed.Seeded(x.twin.net.Seed, diagnosis, b))
}

// inside measures the loss and the gradients, on the first batch, as in training.
func (x *examiner) inside(v *vitals.Network) error {
	m := x.twin
	if err := x.load(0); err != nil {
		return err
	}
	if err := m.runFit(true); err != nil {
		return err
	}
	fit, asked := m.readFit(), m.fitAt.exam.In(m.fit)
	v.Loss = flat.Number(fit.Terms[0])
	if m.exam.Learns(m.out) {
		v.SeeOutput(flat.Float64s(asked[0]), flat.Float64s(fit.Out))
	}
	for i, l := range v.Layers {
		if k := m.exam.At[x.layers[i]]; k > 0 {
			current := asked[k+1]
			l.SeeGradient(flat.Float64s(asked[k]), flat.Float64s(current), current.Shape())
		}
	}
	return nil
}
