package train

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/segments"
	"github.com/spikegrad/spikegrad/layers"
)

// checkTime returns an error if the network gives in the segments that it goes
// through, or for samples of different lengths, something else than on whole
// sequences.
func (m *Model) checkTime(lengths bool) error {
	// The last segment may go on behind the end of the sample.
	lengths = lengths || m.cut.Carries && m.net.Steps%m.cut.Steps > 0
	var err error
	switch {
	case m.cut.Steps > 1:
		err = m.build.CheckTime(m.x, m.out, lengths)
	case m.cut.Carries:
		err = m.checkSteps(m.net.Batch, lengths)
	}
	return inNetwork(err)
}

// checkStepwise returns an error if the network cannot go step by step.
func (m *Model) checkStepwise() error {
	if m.cut.Carries && m.cut.Steps > 1 {
		return nil // as Compile has found
	}
	return inNetwork(m.checkSteps(1, false))
}

// checkSteps looks at the network in windows of two steps: in one, a sum over time
// cannot be told from a copy.
func (m *Model) checkSteps(batch int, lengths bool) error {
	return segments.CheckSteps(m.net.Dtype, append([]int{2, batch}, m.net.Shape...), m.net.Seed, lengths, func(b *layers.Build, x *G.Node) (*G.Node, error) {
		out, err := m.net.Net.Apply(b, x)
		if err == nil {
			out, err = m.join(b, out)
		}
		return out, err
	})
}

func inNetwork(err error) error {
	if err != nil {
		return fmt.Errorf("network: %w", err)
	}
	return nil
}
