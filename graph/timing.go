package graph

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// An OverTimer is an operation that says whether it reads over time. One of your own
// must say so if it is used in a network that does not see whole sequences of one
// length. False promises that the first axis of the result is that of the inputs which
// have time, and that each of its elements is made of the elements there alone.
type OverTimer interface {
	OverTime() bool
}

// Chunks say how a network meets sequences that it does not see whole, or that do
// not all have the same length. A value that was right for whole sequences is wrong
// then, without an error, if an operation takes the steps that it sees for all there
// are: so Check follows the time steps from the input through the network.
type Chunks struct {
	X       *G.Node // the input [T, batch, …], with T of at least 2
	Windows bool    // sequences come window by window, T steps at a time
	Lengths bool    // samples have different numbers of steps, or windows have steps behind the end
	Carried G.Nodes // inputs that hold what the windows before have handed on
	Vouched G.Nodes // nodes that are right whatever made them
}

// A timing says what a value has to do with the time steps of the input.
type timing struct {
	kind    timingKind
	stride  int     // of a sequence: how many elements of it one time step has side by side
	carried bool    // what windows before have handed on has a part in it
	blind   *G.Node // read over time without a look at lengths, or nil
}

type timingKind uint8

const (
	timeless timingKind = iota // weights, and what windows before have handed on
	sequence                   // has the time steps side by side
	soFar                      // was read over the time steps of all windows up to now
	extent                     // how many elements an axis with time has
)

// Check returns an error, and the node whose operation is to blame, unless the
// values of the results and of the states that are handed on are right in chunks as
// they are for whole sequences.
func (c Chunks) Check(results, states G.Nodes) (at *G.Node, err error) {
	if c.X == nil || c.X.Dims() < 2 || c.X.Shape()[0] < 2 {
		return c.X, fmt.Errorf("graph: chunks: want an input [T batch …] with at least two steps")
	}
	t := timer{Chunks: c, steps: c.X.Shape()[0], known: map[*G.Node]timing{c.X: {kind: sequence, stride: c.X.Shape()[1:].TotalSize()}}}
	if in := spikeInputOf(c.X); in != nil {
		t.known[in.token] = t.known[c.X]
	}
	for _, n := range c.Carried {
		t.known[n] = timing{carried: true}
	}
	for _, n := range c.Vouched {
		t.known[n] = timing{kind: soFar}
		if s := n.Shape(); len(s) >= 2 && slices.Equal(s[:2], c.X.Shape()[:2]) {
			t.known[n] = timing{kind: sequence, stride: s[1:].TotalSize()}
		}
	}
	for i, n := range slices.Concat(results, states) {
		if n == nil {
			continue
		}
		end, err := t.of(n)
		switch {
		case err != nil:
			return t.at, err
		case i < len(results) && c.Lengths && end.blind != nil:
			return end.blind, readsWhole(end.blind)
		}
	}
	return nil, nil
}

// A timer finds the timings of nodes.
type timer struct {
	Chunks
	steps int // T
	known map[*G.Node]timing
	at    *G.Node // where an error is
}

func (t *timer) of(n *G.Node) (timing, error) {
	if known, ok := t.known[n]; ok {
		return known, nil
	}
	u := &inTime{timer: t, node: n, from: childrenOf(n)}
	inner, carried := false, false
	for _, c := range u.from {
		in, err := t.of(c)
		if err != nil {
			return timing{}, err
		}
		u.in = append(u.in, in)
		inner, carried = inner || in.kind != timeless, carried || in.carried
	}
	var out timing
	if inner {
		var err error
		if out, err = u.result(); err != nil {
			if t.at == nil {
				t.at = n
			}
			return timing{}, err
		}
	}
	_, constant := n.Op().(*fillOp)
	out.carried = carried && !constant
	t.known[n] = out
	return out, nil
}

// An inTime is an operation among time steps: its node, and the timings of what it
// reads, some of which has time.
type inTime struct {
	*timer
	node *G.Node
	from G.Nodes
	in   []timing
}

// A timed operation knows where its result has time.
type timed interface {
	along(u *inTime) (timing, error)
}

// result returns the timing of the operation's result.
func (u *inTime) result() (timing, error) {
	op := u.node.Op()
	if o, ok := op.(timed); ok {
		return o.along(u)
	}
	if gorgoniaName(op) != "" {
		return gorgoniaAlong(op, u)
	}
	if o, ok := op.(OverTimer); ok {
		if o.OverTime() {
			return u.mixes()
		}
		return u.rowwise()
	}
	if !u.has(sequence) {
		return u.joined()
	}
	return timing{}, fmt.Errorf("nothing says whether %v reads over time: give %T a method OverTime() bool, which returns false if each time step of its result is made of that step of its inputs alone", op, op)
}

func readsWhole(n *G.Node) error {
	return fmt.Errorf("%v reads whole sequences of one length; use the readouts of package layers, and methods such as Build.SumOverTime in layers of your own", n.Op())
}

// mixes returns the error of an operation that takes the time steps that it sees for
// all there are.
func (u *inTime) mixes() (timing, error) {
	if !u.has(sequence) {
		return u.joined()
	}
	return timing{}, readsWhole(u.node)
}

func (u *inTime) has(k timingKind) bool {
	return slices.ContainsFunc(u.in, func(t timing) bool { return t.kind == k })
}

// joined returns the timing of what is made of all inputs, element by element.
func (u *inTime) joined() (out timing, err error) {
	for _, in := range u.in {
		switch {
		case in.kind == timeless:
		case in.kind == extent:
			return timing{}, readsWhole(u.node)
		case out.kind == timeless, in.kind == sequence && out.kind == soFar && !u.Windows:
			out.kind, out.stride = in.kind, in.stride
		case in.kind == sequence && out.kind == sequence && in.stride != out.stride:
			return timing{}, readsWhole(u.node)
		case in.kind != out.kind && u.Windows:
			return u.late()
		}
		if out.blind == nil {
			out.blind = in.blind
		}
	}
	return out, nil
}

// late returns the error of an operation that takes into each time step what is not
// known before the last one.
func (u *inTime) late() (timing, error) {
	return timing{}, fmt.Errorf("%v takes into each time step what is read over all of them, of which only those up to the end of a window are known; "+
		"enter what a step needs to know of those before it by Build.Enter", u.node.Op())
}

// each is the timing of an operation whose inputs have the shape of the result, or
// no time.
func (u *inTime) each() (timing, error) {
	for i, in := range u.in {
		if in.kind == sequence && !slices.Equal(u.from[i].Shape(), u.node.Shape()) {
			return u.mixes()
		}
	}
	return u.joined()
}

// rowwise is that of an operation which keeps the elements of the first axis apart.
func (u *inTime) rowwise() (timing, error) {
	return u.keeps(func(_, axis int) int {
		if axis == 0 {
			return 0
		}
		return -1
	})
}

// keeps is the timing of an operation in which to says at which axis of the result
// an axis of an input goes on unchanged, −1 if at none.
func (u *inTime) keeps(to func(input, axis int) int) (timing, error) {
	shapes := make([]tensor.Shape, len(u.from))
	for i, n := range u.from {
		shapes[i] = n.Shape()
	}
	return u.keepsOf(shapes, to)
}

// keepsOf is keeps for inputs that stand for tensors of the given shapes.
func (u *inTime) keepsOf(shapes []tensor.Shape, to func(input, axis int) int) (timing, error) {
	stride := 0
	out := u.node.Shape()
	for i, in := range u.in {
		if in.kind != sequence {
			continue
		}
		k := axisOfTime(shapes[i], in.stride, u.steps)
		if k < 0 {
			return u.mixes()
		}
		j := to(i, k)
		if j < 0 || j >= len(out) || out[j] != shapes[i][k] {
			return u.mixes()
		}
		s := in.stride / shapes[i][k+1:].TotalSize() * out[j+1:].TotalSize()
		if stride > 0 && s != stride {
			return u.mixes()
		}
		stride = s
	}
	// What the inputs are is joined, with time where the result has it.
	v := *u
	v.in = slices.Clone(u.in)
	for i := range v.in {
		if v.in[i].kind == sequence {
			v.in[i].stride = stride
		}
	}
	return v.joined()
}

// axisOfTime returns the axis that has T time steps which lie stride elements apart,
// alone or with others that are folded into it; −1 if no axis has them all.
func axisOfTime(s tensor.Shape, stride, steps int) int {
	inner := 1
	for k := len(s) - 1; k >= 0; k-- {
		if outer := inner * s[k]; inner <= stride && stride*steps <= outer {
			if stride%inner != 0 || s[k]%(stride/inner*steps) != 0 {
				return -1
			}
			return k
		}
		inner *= s[k]
	}
	return -1
}

// reshaped is the timing of the same elements in another shape.
func (u *inTime) reshaped() (timing, error) {
	t, err := u.joined()
	if err == nil && t.kind == sequence && axisOfTime(u.node.Shape(), t.stride, u.steps) < 0 {
		return u.mixes()
	}
	return t, err
}

// leads reports whether input i is a sequence [T, …].
func (u *inTime) leads(i int) bool {
	s := u.from[i].Shape()
	return u.in[i].kind == sequence && len(s) > 0 && s[0] == u.steps && u.in[i].stride == s[1:].TotalSize()
}

// read is the timing of a reading over a Window of the first input.
func (u *inTime) read(w layout) (timing, error) {
	switch {
	case u.in[0].kind != sequence:
		return u.joined()
	case !u.leads(0) || u.Windows && !w.entered:
		return u.mixes()
	}
	t := timing{kind: soFar}
	if !w.varied {
		t.blind = u.node
	}
	return t, nil
}
