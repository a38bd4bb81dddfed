package graph

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"
)

// Where the results of operations have time. Those that have no place in a network,
// gradients and losses, say that they read over it.

func (mapOp) along(u *inTime) (timing, error)   { return u.each() }
func (stopOp) along(u *inTime) (timing, error)  { return u.each() }
func (spikeOp) along(u *inTime) (timing, error) { return u.each() }

// along: values of the shape of a sequence are one for each time step.
func (op *fillOp) along(u *inTime) (timing, error) {
	if !slices.Equal(u.from[0].Shape(), u.node.Shape()) {
		return timing{}, nil
	}
	return u.each()
}

// along: axes are counted from the last one.
func (expandOp) along(u *inTime) (timing, error) {
	more := u.node.Dims() - u.from[0].Dims()
	return u.keeps(func(_, axis int) int { return axis + more })
}

func (reduceOp) along(u *inTime) (timing, error) {
	fewer := u.from[0].Dims() - u.node.Dims()
	return u.keeps(func(_, axis int) int { return axis - fewer })
}

func (*reshapeOp) along(u *inTime) (timing, error) { return u.reshaped() }

func (atOp) along(u *inTime) (timing, error) {
	return u.keeps(func(_, axis int) int { return axis - 1 })
}

func (stackOp) along(u *inTime) (timing, error) {
	return u.keeps(func(_, axis int) int { return axis + 1 })
}

// along: a row for each element of the first axis.
func (*rowsOp) along(u *inTime) (timing, error) { return u.rowwise() }
func (oneHotOp) OverTime() bool                 { return false }

// along: all axes of x but the last are kept; a weight is not a sequence.
func (op *linearOp) along(u *inTime) (timing, error) {
	if op.kind != linearY {
		return u.mixes()
	}
	return u.maps(op.l.shape, len(op.l.shape)-1)
}

func (op *convOp) along(u *inTime) (timing, error) {
	if op.kind != convY {
		return u.mixes()
	}
	return u.maps(op.c.shape, len(op.c.shape)-3)
}

// maps is the timing of a map of x, the first input, of the given shape, which keeps
// the first axes.
func (u *inTime) maps(x tensor.Shape, first int) (timing, error) {
	shapes := []tensor.Shape{x}
	for _, n := range u.from[1:] {
		shapes = append(shapes, n.Shape())
	}
	return u.keepsOf(shapes, func(input, axis int) int {
		if input > 0 || axis >= first {
			return -1
		}
		return axis
	})
}

func (op *poolOp) along(u *inTime) (timing, error) {
	if op.grad {
		return u.mixes()
	}
	return u.maps(u.from[0].Shape(), u.from[0].Dims()-2)
}

func (op matOp) along(u *inTime) (timing, error) { return u.product(op.transA, op.transB, 0) }

// product is the timing of a product of matrices, the last axes behind so many
// others.
func (u *inTime) product(transA, transB bool, others int) (timing, error) {
	return u.keeps(func(input, axis int) int {
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

func (op *overTimeOp) along(u *inTime) (timing, error) {
	if op.grad {
		return u.mixes()
	}
	return u.read(op.window)
}

func (op *excursionOp) along(u *inTime) (timing, error) {
	if op.grad {
		return u.mixes()
	}
	return u.read(op.window)
}

// along: a scan goes on from the states that entered it, with parameters that do
// not change.
func (op *scanOp) along(u *inTime) (timing, error) {
	if u.in[0].kind == sequence && !u.leads(0) || slices.ContainsFunc(u.in[1:], func(t timing) bool { return t.kind == sequence }) {
		return u.mixes()
	}
	if u.Windows && u.in[0].kind == sequence {
		for i := range op.s.states {
			if !u.in[1+i].carried {
				return timing{}, fmt.Errorf("%v starts from rest in every window; make a layer of the step by layers.Lift, or enter its states by Build.Enter", op)
			}
		}
	}
	return u.joined()
}

func (op *resultOp) along(u *inTime) (timing, error) {
	t := u.in[0]
	switch {
	case op.bw != nil:
		return u.mixes()
	case t.kind != sequence:
	case op.kind == resultFinal:
		t = timing{kind: soFar, blind: u.node}
	default:
		t.stride = u.node.Shape()[1:].TotalSize()
	}
	return t, nil
}

func (putOp) OverTime() bool          { return true }
func (crossEntropyOp) OverTime() bool { return true }
func (*rateOp) OverTime() bool        { return true }
func (*stepWeightsOp) OverTime() bool { return true }
func (*spikesOp) OverTime() bool      { return true }
func (*gradOp) OverTime() bool        { return true }
func (*backwardOp) OverTime() bool    { return true }
func (phiOp) OverTime() bool          { return true }
func (insertOp) OverTime() bool       { return true }
func (extractOp) OverTime() bool      { return true }
