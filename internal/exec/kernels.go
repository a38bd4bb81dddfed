package exec

import (
	"sync"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/vec"
)

type (
	binaryKernel[F vec.Float] func(dst, a, b []F)
	constKernel[F vec.Float]  func(dst, a []F, c F)
	unaryKernel[F vec.Float]  func(dst, a []F)

	ternaryKernel[F vec.Float] func(dst, a, b, e []F)
	mulAddKernel[F vec.Float]  func(dst, a []F, c F, e []F)
)

// kernelTable holds the kernel of each operation that has one; one of the fields is set.
type kernelTable[F vec.Float] [ir.NumOps]struct {
	binary  binaryKernel[F]
	konst   constKernel[F]
	unary   unaryKernel[F]
	ternary ternaryKernel[F]
	mulAddC mulAddKernel[F]
}

// tables holds the kernel table of each set of kernels, made when first needed.
var tables sync.Map

// kernelsFor returns the kernels for the instruction set in force.
func kernelsFor[F vec.Float]() *kernelTable[F] {
	k := vec.For[F]()
	t, ok := tables.Load(k)
	if !ok {
		t, _ = tables.LoadOrStore(k, newKernelTable(k))
	}
	return t.(*kernelTable[F])
}

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

// Map writes f(a) to dst for an operation on one value, or on one and the constant c.
func Map[F vec.Float](op ir.Op, dst, a []F, c F) {
	k := &kernelsFor[F]()[op]
	if k.konst != nil {
		k.konst(dst, a, c)
		return
	}
	k.unary(dst, a)
}

// Combine writes a ∘ b to dst for an operation on two values.
func Combine[F vec.Float](op ir.Op, dst, a, b []F) { kernelsFor[F]()[op].binary(dst, a, b) }

// A piece is how many elements a kernel gets at a time. Like the code of scans
// kernels cannot be interrupted, and the garbage collector waits for their end.
const piece = 1 << 16

func (k binaryKernel[F]) byPieces() binaryKernel[F] {
	return func(dst, a, b []F) {
		for len(dst) > piece {
			k(dst[:piece], a[:piece], b[:piece])
			dst, a, b = dst[piece:], a[piece:], b[piece:]
		}
		k(dst, a, b)
	}
}

func (k constKernel[F]) byPieces() constKernel[F] {
	return func(dst, a []F, c F) {
		for len(dst) > piece {
			k(dst[:piece], a[:piece], c)
			dst, a = dst[piece:], a[piece:]
		}
		k(dst, a, c)
	}
}

func (k unaryKernel[F]) byPieces() unaryKernel[F] {
	return func(dst, a []F) {
		for len(dst) > piece {
			k(dst[:piece], a[:piece])
			dst, a = dst[piece:], a[piece:]
		}
		k(dst, a)
	}
}

func (k ternaryKernel[F]) byPieces() ternaryKernel[F] {
	return func(dst, a, b, e []F) {
		for len(dst) > piece {
			k(dst[:piece], a[:piece], b[:piece], e[:piece])
			dst, a, b, e = dst[piece:], a[piece:], b[piece:], e[piece:]
		}
		k(dst, a, b, e)
	}
}

func (k mulAddKernel[F]) byPieces() mulAddKernel[F] {
	return func(dst, a []F, c F, e []F) {
		for len(dst) > piece {
			k(dst[:piece], a[:piece], c, e[:piece])
			dst, a, e = dst[piece:], a[piece:], e[piece:]
		}
		k(dst, a, c, e)
	}
}
