package online

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
)

// Firing is the firing-rate term of e-prop: a learning signal beside that of the loss, by which neurons below their
// target fire more, and others less. With the running mean of the outputs z of neuron j,
//
//	f_j ← f_j + (z_j − f_j) / τ
//	L_j = c (f_j − f)
//
// where f_j is then the mean over the samples too, and f the target, from which it starts. L counts at each time step, as
// the mean over the samples.
//
// layers.Regularise(layers.Rate{Lower: f, Upper: f, Weight: w}) is the same term with another mean, the rate since the
// beginning of the sequence: where the window of EProp is a whole sequence of T steps, it gives L_j = 2w/(nT) (f_j − f)
// to n neurons. In a stream that does not end such a mean no longer changes.
//
// What neurons do behind the end of a shorter sample counts here, as the network runs on; layers.Rate leaves it out.
//
// G. Bellec et al., Nature Communications 11 (2020), 3625, methods.
type Firing struct {
	Target float64 // f, spikes per time step
	Weight float64 // c; 0 leaves the term out
	Tau    float64 // τ, time steps; 0 means 500
}

func (f Firing) check() error {
	switch {
	case !(f.Weight >= 0) || math.IsInf(f.Weight, 1):
		return fmt.Errorf("the weight of Firing is %v, want a finite number of at least 0", f.Weight)
	case !(f.Target >= 0) || math.IsInf(f.Target, 1):
		return fmt.Errorf("the target of Firing is %v, want a finite number of at least 0", f.Target)
	case f.Tau != 0 && !(f.Tau >= 1) || math.IsInf(f.Tau, 1):
		return fmt.Errorf("the time constant of Firing is %v steps, want at least 1", f.Tau)
	}
	return nil
}

// A running mean is a step that follows its input.
type running struct{ keep, take, start float64 }

type runningState struct{ F *G.Node }

func (p running) Rest(x *G.Node) (runningState, error) {
	var b graph.Builder
	return runningState{b.Fill(x, graph.Const(p.start))}, b.Err()
}

func follow(x *G.Node, s runningState, p running) (*G.Node, runningState, error) {
	b := graph.NewBuilder(x, &s)
	s.F = b.Add(b.Scale(s.F, graph.Const(p.keep)), b.Scale(x, graph.Const(p.take)))
	return s.F, s, b.Err()
}

// addFiring adds the signal to the penalty of neurons that spike.
func (r *rule) addFiring(c *cell) error {
	f := r.Firing
	if f.Weight == 0 || !c.act.Spiking {
		return nil
	}
	if f.Tau == 0 {
		f.Tau = 500
	}
	z := c.out
	p := running{keep: 1 - 1/f.Tau, take: 1 / f.Tau, start: f.Target}
	var b graph.Builder
	st, err := r.b.Enter("rate of "+c.name, b.Constant(z, f.Target, z.Shape()[1:]...))
	if err != nil {
		return err
	}
	run, err := graph.Scan(follow, z, &runningState{st.From()}, p)
	if err != nil {
		return err
	}
	end, err := run.Final()
	if err != nil {
		return err
	}
	st.Out = end.F
	shape := z.Shape()
	share := b.Constant(z, 1/float64(shape[1]), 1, shape[1], 1)
	if w := r.b.SampleWeight; w != nil {
		share = b.Reshape(w, 1, shape[1], 1)
	}
	share = b.Expand(share, shape)
	mean := b.Reduce(b.Mul(run.Out, share), []int{shape[0], 1, shape[2]})
	if r.b.Ranks != nil && b.Err() == nil {
		if mean, err = connect.MeanOverRanks(mean, r.b.Ranks); err != nil {
			return err
		}
	}
	off := b.Scale(b.Shift(mean, graph.Const(-f.Target)), graph.Const(f.Weight))
	c.penalty = plus(&b, c.penalty, b.Mul(b.Expand(off, shape), share))
	return b.Err()
}
