package timing

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	ops "github.com/spikegrad/spikegrad/internal/op"
)

// A Reading is an operation among time steps: its node, and the timings of what it
// reads, some of which has time.
type Reading struct {
	*timer
	Result *G.Node
	From   G.Nodes // what it reads
	in     []Timing
}

// A Timed operation knows where its result has time.
type Timed interface {
	// Along returns where, made by one of the methods of the reading.
	Along(u *Reading) (Timing, error)
}

// A Constant operation takes the shape of its input alone.
type Constant interface{ Constant() }

// result returns the timing of the operation's result.
func (u *Reading) result() (Timing, error) {
	op := u.Result.Op()
	if o, ok := op.(Timed); ok {
		return o.Along(u)
	}
	if ops.GorgoniaName(op) != "" {
		return gorgoniaAlong(op, u)
	}
	if o, ok := op.(OverTimer); ok {
		if o.OverTime() {
			return u.Mixes()
		}
		return u.Rowwise()
	}
	if !u.has(sequence) {
		return u.Joined()
	}
	return Timing{}, fmt.Errorf("nothing says whether %v reads over time: give %T a method OverTime() bool, which returns false if each time step of its result is made of that step of its inputs alone", op, op)
}

func readsWhole(n *G.Node) error {
	return fmt.Errorf("%v reads whole sequences of one length; use the readouts of package layers, and methods such as Build.SumOverTime in layers of your own", n.Op())
}

// Mixes returns the error of an operation that takes the time steps that it sees for
// all there are.
func (u *Reading) Mixes() (Timing, error) {
	if !u.has(sequence) {
		return u.Joined()
	}
	return Timing{}, readsWhole(u.Result)
}

// Statistic is the timing of a statistic of the batch that training normalises with: a
// value without time, which is what the graph sees at once by definition.
func (u *Reading) Statistic() Timing { return Timing{} }

func (u *Reading) has(k kind) bool {
	return slices.ContainsFunc(u.in, func(t Timing) bool { return t.kind == k })
}

// Joined returns the timing of what is made of all inputs, element by element.
func (u *Reading) Joined() (out Timing, err error) {
	for _, in := range u.in {
		switch {
		case in.kind == timeless:
		case in.kind == extent:
			return Timing{}, readsWhole(u.Result)
		case out.kind == timeless, in.kind == sequence && out.kind == soFar && !u.Windows:
			out.kind, out.stride = in.kind, in.stride
		case in.kind == sequence && out.kind == sequence && in.stride != out.stride:
			return Timing{}, readsWhole(u.Result)
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
func (u *Reading) late() (Timing, error) {
	return Timing{}, fmt.Errorf("%v takes into each time step what is read over all of them, of which only those up to the end of a window are known; "+
		"enter what a step needs to know of those before it by Build.Enter", u.Result.Op())
}

// Each is the timing of an operation whose inputs have the shape of the result, or
// no time.
func (u *Reading) Each() (Timing, error) {
	for i, in := range u.in {
		if in.kind == sequence && !slices.Equal(u.From[i].Shape(), u.Result.Shape()) {
			return u.Mixes()
		}
	}
	return u.Joined()
}

// Rowwise is that of an operation which keeps the elements of the first axis apart.
func (u *Reading) Rowwise() (Timing, error) {
	return u.Keeps(func(_, axis int) int {
		if axis == 0 {
			return 0
		}
		return -1
	})
}

// Keeps is the timing of an operation in which to says at which axis of the result
// an axis of an input goes on unchanged, −1 if at none.
func (u *Reading) Keeps(to func(input, axis int) int) (Timing, error) {
	shapes := make([]tensor.Shape, len(u.From))
	for i, n := range u.From {
		shapes[i] = n.Shape()
	}
	return u.keepsOf(shapes, to)
}

// keepsOf is keeps for inputs that stand for tensors of the given shapes.
func (u *Reading) keepsOf(shapes []tensor.Shape, to func(input, axis int) int) (Timing, error) {
	stride := 0
	out := u.Result.Shape()
	for i, in := range u.in {
		if in.kind != sequence {
			continue
		}
		k := axisOfTime(shapes[i], in.stride, u.steps)
		if k < 0 {
			return u.Mixes()
		}
		j := to(i, k)
		if j < 0 || j >= len(out) || out[j] != shapes[i][k] {
			return u.Mixes()
		}
		s := in.stride / shapes[i][k+1:].TotalSize() * out[j+1:].TotalSize()
		if stride > 0 && s != stride {
			return u.Mixes()
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
	return v.Joined()
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

// Reshaped is the timing of the same elements in another shape.
func (u *Reading) Reshaped() (Timing, error) {
	t, err := u.Joined()
	if err == nil && t.kind == sequence && axisOfTime(u.Result.Shape(), t.stride, u.steps) < 0 {
		return u.Mixes()
	}
	return t, err
}

// Sequence reports whether input i has time steps side by side.
func (u *Reading) Sequence(i int) bool { return u.in[i].kind == sequence }

// Carried reports whether what windows before have handed on has a part in input i.
func (u *Reading) Carried(i int) bool { return u.in[i].carried }

// Leads reports whether input i is a sequence [T, …].
func (u *Reading) Leads(i int) bool {
	s := u.From[i].Shape()
	return u.Sequence(i) && len(s) > 0 && s[0] == u.steps && u.in[i].stride == s[1:].TotalSize()
}

// ReadOver is the timing of what is read over the time steps of a window in the first
// input: entered says that it goes on from what windows before have read, and varied
// that it looks at the lengths of samples.
func (u *Reading) ReadOver(entered, varied bool) (Timing, error) {
	switch {
	case !u.Sequence(0):
		return u.Joined()
	case !u.Leads(0) || u.Windows && !entered:
		return u.Mixes()
	}
	t := Timing{kind: soFar}
	if !varied {
		t.blind = u.Result
	}
	return t, nil
}

// Final is the timing of what stands at the end of the first input, if that is a
// sequence.
func (u *Reading) Final() Timing {
	if !u.Sequence(0) {
		return u.in[0]
	}
	return Timing{kind: soFar, blind: u.Result}
}

// Steps is the timing of a result [T, …] with the time steps of the first input, if
// that is a sequence.
func (u *Reading) Steps() Timing {
	t := u.in[0]
	if t.kind == sequence {
		t.stride = u.Result.Shape()[1:].TotalSize()
	}
	return t
}

// Maps is the timing of a map of x, the first input, of the given shape, which keeps
// the first axes.
func (u *Reading) Maps(x tensor.Shape, first int) (Timing, error) {
	shapes := []tensor.Shape{x}
	for _, n := range u.From[1:] {
		shapes = append(shapes, n.Shape())
	}
	return u.keepsOf(shapes, func(input, axis int) int {
		if input > 0 || axis >= first {
			return -1
		}
		return axis
	})
}

// Product is the timing of a product of matrices, the last axes behind so many
// others.
func (u *Reading) Product(transA, transB bool, others int) (Timing, error) {
	return u.Keeps(func(input, axis int) int {
		row, col := others, others+1
		switch {
		case axis < others:
			return axis
		case input == 0 && (axis == row) != transA:
			return row
		case input == 1 && (axis == col) != transB:
			return col
		}
		return -1
	})
}
