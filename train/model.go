package train

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/limit"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/optim"
)

// A Model is a network with its loss, on a graph of its own, for batches of one
// size. Make it with NewModel, fit it with a Trainer. Its settings must not be changed
// afterwards.
//
// A graph has memory, so that one goroutine uses a model at a time: while it does, the
// methods answer any other one with an error that wraps ErrInUse, those without an error
// with nil. Give each goroutine a Replica. What a method calls of somebody's, a data set,
// an encoder, an observer, may use the model in its turn, for which others may be let in
// as well. Only what runs in the midst of a batch may not: an optimiser, an operation, a
// SegmentEncoder. A copy of a Model is the same model.
type Model struct {
	Net   layers.Layer
	Shape []int        // of one sample at one time step, [features] or [c h w]
	Steps int          // T
	Batch int          // samples in a batch; a shorter batch is padded, and the padding does not count
	Loss  Loss         // nil means CrossEntropy
	Dtype tensor.Dtype // float32 if not set
	Seed  uint64       // of the weights and of dropout

	// SpikeInput makes the input lists of spikes (graph.SpikeInput). Samples that are
	// spike trains come as their events, if the data set is data.Spiking; others by the
	// encoder, as lists if it is a SpikeEncoder. All numbers are those of a dense input;
	// what it costs to make and read the input grows with its spikes alone.
	SpikeInput bool

	// Segment saves memory in long sequences: the network is run so many time steps
	// at a time, what it carries from one segment to the next is kept, and the rest is
	// computed again for the gradient, segment by segment. The gradient is the same up
	// to rounding. 0 keeps everything.
	Segment int
	// Window truncates backpropagation: a gradient goes back through so many time steps
	// at most, and the weights are updated every Stride steps, by the gradient of the
	// readouts and penalties so far and of the losses that are sums over the steps of the
	// stride. 0 goes back to the first step, and updates the weights once a batch. The
	// network carries its states also from one sample to the next of a Continued data
	// set.
	//
	// Every window is whole but those that would begin before the sample does, also the
	// last one where Steps is no multiple of the stride. For that the network goes
	// through so many steps at a time as divide Window, Stride and Steps: choose Steps
	// such that these are not few, which is slow.
	Window int
	Stride int // 0 means Window

	made      *Model       // the settings with which it was made
	use       *guard.InUse // of its memory
	training  *guard.InUse // by a Trainer
	family    *family      // the weights, which replicas read
	replica   bool         // the weights are those of another model
	reads     *snapshot    // which weights a replica has in its graph
	nodes     G.Nodes      // of the weights, in the order of all
	building  *sync.Mutex  // while a network is built: what builds it may be somebody's, and note what it built
	overTime  bool         // the targets are sequences
	cut       cutting
	build     *layers.Build
	x, y, w   *G.Node
	length    *G.Node // time steps of each sample in the segment
	total     *G.Node // and in all segments
	perStep   *G.Node // weight of each time step; nil where nobody asked
	carry     *carry  // nil where a sample is one segment
	out       *G.Node
	params    []*Parameter
	fixed     []*Parameter   // values of neurons that are not learnt
	termNames []string       // of the loss, and of each penalty
	fit       *graph.Machine // terms, outputs, gradients, of a carry those of the states and the states; rates where they are watched
	test      *graph.Machine // terms, outputs, rates, the states of a carry
	fitted    reading        // of the last batch of a training
	tested    reading        // and of an evaluation
	spiking   []string       // layers that have a rate
	fitNodes  G.Nodes        // of fit, without rates
	rates     G.Nodes
	watched   bool            // fit computes rates
	streams   map[int]*stream // for Step, by batch size
	exam      *exam           // of a model that is made to be diagnosed
	by        optim.Optimiser // that trained it last, unless that has trained another model since
}

// NewModel builds the network of m, its loss and its gradients.
func NewModel(m Model) (*Model, error) {
	return m.blank().compile()
}

// blank returns a model of the same settings that has not been made.
func (m *Model) blank() *Model {
	return &Model{
		Net: m.Net, Shape: slices.Clone(m.Shape), Steps: m.Steps, Batch: m.Batch, Loss: m.Loss, Dtype: m.Dtype, Seed: m.Seed,
		SpikeInput: m.SpikeInput, Segment: m.Segment, Window: m.Window, Stride: m.Stride,
	}
}

// compile makes m, which may have the guards of another one.
func (m *Model) compile() (*Model, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if isNil(m.Loss) {
		m.Loss = CrossEntropy{}
	}
	if m.Dtype == (tensor.Dtype{}) {
		m.Dtype = tensor.Float32
	}
	var err error
	if m.cut, err = m.cutUp(); err != nil {
		return nil, err
	}
	m.made, m.training = m.blank(), &guard.InUse{}
	m.use, m.building = cmp.Or(m.use, &guard.InUse{}), cmp.Or(m.building, &sync.Mutex{})
	if err := m.construct(); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	m.family = newFamily(m.all())
	return m, nil
}

// construct makes the graph and the machines.
func (m *Model) construct() error {
	m.building.Lock()
	defer m.building.Unlock()
	return guard.Call("", "", nil, m.assemble)
}

func (m *Model) check() error {
	switch {
	case isNil(m.Net):
		return errors.New("train: the network is nil")
	case m.Steps < 1:
		return fmt.Errorf("train: number of time steps is %d, want at least 1", m.Steps)
	case m.Batch < 1:
		return fmt.Errorf("train: batch size is %d, want at least 1", m.Batch)
	case len(m.Shape) == 0 || slices.Min(m.Shape) < 1:
		return fmt.Errorf("train: shape of a sample is %v, want axes of at least 1", m.Shape)
	case m.Dtype != (tensor.Dtype{}) && m.Dtype != tensor.Float32 && m.Dtype != tensor.Float64:
		return fmt.Errorf("train: element type is %v, want float32 or float64", m.Dtype)
	}
	if _, err := limit.Elements(m.inputShape()...); err != nil {
		return fmt.Errorf("train: input of a batch: %w", err)
	}
	return nil
}

func (m *Model) inputShape() []int { return append([]int{m.Steps, m.Batch}, m.Shape...) }

// fill sets all elements of an input to x.
func fill(n *G.Node, x int) {
	v := make([]float32, n.Shape().TotalSize())
	for i := range v {
		v[i] = float32(x)
	}
	set(n.Value(), v)
}

// isNil reports whether v is nil, or holds a nil pointer, slice or function.
func isNil(v any) bool { return guard.IsNil(v) }

// assemble makes the graph and the machines that run it.
func (m *Model) assemble() error {
	g := G.NewGraph()
	input := func(name string, shape ...int) (*G.Node, error) {
		return graph.Input(g, name, tensor.New(tensor.Of(m.Dtype), tensor.WithShape(shape...)))
	}
	var err error
	if m.x, err = m.inputNode(g); err != nil {
		return err
	}
	for _, in := range []struct {
		name string
		node **G.Node
		x    int
	}{{"sample weights", &m.w, 0}, {"length", &m.length, m.cut.steps}, {"total length", &m.total, m.Steps}} {
		if *in.node, err = input(in.name, m.Batch); err != nil {
			return err
		}
		fill(*in.node, in.x)
	}
	m.build = layers.NewBuild(m.Seed)
	m.build.SampleWeight, m.build.Length = m.w, m.length
	if m.cut.carries {
		if m.carry, err = newCarry(g, m.Dtype, m.Batch); err != nil {
			return err
		}
		m.build.Carry = &layers.Carry{Starts: m.carry.starts}
	}
	m.exam.prepare(m.build)
	m.build.Values = m.given
	if m.out, err = m.apply(m.build, m.x); err != nil {
		return err
	}
	if err := m.askLoss(); err != nil {
		return fmt.Errorf("loss: %w", err)
	}
	shape, err := m.targetShape()
	if err != nil {
		return fmt.Errorf("loss: %w", err)
	}
	if m.y, err = input("target", shape...); err != nil {
		return err
	}
	terms, total, err := m.cost()
	if err != nil {
		return fmt.Errorf("loss: %w", err)
	}
	var outs G.Nodes
	if err := inNetwork(m.build.CheckHidden(m.out)); err != nil {
		return err
	}
	if m.carry != nil {
		if err := m.checkTime(false); err != nil {
			return err
		}
		outs = m.carry.outs()
	}
	show := append(slices.Clone(terms), m.out)
	if m.replica {
		err = m.take()
	} else {
		err = m.differentiate(total, show, outs)
	}
	if err != nil {
		return err
	}
	for _, a := range m.build.Activities {
		if !a.Spiking {
			continue
		}
		r, err := graph.Rate(a.Out, m.stepWeights())
		if err != nil {
			return err
		}
		m.spiking, m.rates = append(m.spiking, a.Name), append(m.rates, r)
	}
	m.test, err = graph.NewMachine(slices.Concat(show, m.rates, outs)...)
	return err
}

// apply adds the network to the graph of x.
func (m *Model) apply(b *layers.Build, x *G.Node) (out *G.Node, err error) {
	err = guard.Call("Apply", "layer", m.Net, func() (err error) { out, err = m.Net.Apply(b, x); return err })
	if err == nil && out == nil {
		err = errors.New("it returned no output")
	}
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	return out, nil
}

// enlist notes the weights.
func (m *Model) enlist() {
	for _, n := range m.build.Params {
		m.params = append(m.params, &Parameter{name: n.Name(), value: n.Value().(*tensor.Dense), keep: m.build.Constraints[n]})
	}
	for _, n := range m.build.Fixed {
		m.fixed = append(m.fixed, &Parameter{name: n.Name(), value: n.Value().(*tensor.Dense)})
	}
	m.nodes = slices.Concat(m.build.Params, m.build.Fixed)
}

// differentiate makes the machine for training: of what is to be shown, the gradients
// and the states that leave.
func (m *Model) differentiate(total *G.Node, show, outs G.Nodes) error {
	wrt := slices.Clone(m.build.Params)
	if m.carry != nil {
		wrt = append(wrt, m.carry.ins()...)
	}
	grads, unused, err := graph.Grad(total, append(wrt, m.exam.also(m.x)...)...)
	if err != nil {
		return err
	}
	for _, i := range unused {
		if i >= len(m.build.Params) {
			continue // a state that nothing flows back through
		}
		m.build.Warnings = append(m.build.Warnings,
			fmt.Sprintf("the loss does not depend on %s: its gradient is zero", m.build.Params[i].Name()))
	}
	if w := m.cut.warning(m); w != "" {
		m.build.Warnings = append(m.build.Warnings, w)
	}
	m.enlist()
	m.fitNodes = slices.Concat(show, grads[:len(wrt)], outs)
	m.fitNodes = append(m.fitNodes, m.exam.gradients(m.build, m.out, len(m.fitNodes))...)
	if m.fit, err = graph.NewMachine(m.fitNodes...); err != nil {
		return err
	}
	if len(outs) > 0 {
		if m.carry.advance, err = graph.NewMachine(outs...); err != nil {
			return err
		}
	}
	return nil
}

// inputNode returns the input of the network.
func (m *Model) inputNode(g *G.ExprGraph) (*G.Node, error) {
	shape := append([]int{m.cut.steps, m.Batch}, m.Shape...)
	if !m.SpikeInput {
		return graph.Input(g, "x", tensor.New(tensor.Of(m.Dtype), tensor.WithShape(shape...)))
	}
	s, err := graph.NewSpikes(shape...)
	if err != nil {
		return nil, err
	}
	return graph.SpikeInput(g, "x", m.Dtype, s)
}

// stepWeights returns the weight of each time step, [T, batch].
func (m *Model) stepWeights() *G.Node {
	if m.perStep == nil {
		var b graph.Builder
		m.perStep = b.StepWeights(m.cut.steps, m.w, m.length, m.total)
	}
	return m.perStep
}

// watch says whether firing rates are to be computed in training. They change no
// bit of anything else.
func (m *Model) watch(rates bool) (err error) {
	if rates == m.watched {
		return nil
	}
	nodes := slices.Clone(m.fitNodes)
	if rates {
		nodes = append(nodes, m.rates...)
	}
	if m.fit, err = graph.NewMachine(nodes...); err == nil {
		m.watched = rates
	}
	return err
}

// Warnings says what a user should know about the network: parameters without
// effect, above all.
func (m *Model) Warnings() []string {
	if m.compiled() != nil {
		return nil
	}
	return slices.Clone(m.build.Warnings)
}

// Nodes returns the number of nodes in the graph. It does not depend on the
// number of time steps.
func (m *Model) Nodes() int {
	if m.compiled() != nil {
		return 0
	}
	return len(m.out.Graph().AllNodes())
}

// Layers returns what the layers of neurons do; their nodes are of the model's
// graph.
func (m *Model) Layers() []layers.Activity {
	if m.compiled() != nil {
		return nil
	}
	return slices.Clone(m.build.Activities)
}
