package main

import (
	"fmt"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/loss"
)

// Times are in steps of 1 ms.
const (
	cue      = 100  // how long a cue lasts
	pause    = 50   // before each
	decision = 150  // how long there is to decide, at the end
	likely   = 0.7  // probability that a cue is on the side of the trial
	perGroup = 10   // input neurons of each group
	fires    = 0.04 // of an active one, spikes per ms: 40 Hz
	noise    = 0.01 // of those that are always active
)

// The groups of input neurons.
const (
	left   = iota // a cue on the left
	right         // a cue on the right
	decide        // say which side had more
	always        // noise
	groups
	inputs = groups * perGroup
)

// A setting is how long a trial is.
type setting struct{ cues, delay int }

func (s setting) steps() int { return s.cues*(pause+cue) + s.delay + decision }

func (s setting) check() error {
	if s.cues < 1 || s.cues%2 == 0 || s.delay < 0 {
		return fmt.Errorf("there are %d cues and a delay of %d ms, want an odd number and at least 0", s.cues, s.delay)
	}
	return nil
}

// trials is a data set of n trials that are drawn when they are asked for. Those of a set differ, so that a training
// never sees one twice.
type trials struct {
	setting
	n    int
	seed uint64
}

func (d trials) Len() int     { return d.n }
func (d trials) Shape() []int { return []int{d.cues} }

// Sample writes for each cue of trial i whether it is on the right, 1 or 0, and returns whether most of them are.
func (d trials) Sample(i int, x []float32) (int, error) {
	if i < 0 || i >= d.n || len(x) != d.cues {
		return 0, fmt.Errorf("trial %d asked for in a length of %d, want 0 to %d in %d", i, len(x), d.n-1, d.cues)
	}
	r := rand.New(rand.NewPCG(d.seed, uint64(i)))
	rights, side := 0, r.IntN(2)
	for k := range x {
		at := side
		if r.Float64() >= likely {
			at = 1 - side
		}
		x[k] = float32(at)
		rights += at
	}
	if 2*rights > d.cues {
		return 1, nil
	}
	return 0, nil
}

// Target writes the answer to trial i to y, for each time step: 1 or −1 for right or left where there is to decide, else 0.
func (d trials) Target(i int, y []float32) error {
	if len(y) != d.steps() {
		return fmt.Errorf("the answer to trial %d asked for in a length of %d, want %d", i, len(y), d.steps())
	}
	side, err := d.Sample(i, make([]float32, d.cues))
	clear(y)
	for t := len(y) - decision; t < len(y); t++ {
		y[t] = float32(2*side - 1)
	}
	return err
}

// rates returns the probability that neurons of each group fire at step t of a trial with the given cues.
func (s setting) rates(cues []float32, t int) (p [groups]float64) {
	p[always] = noise
	if k := t / (pause + cue); k < s.cues && t%(pause+cue) >= pause {
		p[left+int(cues[k])] = fires
	}
	if t >= s.steps()-decision {
		p[decide] = fires
	}
	return p
}

// spikes makes the input neurons fire at random.
func (s setting) spikes() encode.Encoder {
	return encode.Func(func(dst, x []float32, steps int, r *rand.Rand) error {
		n := len(x) / s.cues
		clear(dst)
		for t := range steps {
			for b := range n {
				for g, p := range s.rates(x[b*s.cues:][:s.cues], t) {
					if p == 0 {
						continue
					}
					group := dst[(t*n+b)*inputs+g*perGroup:][:perGroup]
					for i := range group {
						if r.Float64() < p {
							group[i] = 1
						}
					}
				}
			}
		}
		return nil
	})
}

// decided is the cross-entropy of outputs [T, batch, 2] at each time step at which there is to decide, averaged over these.
type decided struct{ scale float64 } // T over the steps of a decision

// OverTime returns true: there is a loss at each time step.
func (decided) OverTime() bool { return true }

// Target returns [T, batch].
func (decided) Target(out tensor.Shape) ([]int, error) {
	if len(out) != 3 || out[2] != 2 {
		return nil, fmt.Errorf("outputs have shape %v, want [T batch 2]", []int(out))
	}
	return out[:2], nil
}

// Cost returns the loss. A weight is 1/(T batch) of the steps of a whole trial, of which a decision takes some.
func (d decided) Cost(out, answer, weight *G.Node) (*G.Node, error) {
	n := out.Shape()[:2].TotalSize()
	var b graph.Builder
	share := b.Reshape(b.Scale(b.Mul(b.Square(answer), weight), graph.Const(d.scale)), n)
	label, logits := b.Reshape(b.Relu(answer), n), b.Reshape(out, n, 2)
	if err := b.Err(); err != nil {
		return nil, err
	}
	return loss.CrossEntropy{}.Cost(logits, label, share)
}

// wrong returns the share of trials in a set that outputs [n, T, 2], added up over the time of the decision, answer wrongly.
func (d trials) wrong(out []float32) (float64, error) {
	x, wrong, steps := make([]float32, d.cues), 0, d.steps()
	for i := range d.n {
		side, err := d.Sample(i, x)
		if err != nil {
			return 0, err
		}
		var odds float32
		for t := steps - decision; t < steps; t++ {
			y := out[(i*steps+t)*2:]
			odds += y[1] - y[0]
		}
		if (odds > 0) != (side == 1) {
			wrong++
		}
	}
	return float64(wrong) / float64(d.n), nil
}
