package graph

import (
	"fmt"
	"slices"

	"github.com/spikegrad/spikegrad/internal/timing"
)

// Where the results of the operations of steps and scans have time. Those that have no
// place in a network, gradients, say that they read over it.

func (mapOp) Along(u *timing.Reading) (timing.Timing, error)   { return u.Each() }
func (stopOp) Along(u *timing.Reading) (timing.Timing, error)  { return u.Each() }
func (spikeOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Each() }

// Constant: the input is there for its shape.
func (*fillOp) Constant() {}

// Along: values of the shape of a sequence are one for each time step.
func (op *fillOp) Along(u *timing.Reading) (timing.Timing, error) {
	if !slices.Equal(u.From[0].Shape(), u.Result.Shape()) {
		return timing.Timing{}, nil
	}
	return u.Each()
}

// Along: axes are counted from the last one.
func (expandOp) Along(u *timing.Reading) (timing.Timing, error) {
	more := u.Result.Dims() - u.From[0].Dims()
	return u.Keeps(func(_, axis int) int { return axis + more })
}

func (reduceOp) Along(u *timing.Reading) (timing.Timing, error) {
	fewer := u.From[0].Dims() - u.Result.Dims()
	return u.Keeps(func(_, axis int) int { return axis - fewer })
}

func (*reshapeOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Reshaped() }

func (atOp) Along(u *timing.Reading) (timing.Timing, error) {
	return u.Keeps(func(_, axis int) int { return axis - 1 })
}

func (stackOp) Along(u *timing.Reading) (timing.Timing, error) {
	return u.Keeps(func(_, axis int) int { return axis + 1 })
}

func (op matOp) Along(u *timing.Reading) (timing.Timing, error) {
	return u.Product(op.transA, op.transB, 0)
}

// Along: a scan goes on from the states that entered it, with parameters that do
// not change.
func (op *scanOp) Along(u *timing.Reading) (timing.Timing, error) {
	if u.Sequence(0) && !u.Leads(0) {
		return u.Mixes()
	}
	for i := range u.From[1:] {
		if u.Sequence(1 + i) {
			return u.Mixes()
		}
	}
	if u.Windows && u.Sequence(0) {
		for i := range op.s.states {
			if !u.Carried(1 + i) {
				return timing.Timing{}, fmt.Errorf("%v starts from rest in every window; make a layer of the step by layers.Lift, or enter its states by Build.Enter", op)
			}
		}
	}
	return u.Joined()
}

func (op *resultOp) Along(u *timing.Reading) (timing.Timing, error) {
	switch {
	case op.bw != nil:
		return u.Mixes()
	case op.kind == resultFinal:
		return u.Final(), nil
	}
	return u.Steps(), nil
}

func (putOp) OverTime() bool       { return true }
func (*gradOp) OverTime() bool     { return true }
func (*backwardOp) OverTime() bool { return true }
func (phiOp) OverTime() bool       { return true }
func (insertOp) OverTime() bool    { return true }
func (extractOp) OverTime() bool   { return true }
