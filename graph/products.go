package graph

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A Product is a place where values meet weights: a Linear, a Conv2D, or a matrix
// product in the step of a scan, as of recurrent weights.
type Product struct {
	Weights string // name of the node of the weights

	// X is what meets the weights, [T, batch, …]: at time step t that of step
	// t − Delay, and zeros before. Nil where it is a state that no node shows.
	X     *G.Node
	Delay int

	// FanOut says of each element of a sample, at one time step, how many elements
	// of the result it is added to: what a spike there sets in motion. Margins
	// of images meet no weights and are not counted.
	FanOut []int
}

// Products lists the products that out is computed by, as they are computed, and
// says how many values per sample the scans among them carry from each time step
// to the next. Maps of Gorgonia's own operations are not listed.
func Products(out *G.Node) (ps []Product, states int, err error) {
	if out == nil {
		return nil, 0, fmt.Errorf("graph: products: the node is nil")
	}
	var nodes G.Nodes
	upstream(out, map[*G.Node]bool{}, &nodes)
	for _, n := range nodes {
		if op, ok := n.Op().(*scanOp); ok {
			inner, err := op.s.products(childrenOf(n))
			if err != nil {
				return nil, 0, fmt.Errorf("graph: products: %w", err)
			}
			ps = append(ps, inner...)
			for _, s := range op.s.states {
				states += s.TotalSize() / max(op.s.batch(), 1)
			}
			continue
		}
		if fan := fanOut(n); fan != nil {
			in := childrenOf(n)
			ps = append(ps, Product{Weights: in[1].Name(), X: untokened(n, in[0]), FanOut: fan})
		}
	}
	return ps, states, nil
}

// upstream appends n and the nodes that it is computed from, inputs first.
func upstream(n *G.Node, seen map[*G.Node]bool, to *G.Nodes) {
	if seen[n] {
		return
	}
	seen[n] = true
	for _, c := range childrenOf(n) {
		upstream(c, seen, to)
	}
	*to = append(*to, n)
}

// untokened returns the node of the values that a product n takes as x: in the
// place of an input of spikes it takes a token.
func untokened(n, x *G.Node) *G.Node {
	var given *spikeInput
	switch op := n.Op().(type) {
	case *linearOp:
		given = op.l.given
	case *convOp:
		given = op.c.given
	}
	if given == nil {
		return x
	}
	return given.x
}

// fanOut returns the FanOut of a product, whose operands are x and the weights,
// and nil of any other node.
func fanOut(n *G.Node) []int {
	switch op := n.Op().(type) {
	case *linearOp:
		if op.kind == linearY {
			return slices.Repeat([]int{op.l.out}, op.l.in)
		}
	case *convOp:
		if op.kind == convY {
			return op.c.fanOut()
		}
	case matOp:
		if !op.transA {
			rows, cols := flip(childrenOf(n)[1].Shape(), op.transB)
			return slices.Repeat([]int{cols}, rows)
		}
	}
	return nil
}

// fanOut counts the outputs that each element of an image is part of.
func (c *conv) fanOut() []int {
	rows, cols := c.y.fanOut(), c.x.fanOut()
	fan := make([]int, 0, c.sizeX())
	for range c.in {
		for _, r := range rows {
			for _, k := range cols {
				fan = append(fan, c.out*r*k)
			}
		}
	}
	return fan
}

// fanOut counts the outputs along the axis that each pixel is part of.
func (a axis) fanOut() []int {
	fan := make([]int, a.in)
	for o := range a.out {
		for k := range a.kernel {
			if i := o*a.Stride + k*a.Dilation - a.Pad; i >= 0 && i < a.in {
				fan[i]++
			}
		}
	}
	return fan
}

// products lists the products in the step of a scan with the given inputs: xs, the
// initial states, the parameters.
func (s *scan) products(in G.Nodes) ([]Product, error) {
	var nodes G.Nodes
	seen := map[*G.Node]bool{}
	for _, n := range append(G.Nodes{s.sg.out}, s.sg.next...) {
		upstream(n, seen, &nodes)
	}
	var ps []Product
	var met G.Nodes // weights: a second product of them is there for its gradient alone
	for _, n := range nodes {
		fan := fanOut(n)
		if fan == nil {
			continue
		}
		operands := childrenOf(n)
		w := undetached(operands[1])
		if slices.Contains(met, w) {
			continue
		}
		met = append(met, w)
		p := Product{Weights: s.nameOf(w, in), FanOut: fan}
		var err error
		if p.X, p.Delay, err = s.outer(undetached(operands[0]), in); err != nil {
			return nil, err
		}
		ps = append(ps, p)
	}
	return ps, nil
}

// outer returns the node outside of the scan whose time steps are those of n, a
// node of the step, and by how many steps they come later; nil if there is none.
func (s *scan) outer(n *G.Node, in G.Nodes) (x *G.Node, delay int, err error) {
	if n == s.sg.x {
		return in[0], 0, nil
	}
	if i := slices.Index(s.sg.states, n); i >= 0 && s.sg.next[i] == s.sg.out {
		delay = 1
	} else if n != s.sg.out {
		return nil, 0, nil
	}
	x, err = s.result(resultOut, 0, s.outs)
	return x, delay, err
}

// nameOf returns the name of the parameter that a node of the step is computed
// from, outside of the scan.
func (s *scan) nameOf(w *G.Node, in G.Nodes) string {
	var nodes G.Nodes
	upstream(w, map[*G.Node]bool{}, &nodes)
	for _, n := range nodes {
		if i := slices.Index(s.sg.params, n); i >= 0 {
			return in[1+len(s.states)+i].Name()
		}
	}
	return "constant"
}

// undetached returns the node whose values n has: without what only stops
// gradients.
func undetached(n *G.Node) *G.Node {
	for {
		in := childrenOf(n)
		switch {
		case n.Op() == nil:
			return n
		case isReshape(n.Op()) || isStop(n.Op()), elementwise(n.Op()) == opMul && isNotZero(in[1], in[0]):
			n = in[0]
		default:
			return n
		}
	}
}

func isStop(op G.Op) bool { _, ok := op.(stopOp); return ok }

// isNotZero reports whether n is 1 where x is not 0, and 0 elsewhere.
func isNotZero(n, x *G.Node) bool {
	above, ok := n.Op().(mapOp)
	if !ok || above.code != opGtC || above.c != 0 {
		return false
	}
	abs := childrenOf(n)[0]
	return abs.Op() != nil && opcodeOf(abs) == opAbs && childrenOf(abs)[0] == x
}

// TotalFanOut returns the sum of the fan-out: the multiply-accumulates of the
// dense product, for one sample at one time step.
func (p Product) TotalFanOut() int {
	n := 0
	for _, f := range p.FanOut {
		n += f
	}
	return n
}

// Events counts the elements of the first so many time steps of x, a value of X,
// that are not zero in one of the samples, and the additions that they set in
// motion: their fan-outs summed. value is what all of them are, or NaN if they
// differ; 0 if there is none.
func (p Product) Events(x *tensor.Dense, sample, steps int) (events, operations int, value float64, err error) {
	if x == nil {
		return 0, 0, 0, fmt.Errorf("graph: events: x is nil")
	}
	shape := x.Shape()
	n := len(p.FanOut)
	if len(shape) < 2 || sample < 0 || sample >= shape[1] || steps < 0 || steps > shape[0] || shape.TotalSize() != shape[0]*shape[1]*n {
		return 0, 0, 0, fmt.Errorf("graph: events: x has shape %v, want [T batch …] with %d elements a sample, with a sample %d and %d time steps", []int(shape), n, sample, steps)
	}
	switch d := x.Data().(type) {
	case []float32:
		events, operations, value = eventsOf(p.FanOut, d, steps, shape[1], sample)
	case []float64:
		events, operations, value = eventsOf(p.FanOut, d, steps, shape[1], sample)
	default:
		return 0, 0, 0, fmt.Errorf("graph: events: x has elements of type %v, want float32 or float64", x.Dtype())
	}
	return events, operations, value, nil
}

func eventsOf[F float32 | float64](fan []int, x []F, steps, batch, sample int) (events, operations int, value float64) {
	var one F
	same := true
	for t := range steps {
		for i, v := range x[(t*batch+sample)*len(fan):][:len(fan)] {
			if v == 0 {
				continue
			}
			if events == 0 {
				one = v
			}
			same = same && v == one
			events++
			operations += fan[i]
		}
	}
	if !same {
		return events, operations, math.NaN()
	}
	return events, operations, float64(one)
}
