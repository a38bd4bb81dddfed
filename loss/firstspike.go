package loss

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/readout"
)

// FirstSpike is the loss of the times of first spikes t_c [batch, classes], those of the readout
// layers.FirstSpike: the neuron of the label shall be the first,
//
//	L = log Σ_c exp(−(t_c − t_label)/ξ) + α (exp(t_label/β) − 1),
//
// averaged over the samples. Times, ξ and β are in steps. The second term makes the neuron of
// the label spike early; without it only the differences of the times count.
//
// Give the readout a Latest, the number of steps, say: the time of neurons that do not spike,
// by which the loss is finite. What such neurons get of the gradient, the readout says.
//
// J. Göltz et al., Fast and energy-efficient neuromorphic deep learning with first-spike times,
// Nature Machine Intelligence 3 (2021), 823, equation 2.
type FirstSpike struct {
	Xi    float64 // ξ, steps; 0 means 1
	Alpha float64 // α; 0 leaves out the second term
	Beta  float64 // β, steps; 0 means 10
}

// Target returns [batch].
func (f FirstSpike) Target(out tensor.Shape) ([]int, error) {
	for name, x := range map[string]float64{"Xi": f.Xi, "Alpha": f.Alpha, "Beta": f.Beta} {
		if !(x >= 0) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("first spike: %s is %v, want a finite number of at least 0", name, x)
		}
	}
	return labels("first spike", out, false)
}

// Scores turns times into scores: the class of the first spike is the answer.
func (FirstSpike) Scores(times []float64) {
	for i, t := range times {
		times[i] = -t
	}
}

// Cost returns the mean of the samples.
func (f FirstSpike) Cost(out, target, weight *G.Node) (*G.Node, error) {
	if _, err := f.Target(shapeOf(out)); err != nil {
		return nil, err
	}
	xi, beta := f.Xi, f.Beta
	if xi == 0 {
		xi = 1
	}
	if beta == 0 {
		beta = 10
	}
	b := graph.NewBuilder(out, nil)
	scores := b.Scale(out, graph.Const(-1/xi))
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("first spike: %w", err)
	}
	cost, err := CrossEntropy{}.Cost(scores, target, weight)
	if err != nil {
		return nil, fmt.Errorf("first spike: %w", err)
	}
	if f.Alpha == 0 {
		return cost, nil
	}
	right, err := readout.OneHot(target, out.Shape()[1])
	if err != nil {
		return nil, fmt.Errorf("first spike: %w", err)
	}
	// exp(0) − 1 is 0 for the other classes.
	late := b.Shift(b.Exp(b.Scale(b.Mul(out, right), graph.Const(1/beta))), graph.Const(-1))
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("first spike: %w", err)
	}
	early, err := weighted("first spike", late, weight, 1, f.Alpha)
	if err != nil {
		return nil, err
	}
	sum := b.Add(cost, early)
	return sum, b.Err()
}
