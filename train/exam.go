package train

import (
	"context"
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/surrogate"
)

// An exam is the part of a model that is made to be diagnosed: it computes the
// gradients of the currents into neurons as well, and its spike functions count
// what they are asked. A nil exam, which all other models have, adds nothing.
type exam struct {
	slopes map[string]*slopes // by layer
	from   int                // where what gradients returns stands in the machine for training
	at     []int              // by layer of neurons, where in gradients its own is; 0 for none
}

// prepare puts counting spike functions in the place of those of the layers. A
// function that fires by chance keeps its place: neurons ask it for more.
func (e *exam) prepare(b *layers.Build) {
	if e == nil {
		return
	}
	e.slopes = map[string]*slopes{}
	b.Spike = func(layer string, own graph.Func) graph.Func {
		if _, random := own.(surrogate.Random); random || own == nil {
			return own
		}
		e.slopes[layer] = &slopes{Func: own}
		return e.slopes[layer]
	}
}

// also returns what the loss is differentiated by besides the parameters: the
// input, so that Gorgonia differentiates by all that lies between.
func (e *exam) also(x *G.Node) G.Nodes {
	if e == nil {
		return nil
	}
	return G.Nodes{x}
}

// gradients returns the gradient of the outputs, and for each layer of neurons on
// which the loss depends the gradient of the currents into it and these.
func (e *exam) gradients(b *layers.Build, out *G.Node, from int) G.Nodes {
	if e == nil {
		return nil
	}
	e.from = from
	nodes := G.Nodes{out}
	if d := out.Deriv(); d != nil {
		nodes[0] = d
	}
	for _, a := range b.Activities {
		if a.In == nil || a.In.Dims() < 3 || a.In.Deriv() == nil {
			e.at = append(e.at, 0)
			continue
		}
		e.at = append(e.at, len(nodes))
		nodes = append(nodes, a.In.Deriv(), a.In)
	}
	return nodes
}

// count turns the counting on or off.
func (e *exam) count(on bool) {
	for _, s := range e.slopes {
		s.on = on
	}
}

// Vitals are what an examination measures.
type vitals struct {
	loss     float64
	out      float64 // effect of the outputs on the loss
	samples  int
	input    float64 // the largest size of an input
	starts   bool    // some input of the first quarter of the steps is not zero
	labels   []int   // of as many samples; nil where targets are no labels
	constant bool    // all labels of the data set are the same
	layers   []*layerVitals
}

// LayerVitals are those of a layer of neurons.
type layerVitals struct {
	layers.Activity
	fires   []float64 // spikes per step, by neuron; nil if the neurons do not spike
	current float64   // the largest size of a current into a neuron; NaN if one is not finite
	top     float64   // the highest voltage; −∞ if the neurons have none
	early   float64   // the largest size of a voltage in the first quarter; NaN as above
	late    float64   // and in the rest
	flips   float64   // share of the steps of the neuron with the largest voltage at which it turns round
	slopes  *slopes   // nil if the neurons do not spike, or fire by chance
	effect  float64   // of the currents on the loss: Σ |gradient · current|
	time    []float64 // norm of the gradient of the currents, by step; nil if not known
	neuron  []float64 // the same by neuron
}

const (
	// diagnosis stands in the place of the epoch for what is drawn in an examination.
	diagnosis = -2
	// enough is the number of samples that are looked at, where a data set has as many.
	enough = 128
)

// An examiner examines a model as often as it is asked.
type examiner struct {
	model, twin *Model
	feed        *feeder
	order       []int          // of the samples
	layers      []int          // of the activities of the twin, those that tell their currents and outputs
	watch       *graph.Machine // of these the outputs, then the currents, then the voltages that there are; nil without any
	voltage     map[int]int    // by layer, the place of its voltage
}

func newExaminer(m *Model, d data.Dataset, enc Encoder, seed uint64) (*examiner, error) {
	twin, err := m.twin(&exam{})
	if err != nil {
		return nil, err
	}
	x := &examiner{model: m, twin: twin, voltage: map[int]int{}}
	if x.feed, err = newFeeder(twin, d, enc); err != nil {
		return nil, err
	}
	if x.order, err = data.Order(x.feed.n, seed, 0); err != nil {
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
		x.watch, err = graph.NewMachine(slices.Concat(outs, ins, vs)...)
	}
	return x, err
}

// examine returns the vitals of the model with the weights that it has now.
func (x *examiner) examine(ctx context.Context) (*vitals, error) {
	if err := x.model.copyTo(x.twin); err != nil {
		return nil, err
	}
	v := &vitals{}
	for _, i := range x.layers {
		a := x.twin.build.Activities[i]
		l := &layerVitals{Activity: a, top: math.Inf(-1), slopes: x.twin.exam.slopes[a.Name]}
		if l.slopes != nil {
			l.slopes.reset()
		}
		if a.Spiking {
			l.fires = make([]float64, a.Out.Shape()[2:].TotalSize())
		}
		v.layers = append(v.layers, l)
	}
	if err := x.outside(ctx, v); err != nil {
		return nil, err
	}
	if err := x.compare(ctx, v); err != nil {
		return nil, err
	}
	return v, x.inside(v)
}

// outside measures what the layers do, on as many batches as are needed.
func (x *examiner) outside(ctx context.Context, v *vitals) error {
	m := x.twin
	if err := m.setMode(nil); err != nil {
		return err
	}
	if x.watch != nil {
		if err := x.watch.SetTraining(false); err != nil {
			return err
		}
	}
	m.exam.count(true)
	defer m.exam.count(false)
	most, steps := max(m.Batch, min(enough, len(x.order))), 0.0
	for b := 0; v.samples < most; b++ {
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
		v.samples += m.Batch
		in := toFloat64(m.x.Value())
		v.input = larger(v.input, largestSize(in))
		v.starts = v.starts || largestSize(in[:max(m.Steps/4, 1)*len(in)/m.Steps]) > 0
		if m.y.Dims() == 1 {
			v.labels = append(v.labels, x.feed.labels...)
		}
		for i, l := range v.layers {
			l.see(rowsOf(x.watch.Value(i)), rowsOf(x.watch.Value(len(v.layers)+i)), x.feed.steps)
			if k, ok := x.voltage[i]; ok {
				l.seeVoltage(rowsOf(x.watch.Value(k)), x.feed.steps)
			}
		}
		for _, n := range x.feed.steps {
			steps += float64(n)
		}
	}
	for _, l := range v.layers {
		for i := range l.fires {
			l.fires[i] /= steps
		}
	}
	return nil
}

// rowsOf returns the values of a sequence [T, batch, …] as T·batch rows.
func rowsOf(v G.Value) [][]float64 {
	return slices.Collect(slices.Chunk(toFloat64(v), v.Shape()[2:].TotalSize()))
}

// compare finds out whether all labels are the same. It reads more of the data set
// only as long as they are.
func (x *examiner) compare(ctx context.Context, v *vitals) error {
	if !x.twin.classifies() || len(x.order) < 2 || slices.Min(v.labels) != slices.Max(v.labels) {
		return nil
	}
	for _, i := range x.order {
		if err := ctx.Err(); err != nil {
			return err
		}
		label, err := x.feed.sample(i, x.feed.samples[:x.feed.perSample])
		if err != nil {
			return fmt.Errorf("sample %d: %w", i, err)
		}
		if label != v.labels[0] {
			return nil
		}
	}
	v.constant = true
	return nil
}

// load loads batch b of the examination. A data set that is too small fills it
// more than once: padding would look like silence.
func (x *examiner) load(b int) error {
	idx := make([]int, x.twin.Batch)
	for i := range idx {
		idx[i] = x.order[(b*len(idx)+i)%len(x.order)]
	}
	return x.feed.load(idx, seeded(x.twin.Seed, diagnosis, b))
}

// see adds up the outputs and the currents of a batch, as far as its samples go.
func (l *layerVitals) see(out, in [][]float64, lengths []float32) {
	for r, z := range out {
		if r/len(lengths) >= int(lengths[r%len(lengths)]) {
			continue
		}
		l.current = larger(l.current, largestSize(in[r]))
		for i, x := range z {
			if x > 0 && l.fires != nil {
				l.fires[i]++
			}
		}
	}
}

// seeVoltage looks at the voltages of a batch, as far as its samples go.
func (l *layerVitals) seeVoltage(v [][]float64, lengths []float32) {
	batch := len(lengths)
	quarter := max(len(v)/batch/4, 1)
	sample, neuron, top := 0, 0, 0.0
	for r, row := range v {
		if r/batch >= int(lengths[r%batch]) {
			continue
		}
		if size := largestSize(row); r/batch < quarter {
			l.early = larger(l.early, size)
		} else {
			l.late = larger(l.late, size)
		}
		for i, u := range row {
			l.top = max(l.top, u)
			if math.Abs(u) > top {
				sample, neuron, top = r%batch, i, math.Abs(u)
			}
		}
	}
	at := func(t int) float64 { return v[t*batch+sample][neuron] }
	turns, steps := 0, min(int(lengths[sample]), len(v)/batch)
	for t := 2; t < steps; t++ {
		if a, b, c := at(t-2), at(t-1), at(t); (b-a)*(c-b) < 0 {
			turns++
		}
	}
	l.flips = max(l.flips, float64(turns)/float64(max(steps-2, 1)))
}

// inside measures the loss and the gradients, on the first batch, as in training.
func (x *examiner) inside(v *vitals) error {
	m := x.twin
	if err := x.load(0); err != nil {
		return err
	}
	if err := m.setMode(seeded(m.Seed, diagnosis, 0)); err != nil {
		return err
	}
	if err := m.fit.Run(); err != nil {
		return err
	}
	fit, grads := m.readFit(), m.exam.from
	v.loss = number(fit.terms[0])
	if m.out.Deriv() != nil {
		v.out = effect(toFloat64(m.fit.Value(grads)), toFloat64(fit.out))
	}
	for i, l := range v.layers {
		if k := m.exam.at[x.layers[i]]; k > 0 {
			g := toFloat64(m.fit.Value(grads + k))
			l.time, l.neuron = norms(g, l.In.Shape())
			l.effect = effect(g, toFloat64(m.fit.Value(grads+k+1)))
		}
	}
	return nil
}

// effect returns Σ |g x|: how much the loss changes, to first order, when all x change
// by a share of themselves, if none makes up for another.
func effect(g, x []float64) float64 {
	s := 0.0
	for i, v := range x {
		s += math.Abs(g[i] * v)
	}
	return s
}

// norms returns the norms of g [T, batch, …] by step and by neuron.
func norms(g []float64, shape tensor.Shape) (time, neuron []float64) {
	n := shape[2:].TotalSize()
	time, neuron = make([]float64, shape[0]), make([]float64, n)
	for i, d := range g {
		time[i/(n*shape[1])] += d * d
		neuron[i%n] += d * d
	}
	for _, s := range [][]float64{time, neuron} {
		for i := range s {
			s[i] = math.Sqrt(s[i])
		}
	}
	return time, neuron
}

func rms(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v * v
	}
	return math.Sqrt(s / float64(max(len(x), 1)))
}

// largestSize returns the largest |x|, NaN if one is not finite.
func largestSize(x []float64) float64 {
	top := 0.0
	for _, v := range x {
		top = larger(top, math.Abs(v))
	}
	return top
}

// larger returns the larger of two sizes, and NaN for what is not finite.
func larger(a, b float64) float64 {
	if m := max(a, b); !math.IsInf(m, 0) {
		return m
	}
	return math.NaN()
}
