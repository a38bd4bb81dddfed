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
