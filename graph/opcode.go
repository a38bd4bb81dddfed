package graph

import (
	"sync"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// An opcode names an element-wise operation. Gorgonia's operations and the
// library's own share this one vocabulary: it is what a step is lowered to.
type opcode uint8

const (
	opNone opcode = iota

	// dst = a ∘ b
	opAdd
	opSub
	opMul
	opDiv
	opPow
	opGt
	opGe
	opLt
	opLe
	opEq
	opNe

	// dst = a ∘ c, with a constant c
	opAddC
	opMulC
	opRSubC // c − a
	opDivC
	opRDivC // c / a
	opPowC
	opGtC
	opGeC
	opLtC
	opLeC
	opEqC
	opNeC
	opMaxC
	opMinC

	// dst = f(a)
	opNeg
	opAbs
	opSign
	opSquare
	opCube
	opSqrt
	opInv
	opRelu
	opExp
	opLog
	opLog2
	opTanh
	opSigmoid
	opExpm1
	opLog1p
	opSoftplus
	opSin
	opCos
	opFloor
	opCeil

	// programs only
	opMulAdd      // dst = a·b + e
	opMulRSub     // dst = e − a·b
	opMulAddC     // dst = c·a + e
	opOneMinusMul // dst = (1 − a)·b
	opCopy        // dst = a
	opFill        // dst = c
	opFunc        // dst = fn(a), element by element
	opRows        // dst = a · W, rows of a by a matrix that does not change
	opCall        // dst = an operation's own Do
	numOpcodes
)

type (
	binaryKernel[F vec.Float] func(dst, a, b []F)
	constKernel[F vec.Float]  func(dst, a []F, c F)
	unaryKernel[F vec.Float]  func(dst, a []F)

	ternaryKernel[F vec.Float] func(dst, a, b, e []F)
	mulAddKernel[F vec.Float]  func(dst, a []F, c F, e []F)
)

// kernelTable holds the kernel of each opcode; one of the first four is set.
type kernelTable[F vec.Float] [numOpcodes]struct {
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
	for op, f := range map[opcode]binaryKernel[F]{
		opAdd: k.Add, opSub: k.Sub, opMul: k.Mul, opDiv: k.Div, opPow: k.Pow,
		opGt: k.Gt, opGe: k.Ge, opLt: k.Lt, opLe: k.Le, opEq: k.Eq, opNe: k.Ne,
		opOneMinusMul: k.OneMinusMul,
	} {
		t[op].binary = f.byPieces()
	}
	for op, f := range map[opcode]constKernel[F]{
		opAddC: k.AddC, opMulC: k.MulC, opRSubC: k.RSubC, opDivC: k.DivC, opRDivC: k.RDivC, opPowC: k.PowC,
		opGtC: k.GtC, opGeC: k.GeC, opLtC: k.LtC, opLeC: k.LeC, opEqC: k.EqC, opNeC: k.NeC,
		opMaxC: k.MaxC, opMinC: k.MinC,
	} {
		t[op].konst = f.byPieces()
	}
	for op, f := range map[opcode]unaryKernel[F]{
		opNeg: k.Neg, opAbs: k.Abs, opSign: k.Sign, opSquare: k.Square, opCube: k.Cube, opSqrt: k.Sqrt,
		opInv: k.Inv, opRelu: k.Relu, opExp: k.Exp, opLog: k.Log, opLog2: k.Log2, opTanh: k.Tanh,
		opSigmoid: k.Sigmoid, opExpm1: k.Expm1, opLog1p: k.Log1p, opSoftplus: k.Softplus,
		opSin: k.Sin, opCos: k.Cos, opFloor: k.Floor, opCeil: k.Ceil,
		opCopy: func(dst, a []F) { copy(dst, a) },
	} {
		t[op].unary = f.byPieces()
	}
	t[opMulAdd].ternary = ternaryKernel[F](k.MulAdd).byPieces()
	t[opMulRSub].ternary = ternaryKernel[F](k.MulRSub).byPieces()
	t[opMulAddC].mulAddC = mulAddKernel[F](k.MulAddC).byPieces()
	return &t
}

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
