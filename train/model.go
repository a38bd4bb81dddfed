package train

import (
	"slices"
	"sync"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/owner"
	"github.com/spikegrad/spikegrad/internal/score"
	"github.com/spikegrad/spikegrad/internal/segments"
	"github.com/spikegrad/spikegrad/internal/shared"
	"github.com/spikegrad/spikegrad/internal/vitals"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
)

// A Model is a network with its loss on a graph of its own: what [Network.Compile]
// returns. A Trainer fits it.
//
// A graph has memory, so that one goroutine uses a model at a time: while it does, the
// methods answer any other one with an error that wraps ErrInUse, those without an error
// with nil. Give each goroutine a Replica. What a method calls of somebody's, a data set,
// an encoder, an observer, may use the model in its turn, for which others may be let in
// as well. Only what runs in the midst of a batch may not: an optimiser, an operation, a
// SegmentEncoder. A copy of a Model is the same model.
type Model struct {
	net             Network          // with its defaults
	use             *guard.InUse     // of its memory
	training        *guard.InUse     // by a Trainer
	family          *shared.Weights  // the weights, which replicas read
	replica         bool             // the weights are those of another model
	reads           *shared.Snapshot // which weights a replica has in its graph
	nodes           G.Nodes          // of the weights, in the order of all
	building        *sync.Mutex      // while a network is built: what builds it may be somebody's, and note what it built
	cut             feed.Cut
	build           *layers.Build
	x, y, w         *G.Node
	length          *G.Node         // time steps of each sample in the segment
	total           *G.Node         // and in all segments
	perStep         *G.Node         // weight of each time step; nil where nobody asked
	carry           *segments.Carry // nil where a sample is one segment
	out             *G.Node
	params          []*Parameter
	fixed           []*Parameter     // values of neurons that are not learnt
	termNames       []string         // of the loss, of the losses of heads, and of each penalty
	lossTerms       int              // how many of them are losses
	heads           []*head          // of the outputs, at least one
	targetsOverTime bool             // they are sequences [T, batch, …]
	fit             *machine.Machine // for training
	end, ran        *machine.Machine // the same without the states that leave, nil until it is wanted; and which of the two ran last
	fitAt           layout
	test            *machine.Machine // for evaluation
	testAt          layout
	fitted          score.Outcome // of the last batch of a training
	tested          score.Outcome // and of an evaluation
	spiking         []string      // layers that have a rate
	fitNodes        G.Nodes       // of fit
	rates           G.Nodes
	watched         bool            // fit computes rates
	streams         map[int]*stream // for Step, by batch size
	exam            *vitals.Exam    // of a model that is made to be diagnosed
	learning        Learning        // in the place of backpropagation; nil without
	every           int             // windows from one change of weights to the next; 0 at the end
	gradients       func(out, cost *G.Node) (G.Nodes, error)
	plain           *Model       // the model that learning is for, whose weights these are; nil else
	by              *owner.Owner // the optimiser that trained it last
}

// construct makes the graph and the machines.
func (m *Model) construct() error {
	m.building.Lock()
	defer m.building.Unlock()
	return guard.Call("", "", nil, m.assemble)
}

// Network returns what the model was compiled from, with the defaults of what was not set.
func (m *Model) Network() Network {
	if !m.compiled() {
		return Network{}
	}
	n := m.net
	n.Shape = slices.Clone(n.Shape)
	return n
}

// isNil reports whether v is nil, or holds a nil pointer, slice or function.
func isNil(v any) bool { return guard.IsNil(v) }

// Warnings says what a user should know about the network: parameters without
// effect, above all.
func (m *Model) Warnings() []string {
	if !m.compiled() {
		return nil
	}
	return slices.Clone(m.build.Warnings)
}

// Nodes returns the number of nodes in the graph. It does not depend on the
// number of time steps.
func (m *Model) Nodes() int {
	if !m.compiled() {
		return 0
	}
	return len(m.out.Graph().AllNodes())
}

// Layers returns what the layers of neurons do; their nodes are of the model's
// graph.
func (m *Model) Layers() []layers.Activity {
	if !m.compiled() {
		return nil
	}
	return slices.Clone(m.build.Activities)
}

// inputs returns what a Feeder fills.
func (m *Model) inputs() feed.Inputs {
	in := feed.Inputs{
		X: m.x, Y: m.y, Weights: m.w, Length: m.length, Total: m.total,
		Shape: m.net.Shape, Steps: m.net.Steps, Batch: m.net.Batch, Seed: m.net.Seed,
		Segment: m.cut.Steps, Segments: m.cut.Segments, Carries: m.cut.Carries, Sequences: m.targetsOverTime,
		CheckLengths: func() error { return m.checkTime(true) }, Lend: m.use.Lend,
	}
	if m.classifies() {
		in.Classes = m.out.Shape()[m.out.Dims()-1]
	}
	return in
}
