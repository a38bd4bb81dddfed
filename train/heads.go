package train

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/readout"
)

// A Head is one of several outputs of a network, with what is wanted of it.
type Head struct {
	Output  string // its name: that of a layer in layers.Heads
	Loss    loss.Loss
	Weight  float64         // of its loss in the sum; 0 means 1
	Metrics []metric.Metric // as in Network
}

// A head is what is read of a network and held against a target: its output, or one of several.
type head struct {
	Head
	out      *G.Node
	y        *G.Node // its targets
	shape    []int   // of these
	overTime bool    // the output is a sequence [T, batch, …]
	metrics  *metric.Set
	columns  feed.Columns // of the outputs, which lie side by side
	targets  feed.Columns // and of the targets
}

// rows returns the outputs for each sample of the batch that f has loaded, of all outputs x.
func (h *head) rows(f *feed.Feeder, x []float64) [][]float64 {
	return f.Rows(x, h.columns, h.overTime, h.labels())
}

// name puts the name of the head before that of something of it.
func (h *head) name(of string) string {
	if h.Output == "" {
		return of
	}
	return h.Output + " " + of
}

// labels reports whether the targets are labels, and each class has an output.
func (h *head) labels() bool {
	axes := 2
	if h.overTime {
		axes = 3
	}
	return len(h.shape) == 1 && h.out.Dims() == axes
}

// checkHeads returns an error unless there is one loss for the network, or one for each head.
func (n Network) checkHeads() error {
	names := map[string]bool{}
	for i, h := range n.Heads {
		switch {
		case !isNil(n.Loss) || n.Metrics != nil:
			return errors.New("train: a network has Heads with their losses and metrics, or Loss and Metrics of one output, not both")
		case h.Output == "" || names[h.Output]:
			return fmt.Errorf("train: head %d: its output is %q, want the name of another output for each", i, h.Output)
		case !(h.Weight >= 0) || h.Weight > 1e30:
			return fmt.Errorf("train: head %s: its weight is %v, want a finite number of at least 0", h.Output, h.Weight)
		}
		names[h.Output] = true
	}
	return nil
}

// prepareHeads asks the losses what they want of the outputs.
func (m *Model) prepareHeads() error {
	specs := m.net.Heads
	if len(specs) == 0 {
		specs = []Head{{Loss: m.net.Loss, Metrics: m.net.Metrics}}
	}
	m.heads = nil
	for _, s := range specs {
		if isNil(s.Loss) {
			s.Loss = loss.CrossEntropy{}
		}
		s.Weight = cmp.Or(s.Weight, 1)
		h := &head{Head: s, out: m.out}
		if s.Output != "" {
			h.out = outputOf(m.build, s.Output)
		}
		if _, whole := s.Loss.(interface{ Whole() }); whole && m.cut.Carries {
			return fmt.Errorf("%T reads whole sequences, and the network goes through them in parts; leave out Segment and Window", s.Loss)
		}
		var err error
		if h.overTime, err = overTime(s.Loss); err != nil {
			return err
		}
		m.heads = append(m.heads, h)
		if h.overTime != m.heads[0].overTime {
			return fmt.Errorf("of the losses of %s and %s one is of sequences; want all heads to be read over time, or none", m.heads[0].Output, h.Output)
		}
	}
	return nil
}

// overTime asks a loss whether it is one of sequences.
func overTime(l loss.Loss) (over bool, err error) {
	if o, ok := l.(interface{ OverTime() bool }); ok {
		err = guard.Call("OverTime", "loss", l, func() error { over = o.OverTime(); return nil })
	}
	return over, err
}

// outputOf returns the output of a name, nil if there is none.
func outputOf(b *layers.Build, name string) *G.Node {
	i := slices.IndexFunc(b.Outputs, func(o layers.Output) bool { return o.Name == name })
	if i < 0 {
		return nil
	}
	return b.Outputs[i].Node
}

// join returns what a network gives: out, or the outputs of its heads side by side, [batch, n] or
// [T, batch, n].
func (m *Model) join(b *layers.Build, out *G.Node) (*G.Node, error) {
	var names []string
	for _, o := range b.Outputs {
		names = append(names, o.Name)
	}
	if len(m.net.Heads) == 0 {
		if len(names) > 1 {
			return nil, fmt.Errorf("it has the outputs %q, and one loss; want Network.Heads, with a loss for each", names)
		}
		return out, nil
	}
	var parts G.Nodes
	var g graph.Builder
	for _, h := range m.net.Heads {
		n := outputOf(b, h.Output)
		if n == nil {
			return nil, fmt.Errorf("there is no output %s; it has %q, those of layers.Heads", h.Output, names)
		}
		lead := 1
		if over, err := overTime(h.Loss); err != nil {
			return nil, err
		} else if over {
			lead = 2
		}
		s := n.Shape()
		if len(s) <= lead || len(parts) > 0 && !slices.Equal(s[:lead], parts[0].Shape()[:parts[0].Dims()-1]) {
			return nil, fmt.Errorf("output %s has shape %v, want [batch …] behind a readout, or [T batch …] with a loss of sequences, as all heads", h.Output, []int(s))
		}
		parts = append(parts, g.Reshape(n, append(slices.Clone(s[:lead]), s[lead:].TotalSize())...))
	}
	if err := g.Err(); err != nil {
		return nil, err
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return G.Concat(parts[0].Dims()-1, parts...)
}

// place says where outputs and targets of the heads lie, and returns the shape of all targets.
func (m *Model) place() []int {
	outs, targets := 0, 0
	for _, h := range m.heads {
		lead := 1
		if h.overTime {
			lead = 2
		}
		m.targetsOverTime = m.targetsOverTime || h.overTime && len(h.shape) > 1
		n := h.out.Shape()[lead:].TotalSize()
		h.columns, outs = feed.Columns{From: outs, To: outs + n}, outs+n
		n = 1
		if len(h.shape) > 1 {
			n = tensor.Shape(h.shape[lead:]).TotalSize()
		}
		h.targets, targets = feed.Columns{From: targets, To: targets + n}, targets+n
	}
	switch {
	case len(m.net.Heads) == 0:
		return m.heads[0].shape
	case m.targetsOverTime:
		return []int{m.cut.Steps, m.net.Batch, targets}
	}
	return []int{m.net.Batch, targets}
}

// splitTargets gives each head its targets.
func (m *Model) splitTargets() error {
	var b graph.Builder
	for _, h := range m.heads {
		h.y = m.y
		if len(m.net.Heads) == 0 {
			continue
		}
		from := m.y
		if m.targetsOverTime && len(h.shape) == 1 { // a label is the same at every step
			from = b.At(m.y, 0)
		}
		h.y = readout.Columns(&b, from, h.targets.From, h.targets.To, h.shape...)
	}
	return b.Err()
}
