package exec

import (
	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/jit"
)

// generated maps operations to those of the code generator. The operands are those
// that the instruction reads, then the constant. What is not here runs by its kernel.
var generated = map[ir.Op]func(b *jit.Builder, in []jit.Value) jit.Value{
	ir.OpAdd: do(jit.Add), ir.OpSub: do(jit.Sub), ir.OpMul: do(jit.Mul), ir.OpDiv: do(jit.Div),
	ir.OpGt: flag(jit.Gt), ir.OpGe: flag(jit.Ge), ir.OpLt: flag(jit.Lt), ir.OpLe: flag(jit.Le), ir.OpEq: flag(jit.Eq), ir.OpNe: flag(jit.Ne),

	ir.OpAddC: do(jit.Add), ir.OpMulC: do(jit.Mul), ir.OpRSubC: reversed(jit.Sub), ir.OpDivC: do(jit.Div), ir.OpRDivC: reversed(jit.Div),
	ir.OpGtC: flag(jit.Gt), ir.OpGeC: flag(jit.Ge), ir.OpLtC: flag(jit.Lt), ir.OpLeC: flag(jit.Le), ir.OpEqC: flag(jit.Eq), ir.OpNeC: flag(jit.Ne),
	ir.OpMaxC: extreme(jit.Max), ir.OpMinC: extreme(jit.Min),

	ir.OpSqrt: do(jit.Sqrt), ir.OpFloor: do(jit.Floor), ir.OpCeil: do(jit.Ceil),
	ir.OpNeg: func(b *jit.Builder, in []jit.Value) jit.Value { return b.Do(jit.Xor, in[0], b.Sign()) },
	ir.OpAbs: func(b *jit.Builder, in []jit.Value) jit.Value { return b.Do(jit.And, in[0], b.Magnitude()) },
	ir.OpSign: func(b *jit.Builder, in []jit.Value) jit.Value {
		one := b.Do(jit.Or, b.Do(jit.And, in[0], b.Sign()), b.Literal(1))
		return b.Select(jit.Different, in[0], b.Literal(0), one, in[0])
	},
	ir.OpExp: function((*jit.Builder).Exp), ir.OpSigmoid: function((*jit.Builder).Sigmoid), ir.OpTanh: function((*jit.Builder).Tanh),

	ir.OpSquare: func(b *jit.Builder, in []jit.Value) jit.Value { return b.Do(jit.Mul, in[0], in[0]) },
	ir.OpCube: func(b *jit.Builder, in []jit.Value) jit.Value {
		return b.Do(jit.Mul, b.Do(jit.Mul, in[0], in[0]), in[0])
	},
	ir.OpInv:  func(b *jit.Builder, in []jit.Value) jit.Value { return b.Do(jit.Div, b.Literal(1), in[0]) },
	ir.OpRelu: func(b *jit.Builder, in []jit.Value) jit.Value { return b.Do(jit.Max, b.Literal(0), in[0]) },

	ir.OpMulAdd: func(b *jit.Builder, in []jit.Value) jit.Value {
		return b.Do(jit.Add, b.Do(jit.Mul, in[0], in[1]), in[2])
	},
	ir.OpMulRSub: func(b *jit.Builder, in []jit.Value) jit.Value {
		return b.Do(jit.Sub, in[2], b.Do(jit.Mul, in[0], in[1]))
	},
	ir.OpMulAddC: func(b *jit.Builder, in []jit.Value) jit.Value {
		return b.Do(jit.Add, b.Do(jit.Mul, in[0], in[2]), in[1])
	},
	ir.OpOneMinusMul: func(b *jit.Builder, in []jit.Value) jit.Value {
		return b.Do(jit.Mul, b.Do(jit.Sub, b.Literal(1), in[0]), in[1])
	},
	ir.OpCopy: func(_ *jit.Builder, in []jit.Value) jit.Value { return in[0] },
	ir.OpFill: func(_ *jit.Builder, in []jit.Value) jit.Value { return in[0] },
}

func do(op jit.Op) func(*jit.Builder, []jit.Value) jit.Value {
	return func(b *jit.Builder, in []jit.Value) jit.Value { return b.Do(op, in...) }
}

func function(f func(*jit.Builder, jit.Value) jit.Value) func(*jit.Builder, []jit.Value) jit.Value {
	return func(b *jit.Builder, in []jit.Value) jit.Value { return f(b, in[0]) }
}

func reversed(op jit.Op) func(*jit.Builder, []jit.Value) jit.Value {
	return func(b *jit.Builder, in []jit.Value) jit.Value { return b.Do(op, in[1], in[0]) }
}

func flag(p jit.Predicate) func(*jit.Builder, []jit.Value) jit.Value {
	return func(b *jit.Builder, in []jit.Value) jit.Value { return b.Flag(p, in[0], in[1]) }
}

// extreme returns the larger or smaller of a value and a constant, NaN where
// either is.
func extreme(op jit.Op) func(*jit.Builder, []jit.Value) jit.Value {
	return func(b *jit.Builder, in []jit.Value) jit.Value {
		a, c := in[0], in[1]
		return b.Select(jit.Unordered, c, c, c, b.Do(op, c, a))
	}
}
