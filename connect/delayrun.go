package connect

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/delays"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// delayRun runs the operations of a delay.
type delayRun[F vec.Float] struct {
	*delay
	run  delays.Run[F]
	part []F
}

func (r *delayRun[F]) do(op *delayOp, in []G.Value) (G.Value, error) {
	var fs [7][]F
	for i, v := range in {
		if op.Follows(i) {
			continue
		}
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return nil, err
		}
		fs[i] = f
	}
	dst := op.Result(r.dt, op.Shape)
	y := ops.Elems[F](dst)
	if err := r.check(op, fs); err != nil {
		return nil, err
	}
	switch op.kind {
	case delayY:
		r.read(fs[0])
		var given [delayEnter + 1][]F
		for which, i := range r.has {
			given[which] = fs[i]
		}
		r.run.Forward(y, delays.Input[F]{X: given[delayX], At: given[delayAt], W: given[delayW], Bias: given[delayBias], Enter: given[delayEnter]})
	case delayLeave:
		copy(y, r.run.Leave())
	case delayDX:
		r.run.GradX(y, r.gradient(op, fs[0]), fs[1], fs[3])
	case delayDAt:
		dw, _ := op.beside.([]F)
		if r.matrix() && dw == nil {
			dw = make([]F, r.in*r.out)
			op.beside = dw
		}
		r.run.GradParams(dw, y, fs[0], r.gradient(op, fs[1]), fs[2], fs[4])
	case delayDW:
		copy(y, op.beside.(*delayOp).beside.([]F))
	case delayDBias:
		r.part = sumRows(y, fs[0], r.steps*r.batch, r.out, r.part)
	case delayDEnter:
		r.run.GradEnter(y, r.gradient(op, fs[0]))
	}
	return dst, nil
}

// check returns an error unless the inputs have the sizes that the graph was built for, and
// takes over the width.
func (r *delayRun[F]) check(op *delayOp, fs [7][]F) error {
	for i, f := range fs {
		if f != nil && len(f) != r.size(op, i) {
			return fmt.Errorf("connect: %v: input %d has %d elements, the graph was built for %d", op, i, len(f), r.size(op, i))
		}
	}
	width := map[delayKind]int{delayY: 2, delayDX: 2, delayDAt: 3}[op.kind]
	if width == 0 {
		return nil
	}
	if width := fs[width][0]; !r.run.Width(float64(width)) {
		return fmt.Errorf("connect: %v: %w", op, delays.ErrWidth(width))
	}
	return nil
}

// size returns how many elements input i has.
func (r *delayRun[F]) size(op *delayOp, i int) int {
	at, w := r.in/r.places, r.in*r.out
	if r.matrix() {
		at = w
	}
	x, g := r.x.TotalSize(), r.steps*r.batch*r.out
	if r.given != nil {
		x = 1
	}
	if op.ofLeave {
		g = r.batch * r.max * r.out
	}
	switch op.kind {
	case delayDX:
		return [...]int{g, at, 1, w}[i]
	case delayDAt:
		return [...]int{x, g, at, 1, w, 0}[i]
	case delayDBias, delayDEnter:
		return g
	}
	for which, k := range r.has {
		if k == i {
			return [...]int{delayX: x, delayAt: at, delayWidth: 1, delayW: w, delayBias: r.out, delayEnter: r.batch * r.max * r.out}[which]
		}
	}
	return 0
}

// read makes the lists of x.
func (r *delayRun[F]) read(x []F) {
	if r.given != nil {
		r.run.ReadLists(r.given.now.lists())
	} else {
		r.run.Read(x)
	}
}

// gradient returns that of y, or of what leaves.
func (r *delayRun[F]) gradient(op *delayOp, g []F) delays.Gradient[F] {
	if op.ofLeave {
		return r.run.OfLeave(g)
	}
	return r.run.OfY(g)
}
