// Package vec holds element-wise kernels on slices of float32 and float64: the
// instruction set of programs that run over blocks of a few thousand lanes in
// the first levels of the cache.
//
// [For] returns the kernels of one element type for the best instruction set
// the processor has. They are plain functions on slices and allocate nothing:
//
//	k := vec.For[float32]()
//	k.MulAddC(v, i, dt, v) // v ← dt·i + v
//	k.GtC(z, v, 1)         // z ← 1 where v > 1, else 0
//
// Every kernel has a plain Go twin of a few lines (plain.go, unary.go and
// their neighbours) that defines it and serves processors without vectors that
// are known here. Most have forms for AVX2 and AVX-512 beside it, on amd64, and for NEON,
// on arm64. One program writes them all from the same formulas, in the folder asm, a
// module of its own.
//
// # What agrees with what
//
// Arithmetic, comparisons and reductions give the same bits on every path, for
// every input, except that the sign and payload of a NaN are unspecified. No
// product is fused with a sum: MulAdd is Mul followed by Add.
//
// Exp, Log, Tanh and their like are within 2 ulp of the true value on every
// path. AVX2, AVX-512 and NEON give the same bits, plain Go may differ in the last
// ones. Pow, Sin and Cos are plain Go everywhere.
//
// The value of an element never depends on its position or on the length of
// the slice, so that a computation may be cut into blocks of any size.
package vec

//go:generate go run -C asm .
