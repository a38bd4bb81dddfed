package main

import (
	"math"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/plasticity"
)

const (
	steps    = 20 // of 1 ms in a tick
	sensors  = 4 * perValue
	fires    = 0.2  // spikes per ms of a sensor in the middle of its bell
	fade     = 0.1  // dt/τ of postsynaptic potentials, 10 ms
	soft     = 0.25 // by how much a potential has to rise for a neuron to fire e times as often
	escapes  = 0.05 // spikes per ms of a neuron whose synapses are as they began
	foresees = 0.01 // learning rate of the critic
)

// A gambler is an agent of two neurons, of which the one that fires first in a tick pushes, to the left or to the right, and
// keeps the other from firing. They fire by chance, the likelier the higher their potential (escape noise). Synapses from the
// sensors learn by spike-timing-dependent plasticity that a reward decides on: how much better things went than a critic
// thought.
type gambler struct {
	sim     *plasticity.Simulation
	spikes  []float32   // [steps, sensors + 2]
	weights []float32   // [sensors, 2]
	memory  [][]float32 // traces and eligibilities
	reward  *G.Node
	critic  critic
	rate    float64
	rng     *rand.Rand
	seen    []float32
	epsp    []float64 // of each sensor
}

// newGambler returns one with a learning rate for its synapses.
func newGambler(seed uint64, rate float64) (*gambler, error) {
	g := G.NewGraph()
	a := &gambler{
		spikes: make([]float32, steps*(sensors+2)), rate: rate, rng: rand.New(rand.NewPCG(seed, 1)),
		seen: make([]float32, sensors), epsp: make([]float64, sensors),
		reward: G.NewScalar(g, tensor.Float32, G.WithName("reward"), G.WithValue(float32(0))),
	}
	x := tensor.New(tensor.WithShape(steps, 1, sensors+2), tensor.WithBacking(a.spikes))
	p := plasticity.DefaultRewardSTDPParams()
	p.STDP.APre, p.STDP.APost = graph.Const(20), graph.Const(20) // τ/dt, so that a trace is 1
	p.STDP.EtaPlus, p.STDP.EtaMinus = graph.Const(1), graph.Const(0.1)
	p.TauCInv = graph.Const((1 - gamma*lambda) / tick)
	p.Reward = graph.Learn(a.reward)
	var err error
	a.sim, err = plasticity.NewSimulation(plasticity.RuleStep, G.NodeFromAny(g, x, G.WithName("xs")), nil, plasticity.NewRuleParams(p, []int{sensors}, []int{2}))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"W", "C", "TPre", "TPost"} {
		s, err := a.sim.State(name)
		if err != nil {
			return nil, err
		}
		if name == "W" {
			a.weights = s.Float32s()
		} else {
			a.memory = append(a.memory, s.Float32s())
		}
	}
	return a, nil
}

// act lets the neurons see the pole for a tick, and returns whether they push it to the right.
func (a *gambler) act(p pole) (right bool) {
	p.see(a.seen)
	clear(a.spikes)
	winner := -1
	for t := range steps {
		z := a.spikes[t*(sensors+2):][:sensors+2]
		var u [2]float64
		for i, s := range a.seen {
			a.epsp[i] *= 1 - fade
			if a.rng.Float64() < fires*float64(s) {
				z[i], a.epsp[i] = 1, a.epsp[i]+fade
			}
			for j := range u {
				u[j] += (float64(a.weights[2*i+j]) - 0.5) * a.epsp[i]
			}
		}
		for _, j := range a.rng.Perm(2) {
			if winner != 1-j && a.rng.Float64() < 1-math.Exp(-escapes*math.Exp(u[j]/soft)) {
				z[sensors+j], winner = 1, j
			}
		}
	}
	if winner < 0 {
		winner = a.rng.IntN(2)
	}
	return winner == 1
}

// learn gives the synapses the spikes of a tick, and the reward of the one before.
func (a *gambler) learn(delta float64) error {
	if err := G.Let(a.reward, float32(a.rate*delta/steps)); err != nil {
		return err
	}
	return a.sim.Run()
}

// episode balances a pole until it falls or the time is over, and returns for how many ticks it stood.
func (a *gambler) episode() (int, error) {
	for _, m := range a.memory {
		clear(m)
	}
	clear(a.epsp)
	a.critic.forget()
	p, delta, next := newPole(a.rng), 0., make([]float32, sensors)
	for t := range longest {
		right := a.act(p)
		if err := a.learn(delta); err != nil {
			return 0, err
		}
		a.critic.see(a.seen)
		p = p.push(right)
		if p.lost() {
			delta = a.critic.learn(0, nil)
			clear(a.spikes)
			return t + 1, a.learn(delta)
		}
		p.see(next)
		delta = a.critic.learn(gained, next)
	}
	return longest, nil
}

// A critic learns what is still to come from what is seen, by TD(λ). It has no spikes.
type critic struct{ w, trace, seen [sensors]float64 }

// forget ends an episode.
func (c *critic) forget() { clear(c.trace[:]) }

// see takes what is seen in a tick.
func (c *critic) see(x []float32) {
	for i, v := range x {
		c.seen[i] = float64(v)
		c.trace[i] = gamma*lambda*c.trace[i] + float64(v)
	}
}

// learn returns how much better things went than was thought, given what is gained and seen next; nothing at the end.
func (c *critic) learn(r float64, next []float32) float64 {
	delta := r
	for i, w := range c.w {
		delta -= w * c.seen[i]
		if next != nil {
			delta += gamma * w * float64(next[i])
		}
	}
	for i, e := range c.trace {
		c.w[i] += foresees * delta * e
	}
	return delta
}
