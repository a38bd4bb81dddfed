package loss

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/readout"
)

// SpikeCount is the squared distance of spike counts [batch, classes] from a
// count for the right class and one for the others, over the square of the
// former, averaged over classes.
//
// S. Shrestha and G. Orchard, SLAYER: Spike Layer Error Reassignment in Time,
// NeurIPS (2018).
type SpikeCount struct {
	Right, Wrong float64 // spikes wanted; Right is at least 1
}

// Target returns [batch].
func (s SpikeCount) Target(out tensor.Shape) ([]int, error) {
	if !(s.Right >= 1) || !(s.Wrong >= 0) || math.IsInf(s.Right, 0) || math.IsInf(s.Wrong, 0) {
		return nil, fmt.Errorf("spike count: Right is %v and Wrong %v, want finite numbers of at least 1 and 0", s.Right, s.Wrong)
	}
	return labels("spike count", out, false)
}

// Cost returns the mean over samples.
func (s SpikeCount) Cost(out, target, weight *G.Node) (*G.Node, error) {
	b := graph.NewBuilder(out, nil)
	if b.Err() != nil || out.Dims() != 2 {
		return nil, cmp.Or(b.Err(), errors.New("spike count: outputs are no matrix, want [batch classes]"))
	}
	classes := out.Shape()[1]
	want, err := readout.OneHot(target, classes)
	if err != nil {
		return nil, err
	}
	want = b.Shift(b.Scale(want, graph.Const(s.Right-s.Wrong)), graph.Const(s.Wrong))
	cost := b.Square(b.Sub(out, want))
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("spike count: %w", err)
	}
	return weighted("spike count", cost, weight, 1, 1/(s.Right*s.Right*float64(classes)))
}
