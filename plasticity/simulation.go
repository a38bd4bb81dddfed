package plasticity

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/fields"
	"github.com/spikegrad/spikegrad/machine"
)

// A Simulation runs a step for as long as one likes, without gradients: in chunks
// of the length of its input, each of which starts from the state in which the one
// before ended. It is how neurons and synapses live through millions of steps,
// learning all the time.
type Simulation struct {
	machine *machine.Machine
	names   []string
	states  []*tensor.Dense
}

// NewSimulation returns the simulation of a step with input xs, of shape
// [T, batch, …] for chunks of T steps. It starts from the values that the nodes of
// s have now, or from p.Rest if s is nil. The nodes must have values, xs included:
// gorgonia.Let gives them.
//
//	sim, err := plasticity.NewSimulation(step, xs, nil, p)
//	for range chunks {
//		fill(x) // the memory of xs
//		if err := sim.Run(); err != nil {
//			return err
//		}
//		spikes := sim.Out() // of the chunk
//	}
//	weights, err := sim.State("Synapses.W")
func NewSimulation[S any, P graph.Params[S]](step graph.Step[S, P], xs *G.Node, s *S, p P) (*Simulation, error) {
	sim, err := newSimulation(step, xs, s, p)
	if err != nil {
		return nil, fmt.Errorf("plasticity: simulation: %w", err)
	}
	return sim, nil
}

func newSimulation[S any, P graph.Params[S]](step graph.Step[S, P], xs *G.Node, s *S, p P) (*Simulation, error) {
	if err := isTensor("xs", xs, 2); err != nil {
		return nil, err
	}
	if s == nil {
		var b graph.Builder
		rest, err := p.Rest(b.At(xs, 0))
		if err != nil {
			return nil, fmt.Errorf("rest: %w", err)
		}
		s = &rest
	}
	sim := &Simulation{names: fields.Nodes(*s)}
	start, err := start(sim, s)
	if err != nil {
		return nil, err
	}
	run, err := graph.Scan(step, xs, start, p)
	if err != nil {
		return nil, err
	}
	final, err := run.Final()
	if err != nil {
		return nil, err
	}
	results, err := nodesOf(&final)
	if err != nil {
		return nil, err
	}
	sim.machine, err = machine.New(append(G.Nodes{run.Out}, results...)...)
	return sim, err
}

// start returns a state of inputs, with the values that the nodes of s have.
func start[S any](sim *Simulation, s *S) (*S, error) {
	nodes, err := nodesOf(s)
	if err != nil {
		return nil, err
	}
	m, err := machine.New(nodes...)
	if err != nil {
		return nil, err
	}
	if err := m.Run(); err != nil {
		return nil, err
	}
	inputs := new(S)
	// Inputs of one name are one node: that of the simulation sets them apart.
	for i, name := range fields.Nodes(*s) {
		f, err := fields.Field(inputs, name)
		if err != nil {
			return nil, err
		}
		v := m.Value(i).(*tensor.Dense).Clone().(*tensor.Dense)
		sim.states = append(sim.states, v)
		*f.(**G.Node) = G.NodeFromAny(nodes[0].Graph(), v, G.WithName(fmt.Sprintf("state %s of simulation %p", name, sim)))
	}
	return inputs, nil
}

// nodesOf returns the nodes of a state, in the order of fields.Nodes.
func nodesOf[S any](s *S) (G.Nodes, error) {
	var nodes G.Nodes
	for _, name := range fields.Nodes(*s) {
		f, err := fields.Field(s, name)
		if err != nil {
			return nil, err
		}
		n := *f.(**G.Node)
		if n == nil {
			return nil, fmt.Errorf("state %s is nil", name)
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// Run computes one chunk, of the input that xs holds.
func (s *Simulation) Run() error {
	if err := s.machine.Run(); err != nil {
		return fmt.Errorf("plasticity: simulation: %w", err)
	}
	for i, state := range s.states {
		if err := tensor.Copy(state, s.machine.Value(i+1).(*tensor.Dense)); err != nil {
			return fmt.Errorf("plasticity: simulation: state %s: %w", s.names[i], err)
		}
	}
	return nil
}

// Out returns the outputs of the last chunk, [T, …]. The next Run writes to the
// same memory.
func (s *Simulation) Out() G.Value { return s.machine.Value(0) }

// State returns the named state, "V" or "Synapses.W", after the last chunk. Run
// reads from it and writes to it, so that who changes its elements changes the
// state.
func (s *Simulation) State(name string) (*tensor.Dense, error) {
	for i, n := range s.names {
		if n == name {
			return s.states[i], nil
		}
	}
	return nil, fmt.Errorf("plasticity: simulation: no state %q, have %v", name, s.names)
}
