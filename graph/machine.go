package graph

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
)

// A Machine computes the values of some nodes of a graph. Unlike a tape machine
// of Gorgonia's on the whole graph it runs only the nodes that these need, its
// values are those of the nodes whatever ran later, and every Run is complete:
// there is nothing to reset. The inputs hold the values last given by
// gorgonia.Let. Two machines on one graph must not run at the same time.
type Machine struct {
	nodes  G.Nodes
	values []G.Value
	vm     G.VM
}

// NewMachine returns a machine for the values of the given nodes.
func NewMachine(nodes ...*G.Node) (m *Machine, err error) {
	defer func() {
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("graph: machine: Gorgonia refused to compile: %v", r)
		}
	}()
	if len(nodes) == 0 {
		return nil, fmt.Errorf("graph: machine: no nodes")
	}
	m = &Machine{nodes: nodes, values: make([]G.Value, len(nodes))}
	reads := make(G.Nodes, len(nodes))
	seen := map[*G.Node]bool{}
	var inputs G.Nodes
	for i, n := range nodes {
		if n == nil || n.Graph() != nodes[0].Graph() {
			return nil, fmt.Errorf("graph: machine: node %d is nil or of another graph", i)
		}
		reads[i] = G.Read(n, &m.values[i])
		inputs = appendInputs(inputs, n, seen)
	}
	prog, locs, err := G.CompileFunction(nodes[0].Graph(), inputs, reads)
	if err != nil {
		return nil, fmt.Errorf("graph: machine: %w", err)
	}
	m.vm = G.NewTapeMachine(nodes[0].Graph(), G.WithPrecompiled(prog, locs))
	return m, nil
}

// appendInputs appends the inputs that n needs, each once.
func appendInputs(inputs G.Nodes, n *G.Node, seen map[*G.Node]bool) G.Nodes {
	if seen[n] {
		return inputs
	}
	seen[n] = true
	if n.Op() == nil && !slices.Contains(inputs, n) {
		return append(inputs, n)
	}
	for _, c := range childrenOf(n) {
		inputs = appendInputs(inputs, c, seen)
	}
	return inputs
}

// Run computes the values.
func (m *Machine) Run() error {
	defer m.vm.Reset()
	if err := m.vm.RunAll(); err != nil {
		return fmt.Errorf("graph: %w", err)
	}
	return nil
}

// Value returns the value that the last Run gave node i. The next Run writes to
// the same memory.
func (m *Machine) Value(i int) G.Value { return m.values[i] }
