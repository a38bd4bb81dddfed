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
	fit       *graph.Machine // for training
	fitAt     layout
	test      *graph.Machine // for evaluation
	testAt    layout
	fitted    reading  // of the last batch of a training
	tested    reading  // and of an evaluation
	spiking   []string // layers that have a rate
	fitNodes  G.Nodes  // of fit, without rates
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

// isNil reports whether v is nil, or holds a nil pointer, slice or function.
func isNil(v any) bool { return guard.IsNil(v) }

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
