package main

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/online"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// choice is what the gradient is of: outputs [T, batch, 2] are the log odds of a push to the right, and the value, what
// is still to come. The target are two numbers, u, drawn from 0 to 1, and −1; the push is to the right where the
// probability of it is above u, and the cost
//
//	−log (probability of the push) − value
//
// has the gradient that makes the push likelier, and the value larger: by how much, or whether it is to be less, the
// reward decides when it comes.
type choice struct{}

// OverTime returns true: there is a choice at each time step.
func (choice) OverTime() bool { return true }

// Target returns [T, batch, 2].
func (choice) Target(out tensor.Shape) ([]int, error) {
	if len(out) != 3 || out[2] != 2 {
		return nil, fmt.Errorf("outputs have shape %v, want [T batch 2]", []int(out))
	}
	return out, nil
}

// Cost returns the cost, up to what has no gradient. By the log odds the slope of the log probability is
// (1 where the push is to the right, else 0) − probability, by the value that of the value is 1.
func (choice) Cost(out, y, weight *G.Node) (*G.Node, error) {
	var b graph.Builder
	step, half := surrogate.SuperSpike{Alpha: 1}, graph.Const(-0.5)
	p := b.Sigmoid(out)
	push := b.Spike(step, b.Sub(p, y), graph.Const(0)) // 1 of the value, whose y is −1
	odds := b.Spike(step, y, half)                     // which of the two it is
	slope := b.Detach(b.Sub(push, b.Mul(p, odds)))
	share := b.Expand(b.Reshape(weight, append(weight.Shape().Clone(), 1)...), out.Shape())
	return b.Neg(b.Reduce(b.Mul(b.Mul(slope, out), share), nil)), b.Err()
}

// reward is the third factor: an Optimiser that gathers gradients in traces, and changes the weights when told how much
// better things went than was thought.
//
//	trace ← γ λ trace + gradient
//	w ← w − η δ trace
type reward struct {
	rate, fade float64 // η, γ λ
	params     []*train.Parameter
	traces     [][]float32
	fresh      [][]float32 // gradients of the present step
}

// Step takes the gradients of a step over.
func (r *reward) Step(ps []G.ValueGrad) error {
	for i, p := range ps {
		g, err := p.Grad()
		if err != nil {
			return err
		}
		d := g.(*tensor.Dense)
		if len(r.traces) <= i {
			r.params = append(r.params, p.(*train.Parameter))
			r.traces, r.fresh = append(r.traces, make([]float32, d.DataSize())), append(r.fresh, make([]float32, d.DataSize()))
		}
		copy(r.fresh[i], d.Float32s())
		d.Zero()
	}
	return nil
}

// learn changes the weights by the trace of the steps before the present one.
func (r *reward) learn(delta float64) {
	by := float32(r.rate * delta)
	for i, p := range r.params {
		w := p.Value().(*tensor.Dense).Float32s()
		for k, e := range r.traces[i] {
			w[k] -= by * e
		}
	}
}

// gather adds the present step to the traces.
func (r *reward) gather() {
	for i, t := range r.traces {
		for k, g := range r.fresh[i] {
			t[k] = float32(r.fade)*t[k] + g
		}
	}
}

// forget ends an episode.
func (r *reward) forget() {
	for _, t := range r.traces {
		clear(t)
	}
}

func (r *reward) Rate() float64             { return r.rate }
func (r *reward) SetRateFactor(float64)     {}
func (r *reward) State() optim.State        { return optim.State{} }
func (r *reward) Restore(optim.State) error { return nil }

// An agent is a network that balances the pole, and learns to.
type agent struct {
	learner *online.Learner
	reward  *reward
	rng     *rand.Rand
	x       []float32
}

const (
	gamma  = 0.98
	lambda = 0.9
	gained = 0.1 // for each tick that the pole stands
)

// newAgent returns the network 40-n-2: spiking neurons that see one input a tick, and a linear readout.
func newAgent(seed uint64, n int, rate float64) (*agent, error) {
	p := neurons.DefaultLIFBoxParams()
	p.Dt, p.TauMemInv = tick, graph.Const(25) // τ_m = 40 ms
	p.ResetMethod, p.DetachReset = neurons.ResetSubtract, true
	p.VTh, p.Spike = graph.Const(0.5), surrogate.SuperSpike{Alpha: 3}
	m, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: n, Init: layers.Scaled{Gain: 3}}, layers.Lift(neurons.LIFBoxStep, p),
			layers.Linear{Out: 2, Init: layers.Scaled{Gain: 0.1}},
		},
		Shape: []int{4 * perValue}, Steps: 1, Batch: 1, Loss: choice{}, Seed: seed,
	}.Compile()
	if err != nil {
		return nil, err
	}
	a := &agent{reward: &reward{rate: rate, fade: gamma * lambda}, rng: rand.New(rand.NewPCG(seed, 1)), x: make([]float32, 4*perValue)}
	a.learner, err = (&train.Trainer{Model: m, Learning: online.EProp{Every: 1}, Optimiser: a.reward}).Live()
	return a, err
}

var errNoValue = errors.New("the network gave a value that is no number")

// episode balances a pole until it falls or the time is over, and returns for how many ticks it stood.
func (a *agent) episode() (int, error) {
	p, before := newPole(a.rng), 0.
	a.reward.forget()
	if err := a.learner.Restart(); err != nil {
		return 0, err
	}
	for t := range longest {
		p.see(a.x)
		u := a.rng.Float32()
		out, _, err := a.learner.Step(a.x, []float32{u, -1})
		if err != nil {
			return 0, err
		}
		odds, value := float64(out.Float32s()[0]), float64(out.Float32s()[1])
		if math.IsNaN(value) {
			return 0, errNoValue
		}
		if t > 0 {
			a.reward.learn(gained + gamma*value - before)
		}
		a.reward.gather()
		p = p.push(1/(1+math.Exp(-odds)) > float64(u))
		if p.lost() {
			a.reward.learn(-value) // nothing more will come
			return t + 1, nil
		}
		before = value
	}
	return longest, nil
}
