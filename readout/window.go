package readout

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A Window is a stretch of time in longer sequences, of which not all samples
// need to have steps to its end. Its methods read a sequence x [T, batch, …] over
// the steps of the window and go on from what windows before it gave. The zero
// value is a window on whole sequences of T steps.
type Window struct {
	// Length [batch] holds the number of steps of each sample, 0 to T, from the
	// first step on; those behind do not count. Nil means T for all. It has no
	// gradient.
	Length *G.Node
	// Enter [batch, …] is what the window before gave. Nil where there is none; then
	// each sample has at least one step.
	Enter *G.Node
}

// LastStep returns the values at the last step of each sample, and of a sample
// without steps what entered.
func (w Window) LastStep(x *G.Node) (*G.Node, error) { return w.readOver(lastStep, x) }

// MaxOverTime returns the largest value of the steps and of what entered. The
// gradient goes to the first that has it.
func (w Window) MaxOverTime(x *G.Node) (*G.Node, error) { return w.readOver(maxOverTime, x) }

// SumOverTime returns the sum of the steps and of what entered.
func (w Window) SumOverTime(x *G.Node) (*G.Node, error) { return w.readOver(sumOverTime, x) }

// inputs checks x and the window, and returns the inputs of an operation on them:
// x, the lengths, what entered.
func (w Window) inputs(name string, x *G.Node) (G.Nodes, error) {
	var b graph.Builder
	if !b.Check(name, x) {
		return nil, fmt.Errorf("readout: %w", b.Err())
	}
	s := x.Shape()
	switch {
	case !ops.IsFloat(x.Dtype()):
		return nil, fmt.Errorf("readout: %s: x has elements of type %v, want float32 or float64", name, x.Dtype())
	case len(s) < 2 || s.TotalSize() == 0:
		return nil, fmt.Errorf("readout: %s: x has shape %v, want [T batch …]", name, []int(s))
	}
	in := G.Nodes{x}
	for _, more := range []struct {
		what string
		n    *G.Node
		want tensor.Shape
	}{{"lengths", w.Length, s[1:2]}, {"what entered", w.Enter, s[1:]}} {
		if more.n == nil {
			continue
		}
		if !slices.Equal(more.n.Shape(), more.want) || more.n.Dtype() != x.Dtype() {
			return nil, fmt.Errorf("readout: %s: %s has shape %v of %v, want %v of %v",
				name, more.what, ops.ShapeOf(more.n), more.n.Dtype(), []int(more.want), x.Dtype())
		}
		in = append(in, more.n)
	}
	return in, nil
}

// A layout is the size of a window, and which inputs it has.
type layout struct {
	steps, lanes, rows int
	varied, entered    bool
}

func (w Window) layout(x tensor.Shape) layout {
	return layout{
		steps: x[0], lanes: x[1:].TotalSize(), rows: x[1], varied: w.Length != nil, entered: w.Enter != nil,
	}
}

// extra returns the number of inputs that come from the window.
func (l layout) extra() (n int) {
	if l.varied {
		n++
	}
	if l.entered {
		n++
	}
	return n
}

// differentiable says which of the inputs x, lengths, what entered have a gradient, or
// that none of n has.
func (l layout) differentiable(n int, ok bool) []bool {
	if !ok {
		return make([]bool, n)
	}
	d := []bool{true}
	if l.varied {
		d = append(d, false)
	}
	if l.entered {
		d = append(d, true)
	}
	return d
}

// gradients returns the gradients of the inputs: dx, nothing for the lengths, for
// which a gradient must stand there all the same, and enter.
func (l layout) gradients(dx, enter *G.Node) G.Nodes {
	return G.Nodes{dx, enter, enter}[:1+l.extra()]
}

// windowInputs returns the elements of the inputs of an operation on a window: the
// first of them have the sizes given, the others come from the window.
func windowInputs[F vec.Float](op fmt.Stringer, l layout, sizes [3]int, vs []G.Value) (fs [3][]F, length, enter []F, err error) {
	n := len(vs) - l.extra()
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return fs, nil, nil, err
		}
		want := l.lanes
		switch {
		case i < n:
			fs[i], want = f, sizes[i]
		case i == n && l.varied:
			length, want = f, l.rows
		default:
			enter = f
		}
		if len(f) != want {
			return fs, nil, nil, fmt.Errorf("readout: %v: input %d has %d elements, the graph was built for %d", op, i, len(f), want)
		}
	}
	return fs, length, enter, checkLengths(op, l, length)
}

// eachSteps calls f for pieces of the lanes whose samples have the same number of
// steps.
func eachSteps[F vec.Float](l layout, length []F, f func(i0, i1, steps int)) error {
	none := func(int) struct{} { return struct{}{} }
	return par.Blocks(l.lanes, timeLanes, none, func(_ struct{}, i0, i1 int) error {
		if length == nil {
			f(i0, i1, l.steps)
			return nil
		}
		width := l.lanes / l.rows
		for i0 < i1 {
			r := i0 / width
			steps := length[r]
			for r++; r*width < i1 && length[r] == steps; r++ {
			}
			f(i0, min(i1, r*width), int(steps))
			i0 = r * width
		}
		return nil
	})
}

// checkLengths returns an error unless every sample has a number of steps that the
// window can have.
func checkLengths[F vec.Float](op fmt.Stringer, l layout, length []F) error {
	least := 1
	if l.entered {
		least = 0
	}
	for i, n := range length {
		if !(n >= F(least) && n <= F(l.steps)) || n != F(int(n)) {
			return fmt.Errorf("readout: %v: sample %d has %v steps, want a whole number from %d to %d", op, i, n, least, l.steps)
		}
	}
	return nil
}
