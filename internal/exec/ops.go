package exec

import (
	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/jit"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// What the operations compute, for both backends: each has a kernel, and most have
// machine code that gives the same bits.

// newKernelTable says by which kernel each operation runs.
func newKernelTable[F vec.Float](k *vec.Kernels[F]) *kernelTable[F] {
	var t kernelTable[F]
	for op, f := range map[ir.Op]binaryKernel[F]{
		ir.OpAdd: k.Add, ir.OpSub: k.Sub, ir.OpMul: k.Mul, ir.OpDiv: k.Div, ir.OpPow: k.Pow,
		ir.OpGt: k.Gt, ir.OpGe: k.Ge, ir.OpLt: k.Lt, ir.OpLe: k.Le, ir.OpEq: k.Eq, ir.OpNe: k.Ne,
		ir.OpOneMinusMul: k.OneMinusMul,
	} {
		t[op].binary = f.byPieces()
	}
	for op, f := range map[ir.Op]constKernel[F]{
		ir.OpAddC: k.AddC, ir.OpMulC: k.MulC, ir.OpRSubC: k.RSubC, ir.OpDivC: k.DivC, ir.OpRDivC: k.RDivC, ir.OpPowC: k.PowC,
		ir.OpGtC: k.GtC, ir.OpGeC: k.GeC, ir.OpLtC: k.LtC, ir.OpLeC: k.LeC, ir.OpEqC: k.EqC, ir.OpNeC: k.NeC,
		ir.OpMaxC: k.MaxC, ir.OpMinC: k.MinC,
	} {
		t[op].konst = f.byPieces()
	}
	for op, f := range map[ir.Op]unaryKernel[F]{
		ir.OpNeg: k.Neg, ir.OpAbs: k.Abs, ir.OpSign: k.Sign, ir.OpSquare: k.Square, ir.OpCube: k.Cube, ir.OpSqrt: k.Sqrt,
		ir.OpInv: k.Inv, ir.OpRelu: k.Relu, ir.OpExp: k.Exp, ir.OpLog: k.Log, ir.OpLog2: k.Log2, ir.OpTanh: k.Tanh,
		ir.OpSigmoid: k.Sigmoid, ir.OpExpm1: k.Expm1, ir.OpLog1p: k.Log1p, ir.OpSoftplus: k.Softplus,
		ir.OpSin: k.Sin, ir.OpCos: k.Cos, ir.OpFloor: k.Floor, ir.OpCeil: k.Ceil,
		ir.OpCopy: func(dst, a []F) { copy(dst, a) },
	} {
		t[op].unary = f.byPieces()
	}
	t[ir.OpMulAdd].ternary = ternaryKernel[F](k.MulAdd).byPieces()
	t[ir.OpMulRSub].ternary = ternaryKernel[F](k.MulRSub).byPieces()
	t[ir.OpMulAddC].mulAddC = mulAddKernel[F](k.MulAddC).byPieces()
	return &t
}

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
