package train

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/limit"
	"github.com/spikegrad/spikegrad/internal/owner"
	"github.com/spikegrad/spikegrad/internal/shared"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/metric"
)

// A Network describes a network with its loss, for batches of one size. Compile makes a
// Model of it.
type Network struct {
	Net   layers.Layer
	Shape []int     // of one sample at one time step, [features] or [c h w]
	Steps int       // T
	Batch int       // samples in a batch; a shorter batch is padded, and the padding does not count
	Loss  loss.Loss // nil means CrossEntropy

	Metrics []metric.Metric // looked at beside the loss and, where the targets are labels, the accuracy

	// Heads are the outputs that layers.Heads has, or some of them, in the place of Loss and Metrics; the loss is the
	// weighted sum of theirs. All are behind a readout, or none is. The target of a sample is a row of numbers, those
	// of the heads one after the other: a label is one, of a sequence the same at every step; other targets are as
	// many as their outputs. What Predict returns are rows, too.
	Heads []Head

	Dtype   tensor.Dtype // float32 if not set
	Classes []string     // their names, for Answers; nil leaves them without
	Seed    uint64       // of the weights and of dropout

	// SpikeInput makes the input lists of spikes (connect.SpikeInput). Samples that are
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
}

// Compile builds the network, its loss and its gradients, on a graph of their own. The
// Network may be changed afterwards and compiled again, which makes another model.
func (n Network) Compile() (*Model, error) {
	return n.compile(&Model{use: &guard.InUse{}, building: &sync.Mutex{}})
}

// compile makes m a model of n; it has guards, which may be those of another one.
func (n Network) compile(m *Model) (*Model, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	if isNil(n.Loss) && n.Heads == nil {
		n.Loss = loss.CrossEntropy{}
	}
	if n.Dtype == (tensor.Dtype{}) {
		n.Dtype = tensor.Float32
	}
	n.Shape, n.Metrics, n.Heads = slices.Clone(n.Shape), slices.Clone(n.Metrics), slices.Clone(n.Heads)
	var err error
	if m.cut, err = feed.CutUp(n.Steps, n.Segment, n.Window, n.Stride); err != nil {
		return nil, err
	}
	if m.learning != nil {
		if m.cut, m.every, err = cutFor(m.learning, n.Steps); err != nil {
			return nil, err
		}
	}
	m.net, m.training, m.by = n, &guard.InUse{}, &owner.Owner{}
	if err := m.construct(); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	m.family = shared.New(namesOf(m.all()), valuesOf(m.all()))
	return m, nil
}

func (n Network) check() error {
	switch {
	case isNil(n.Net):
		return errors.New("train: the network is nil")
	case n.Steps < 1:
		return fmt.Errorf("train: number of time steps is %d, want at least 1", n.Steps)
	case n.Batch < 1:
		return fmt.Errorf("train: batch size is %d, want at least 1", n.Batch)
	case len(n.Shape) == 0 || slices.Min(n.Shape) < 1:
		return fmt.Errorf("train: shape of a sample is %v, want axes of at least 1", n.Shape)
	case n.Dtype != (tensor.Dtype{}) && n.Dtype != tensor.Float32 && n.Dtype != tensor.Float64:
		return fmt.Errorf("train: element type is %v, want float32 or float64", n.Dtype)
	}
	if _, err := limit.Elements(n.inputShape()...); err != nil {
		return fmt.Errorf("train: input of a batch: %w", err)
	}
	return n.checkHeads()
}

func (n Network) inputShape() []int { return append([]int{n.Steps, n.Batch}, n.Shape...) }
