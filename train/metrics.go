package train

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/score"
	"github.com/spikegrad/spikegrad/metric"
)

// String returns the loss and the metrics in a line, for one of progress.
func (b Batch) String() string { return metric.Line(b.Loss, b.Values) }

// count adds the batch that f has loaded, and what the network made of it, to the sums.
func (m *Model) count(s *score.Sums, f *feed.Feeder, o score.Outcome) error {
	s.Add(len(f.Present), flat.Number(o.Terms[0]), flat.Numbers(o.Terms[1:]), flat.Numbers(o.Rates))
	x, width := []float64(nil), m.heads[len(m.heads)-1].targets.To
	for _, h := range m.heads {
		if len(h.metrics.Names()) == 0 {
			continue
		}
		if x == nil { // sequences are long
			x = flat.Float64s(o.Out)
		}
		outputs, err := m.outputs(h, f, x)
		if err == nil {
			err = h.metrics.Add(s.Metrics, outputs, func(b int) []float64 { return f.TargetOf(b, h.targets, width, h.labels()) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// summary returns the means.
func (m *Model) summary(s *score.Sums) (metric.Summary, error) {
	var sets []*metric.Set
	for _, h := range m.heads {
		sets = append(sets, h.metrics)
	}
	return s.Summary(m.termNames[1:], m.spiking, sets, m.classifies())
}

// prepareMetrics adds accuracy where there are labels, and asks the metrics what they need.
func (m *Model) prepareMetrics() error {
	named := len(m.net.Classes) > 0
	isAccuracy := func(k metric.Metric) bool { _, ok := k.(metric.Accuracy); return ok }
	for _, h := range m.heads {
		lead, steps := 1, 1
		if h.overTime {
			lead, steps = 2, m.net.Steps
		}
		n := h.out.Shape()[lead:].TotalSize()
		s := metric.Samples{Labels: h.labels(), Outputs: n, Targets: 1}
		if !s.Labels {
			s.Outputs, s.Targets = steps*n, steps*tensor.Shape(h.shape[min(lead, len(h.shape)):]).TotalSize()
		} else if !slices.ContainsFunc(h.Metrics, isAccuracy) {
			h.Metrics = append([]metric.Metric{metric.Accuracy{}}, h.Metrics...)
		}
		if named && s.Labels {
			if k := len(m.net.Classes); k != n {
				return fmt.Errorf("there are the names of %d classes, and %d classes", k, n)
			}
			named = false
		}
		var err error
		if h.metrics, err = metric.NewSet(h.name(""), h.Metrics, s); err != nil {
			return err
		}
	}
	return nil
}

// outputs returns what a head gave for each sample of the batch that f has loaded, of all outputs
// x: of a sequence the steps that the sample has, or their mean where a label is to be found, of
// which the largest is the answer.
func (m *Model) outputs(h *head, f *feed.Feeder, x []float64) ([][]float64, error) {
	rows := h.rows(f, x)
	s, ok := h.Loss.(interface{ Scores([]float64) })
	if !ok || !h.labels() {
		return rows, nil
	}
	return rows, guard.Call("Scores", "loss", h.Loss, func() error {
		for _, r := range rows {
			s.Scores(r)
		}
		return nil
	})
}
