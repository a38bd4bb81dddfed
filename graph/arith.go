package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// compute returns what an operation gives. Gorgonia's sums, differences, products and
// quotients are computed by the library's kernels: Gorgonia gives +Inf for whatever
// is divided by zero, and something else where it writes to memory that it is
// given; here a quotient is that of IEEE 754. dst is a tensor to write to if there
// is one of the result's type and shape, nil for memory of the operation's own. code
// is that of arithmeticOf.
func compute(op G.Op, code opcode, dst G.Value, in ...G.Value) (G.Value, error) {
	if code == opNone {
		return op.Do(in...)
	}
	full := in[0] // the operand that is no scalar, if one is
	if isScalarValue(full) {
		full = in[1]
	}
	d, ok := full.(*tensor.Dense)
	if !ok || isScalarValue(d) || !isFloat(d.Dtype()) || !isScalarValue(in[0]) && !isScalarValue(in[1]) && !in[0].Shape().Eq(in[1].Shape()) {
		return op.Do(in...)
	}
	y, ok := dst.(*tensor.Dense)
	if !ok || y.Dtype() != d.Dtype() || !y.Shape().Eq(d.Shape()) {
		y = newDense(d.Dtype(), d.Shape())
	}
	var err error
	if d.Dtype() == tensor.Float32 {
		err = arithmetic[float32](op, code, y, in)
	} else {
		err = arithmetic[float64](op, code, y, in)
	}
	return y, err
}

// arithmeticOf returns the opcode of Gorgonia's sums, differences, products and
// quotients, opNone of all other operations. It takes long to tell, so who runs an
// operation often asks once.
func arithmeticOf(op G.Op) opcode {
	if op == nil {
		return opNone
	}
	if code := elementwise(op); code >= opAdd && code <= opDiv {
		return code
	}
	return opNone
}

func arithmetic[F vec.Float](op fmt.Stringer, code opcode, dst *tensor.Dense, in []G.Value) error {
	a, err := floats[F](op, in[0])
	if err != nil {
		return err
	}
	b, err := floats[F](op, in[1])
	if err != nil {
		return err
	}
	k, y := kernelsFor[F](), elems[F](dst)
	switch {
	case isScalarValue(in[1]):
		c := b[0]
		if code == opSub {
			c = -c
		}
		k[withConst[code].right].konst(y, a, c)
	case isScalarValue(in[0]):
		k[withConst[code].left].konst(y, b, a[0])
	default:
		k[code].binary(y, a, b)
	}
	return nil
}

// isScalarValue reports whether v is a number without axes.
func isScalarValue(v G.Value) bool { return len(v.Shape()) == 0 }
