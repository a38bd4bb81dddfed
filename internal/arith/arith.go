// Package arith computes sums, differences, products and quotients of Gorgonia's by the
// library's kernels.
package arith

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/exec"
	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// Compute returns what an operation gives. Gorgonia's sums, differences, products and
// quotients are computed by the library's kernels: Gorgonia gives +Inf for whatever
// is divided by zero, and something else where it writes to memory that it is
// given; here a quotient is that of IEEE 754. dst is a tensor to write to if there
// is one of the result's type and shape, nil for memory of the operation's own. code
// is that of [Of].
func Compute(op G.Op, code ir.Op, dst G.Value, in ...G.Value) (G.Value, error) {
	if code == ir.OpNone {
		return op.Do(in...)
	}
	full := in[0] // the operand that is no scalar, if one is
	if isScalarValue(full) {
		full = in[1]
	}
	d, ok := full.(*tensor.Dense)
	if !ok || isScalarValue(d) || !ops.IsFloat(d.Dtype()) || !isScalarValue(in[0]) && !isScalarValue(in[1]) && !in[0].Shape().Eq(in[1].Shape()) {
		return op.Do(in...)
	}
	y, ok := dst.(*tensor.Dense)
	if !ok || y.Dtype() != d.Dtype() || !y.Shape().Eq(d.Shape()) {
		y = ops.New(d.Dtype(), d.Shape())
	}
	var err error
	if d.Dtype() == tensor.Float32 {
		err = arithmetic[float32](code, y, in)
	} else {
		err = arithmetic[float64](code, y, in)
	}
	if err != nil {
		return nil, fmt.Errorf("%v: %w", op, err)
	}
	return y, nil
}

// Of returns the operation in a program of Gorgonia's sums, differences, products and
// quotients, ir.OpNone of all other operations. It takes long to tell, so who runs an
// operation often asks once.
func Of(op G.Op) ir.Op {
	if op == nil {
		return ir.OpNone
	}
	if code := lower.FormOf(op).Op; code.IsArithmetic() {
		return code
	}
	return ir.OpNone
}

func arithmetic[F vec.Float](code ir.Op, dst *tensor.Dense, in []G.Value) error {
	a, err := ops.Floats[F](in[0])
	if err != nil {
		return err
	}
	b, err := ops.Floats[F](in[1])
	if err != nil {
		return err
	}
	y := ops.Elems[F](dst)
	switch facts := code.Facts(); {
	case isScalarValue(in[1]):
		c := b[0]
		if code == ir.OpSub {
			c = -c
		}
		exec.Map(facts.Right, y, a, c)
	case isScalarValue(in[0]):
		exec.Map(facts.Left, y, b, a[0])
	default:
		exec.Combine(code, y, a, b)
	}
	return nil
}

// isScalarValue reports whether v is a number without axes.
func isScalarValue(v G.Value) bool { return len(v.Shape()) == 0 }
