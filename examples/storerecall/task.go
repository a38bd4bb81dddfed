package main

import (
	"fmt"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
)

const (
	slots     = 12           // stretches of a sequence
	slot      = 200          // of 1 ms
	steps     = slots * slot // T
	command   = 1. / 6       // probability of a command where it makes sense
	perGroup  = 10           // input neurons of each group
	inputRate = 0.05         // of an active one, spikes per ms: 50 Hz
)

// The groups of input neurons.
const (
	zero   = iota // the value is 0
	one           // the value is 1
	store         // remember the value
	recall        // say the value that was stored
	groups
	inputs = groups * perGroup
)

// A sequence is what is presented in its slots, and what is to be answered: 1 or
// −1 for a stored 1 or 0 in a slot with a recall, else 0.
type sequence struct {
	active [slots][groups]bool
	answer [slots]int
}

// newSequence draws a sequence. A slot presents a random value; while nothing is stored
// it has the command to store it with a probability of 1/6; and while something
// is, it has, instead of a value, the command to recall with a probability of 1/6,
// after which nothing is stored any more.
func newSequence(r *rand.Rand) (s sequence) {
	stored := 0
	for k := range s.active {
		value, commanded := r.IntN(2), r.Float64() < command
		switch {
		case commanded && stored != 0:
			s.active[k][recall] = true
			s.answer[k], stored = stored, 0
			continue
		case commanded:
			s.active[k][store] = true
			stored = 2*value - 1
		}
		s.active[k][zero+value] = true
	}
	return s
}

// sequences is a data set of n sequences that are drawn when they are asked for.
// Those of a set differ, so that a training never sees one twice.
type sequences struct {
	n    int
	seed uint64
}

func (d sequences) Len() int     { return d.n }
func (d sequences) Shape() []int { return []int{slots, groups} }

func (d sequences) at(i int) sequence { return newSequence(rand.New(rand.NewPCG(d.seed, uint64(i)))) }

// Sample writes 1 for the active groups of sequence i to x, and 0 for the others.
// There is no label.
func (d sequences) Sample(i int, x []float32) (int, error) {
	if i < 0 || i >= d.n || len(x) != slots*groups {
		return 0, fmt.Errorf("sequence %d asked for in a length of %d, want 0 to %d in %d", i, len(x), d.n-1, slots*groups)
	}
	clear(x)
	for k, active := range d.at(i).active {
		for g, on := range active {
			if on {
				x[k*groups+g] = 1
			}
		}
	}
	return 0, nil
}

// Target writes the answers of sequence i to y, of each slot, or of each time step if y has so many.
func (d sequences) Target(i int, y []float32) error {
	if i < 0 || i >= d.n || len(y) != slots && len(y) != steps {
		return fmt.Errorf("answers to sequence %d asked for in a length of %d, want 0 to %d in %d", i, len(y), d.n-1, slots)
	}
	each := len(y) / slots
	for k, a := range d.at(i).answer {
		for t := range each {
			y[k*each+t] = float32(a)
		}
	}
	return nil
}

// spikes makes the neurons of active groups fire at random.
var spikes = encode.Func(func(dst, x []float32, steps int, r *rand.Rand) error {
	batch := len(x) / (slots * groups)
	clear(dst)
	for b := range batch {
		for k := range slots {
			for g := range groups {
				if x[(b*slots+k)*groups+g] == 0 {
					continue
				}
				for t := k * slot; t < (k+1)*slot; t++ {
					group := dst[(t*batch+b)*inputs+g*perGroup:][:perGroup]
					for i := range group {
						if r.Float64() < inputRate {
							group[i] = 1
						}
					}
				}
			}
		}
	}
	return nil
})

// slotMeans is the layer that averages over slots, from [T, batch, n] to
// [batch, slots, n].
var slotMeans layers.Layer = layers.Func(func(x *G.Node) (*G.Node, error) {
	batch, n := x.Shape()[1], x.Shape()[2]
	var b graph.Builder
	sum := b.Reduce(b.Reshape(x, slots, slot, batch*n), []int{slots, 1, batch * n})
	mean := b.Reshape(b.Scale(sum, graph.Const(1./slot)), slots, batch, n)
	if err := b.Err(); err != nil {
		return nil, err
	}
	return G.Transpose(mean, 1, 0, 2)
})

// recalled is the cross-entropy of outputs [batch, slots, 2] in the slots with a
// recall, averaged over these.
type recalled struct{}

// Target returns [batch, slots].
func (recalled) Target(out tensor.Shape) ([]int, error) {
	if len(out) != 3 || out[1] != slots || out[2] != 2 {
		return nil, fmt.Errorf("outputs have shape %v, want [batch %d 2]", []int(out), slots)
	}
	return out[:2], nil
}

// Cost returns the loss.
func (recalled) Cost(out, answer, weight *G.Node) (*G.Node, error) {
	batch := out.Shape()[0]
	n := batch * slots
	var b graph.Builder
	asked := b.Mul(b.Square(answer), b.Expand(b.Reshape(weight, batch, 1), []int{batch, slots}))
	// A batch without a recall has no loss, and not 0/0.
	all := b.Expand(b.AtLeast(b.Reduce(asked, []int{1, 1}), 1e-6), []int{batch, slots})
	share := b.Reshape(b.Div(asked, all), n)
	label := b.Reshape(b.Relu(answer), n)
	logits := b.Reshape(out, n, 2)
	if err := b.Err(); err != nil {
		return nil, err
	}
	return loss.CrossEntropy{}.Cost(logits, label, share)
}

// stepwise is the cross-entropy of outputs [T, batch, 2] at each time step with a recall, for what learns online: summed
// over the slots of a sequence, each of which counts the mean of its steps.
type stepwise struct{}

// OverTime returns true: there is a loss at each time step.
func (stepwise) OverTime() bool { return true }

// Target returns [T, batch].
func (stepwise) Target(out tensor.Shape) ([]int, error) {
	if len(out) != 3 || out[2] != 2 {
		return nil, fmt.Errorf("outputs have shape %v, want [T batch 2]", []int(out))
	}
	return out[:2], nil
}

// Cost returns the loss.
func (stepwise) Cost(out, answer, weight *G.Node) (*G.Node, error) {
	n := out.Shape()[:2].TotalSize()
	var b graph.Builder
	share := b.Reshape(b.Scale(b.Mul(b.Square(answer), weight), graph.Const(slots)), n) // a weight is 1/(T batch)
	label, logits := b.Reshape(b.Relu(answer), n), b.Reshape(out, n, 2)
	if err := b.Err(); err != nil {
		return nil, err
	}
	return loss.CrossEntropy{}.Cost(logits, label, share)
}

// slotMean returns the means over slots [n, slots, 2] of outputs at each time step, [n, T, 2].
func slotMean(out []float32) []float32 {
	means := make([]float32, len(out)/slot)
	for i, y := range out {
		means[i/(2*slot)*2+i%2] += y / slot
	}
	return means
}

// recallError returns the share of the recalls in a set that outputs
// [n, slots, 2] answer wrongly, and how many recalls there are.
func (d sequences) recallError(out []float32) (share float64, recalls int) {
	wrong := 0
	for i := range d.n {
		for k, a := range d.at(i).answer {
			if a == 0 {
				continue
			}
			recalls++
			if y := out[(i*slots+k)*2:]; (y[1] > y[0]) != (a > 0) {
				wrong++
			}
		}
	}
	return float64(wrong) / float64(max(recalls, 1)), recalls
}
