package machine

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/arith"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/op"
)

// A Machine computes the values of some nodes of a graph, calling the operations
// one after the other. Unlike a tape machine of Gorgonia's on the whole graph it
// runs only the nodes that these need, an operation never overwrites the value
// of another node, memory is kept from run to run, and every Run is complete:
// there is nothing to reset. The inputs hold the values last given by
// gorgonia.Let.
//
// The operations of a graph have memory, so that one machine runs on a graph at a
// time: while it does, this one and all others on the graph answer any other
// goroutine with an error that wraps ErrInUse. Give each goroutine a graph of its
// own.
type Machine struct {
	use    *guard.InUse // of the graph, as copies of the machine have it
	code   []instr
	values []G.Value // of the instructions
	want   []int     // instruction of each node asked for
}

// A instr computes the value of one node.
type instr struct {
	node *G.Node
	op   G.Op  // nil for an input
	code ir.Op // of arithmetic
	args []int
	in   []G.Value
	loan *loan
}

// New returns a machine for the values of the given nodes.
func New(nodes ...*G.Node) (*Machine, error) {
	if len(nodes) == 0 {
		return nil, fmt.Errorf("machine: no nodes")
	}
	place := map[*G.Node]int{}
	for i, n := range nodes {
		if n == nil || n.Graph() != nodes[0].Graph() {
			return nil, fmt.Errorf("machine: node %d is nil or of another graph", i)
		}
	}
	m := &Machine{use: useOf(nodes[0].Graph())}
	if err := allFit(nodes); err != nil {
		return nil, fmt.Errorf("machine: %w", err)
	}
	m.want = make([]int, len(nodes))
	for _, i := range order(nodes) {
		m.want[i] = m.add(nodes[i], place)
	}
	m.values = make([]G.Value, len(m.code))
	m.lend()
	return m, nil
}

// allFit returns an error unless there is room for all that the nodes need.
func allFit(nodes G.Nodes) error {
	seen := map[*G.Node]bool{}
	for todo := slices.Clone(nodes); len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		if err := op.Fits(n); err != nil {
			return fmt.Errorf("%v: %w", n.Op(), err)
		}
		todo = append(todo, op.Children(n)...)
	}
	return nil
}

// order returns in which order the nodes are computed: those first that need the fewest
// others, and of these the last one first. So firing rates come layer by layer, and
// gradients from the last layer on, each as soon as it can be, and what it is computed from
// is needed no longer.
func order(nodes G.Nodes) []int {
	var all G.Nodes
	number := map[*G.Node]int{}
	seen := map[*G.Node]bool{}
	for _, n := range nodes {
		op.Upstream(n, seen, &all)
	}
	for i, n := range all {
		number[n] = i
	}
	children := make([][]int, len(all))
	for i, n := range all {
		for _, c := range op.Children(n) {
			children[i] = append(children[i], number[c])
		}
	}
	needs := make([]int, len(nodes)) // how many others, and itself
	by := make([]int, len(all))      // which of the nodes was the last to be found to need it, from 1
	is := make([]int, 0, len(nodes))
	for i, n := range slices.Backward(nodes) {
		is = append(is, i)
		for todo := []int{number[n]}; len(todo) > 0; {
			k := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if by[k] == i+1 {
				continue
			}
			by[k] = i + 1
			needs[i]++
			todo = append(todo, children[k]...)
		}
	}
	slices.SortStableFunc(is, func(a, b int) int { return needs[a] - needs[b] })
	return is
}

// add appends the instructions that n needs, and returns the number of its own.
func (m *Machine) add(n *G.Node, place map[*G.Node]int) int {
	if i, ok := place[n]; ok {
		return i
	}
	ins := instr{node: n, op: n.Op(), code: arith.Of(n.Op())}
	for _, c := range op.Children(n) {
		ins.args = append(ins.args, m.add(c, place))
	}
	ins.in = make([]G.Value, len(ins.args))
	m.code = append(m.code, ins)
	place[n] = len(m.code) - 1
	return place[n]
}

// SetTraining tells the operations that act differently in training and in
// evaluation, such as gorgonia.Dropout, which of them it is.
func (m *Machine) SetTraining(training bool) error {
	if err := m.enter(); err != nil {
		return fmt.Errorf("machine: %w", err)
	}
	defer m.use.Leave()
	for _, ins := range m.code {
		if op, ok := ins.op.(G.TrainModeOp); ok {
			err := guard.Call("SetTraining", "operation", op, func() error { return op.SetTraining(training) })
			if err != nil {
				return fmt.Errorf("machine: %v: %w", ins.op, err)
			}
		}
	}
	return nil
}

// Run computes the values. An operation that panics is an error, which has the calls
// that led there; the next Run begins anew.
func (m *Machine) Run() error {
	if err := m.enter(); err != nil {
		return fmt.Errorf("machine: %w", err)
	}
	defer m.use.Leave()
	defer m.giveBack()
	for i := range m.code {
		if err := m.exec(i); err != nil {
			return fmt.Errorf("machine: %v: %w", m.code[i].node, err)
		}
	}
	return nil
}

// exec computes value i.
func (m *Machine) exec(i int) (err error) {
	ins := &m.code[i]
	if ins.op == nil {
		if m.values[i] = ins.node.Value(); m.values[i] == nil {
			return fmt.Errorf("the input has no value")
		}
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			who := "" // an operation of ours has called whatever it was
			if !op.Owns(ins.op) {
				who = guard.Name("Do", "operation", ins.op)
			}
			err = guard.New(who, r)
		}
	}()
	for k, a := range ins.args {
		ins.in[k] = m.values[a]
	}
	if ins.loan != nil {
		m.take(i)
	}
	m.values[i], err = arith.Compute(ins.op, ins.code, m.values[i], ins.in...)
	return err
}

// Value returns the value that the last Run gave node i of those asked for. The
// next Run may write to the same memory. Without a Run, or such a node, it is nil, and
// while another goroutine is in.
func (m *Machine) Value(i int) G.Value {
	if m.enter() != nil {
		return nil
	}
	defer m.use.Leave()
	if i < 0 || i >= len(m.want) {
		return nil
	}
	v := m.values[m.want[i]]
	if m.code[m.want[i]].op != nil {
		return v
	}
	// The caller may do with the value what it likes, but not with an input.
	c, err := G.CloneValue(v)
	if err != nil {
		return nil
	}
	return c
}
