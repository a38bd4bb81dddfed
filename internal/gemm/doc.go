// Package gemm multiplies dense matrices and adds up rows of them, in assembly
// where there is any for the processor: AVX-512, AVX2 with FMA, NEON, else plain Go.
//
//	gemm.Float32(false, true, m, n, k, a, k, b, k, false, c, n) // C = A·Bᵀ
//
// A matrix product goes from [Float32] in gemm.go to block.go, which divides C
// among goroutines and the sums into blocks that stay in the cache, to pack.go,
// which lays a block out in the order of its use, to the kernel, which computes a
// tile of C in registers (the micro-kernel of Goto's scheme: K. Goto and R. A. van de
// Geijn, ACM Transactions on Mathematical Software 34 (2008), 12). For sparse
// matrices, sparse.go finds what is not zero ([NonZero32], [Count32]: stream
// compaction) and adds the rows it stands for ([AddRows32], [AxpyRows32]: a row of a
// product of sparse by dense, SpMM). For convolutions, conv.go copies and adds
// [Patches] (im2col and col2im), lists what is not zero row by row ([ListRows32], as
// compressed sparse rows, CSR) and adds up runs ([SumRuns32]).
//
// An element of C is the sum
//
//	((c + a₀b₀) + a₁b₁) + …, starting from 0 instead of c unless accumulating,
//
// in this order, whatever the sizes, strides, blocks and number of threads. AVX-512,
// AVX2 and NEON round once per term (fused multiply-add) and so agree in every bit;
// plain Go does the same in float32 and rounds products and sums in float64, alike
// on every computer. No term is left
// out: 0·NaN is NaN. A sum of rows is the same sum without its zeros, so that for
// finite numbers a sparse product has the bits of the dense one, but for the sign
// of zero.
//
// In a program that is built with the tag openblas, large products are those of
// OpenBLAS, unless kernels were asked for, whose sums have an order of their own: then bits depend on its version
// and on the number of threads.
//
// Package cpu says which kernels are in force. The assembly
// (kernels_….s, a family of kernels a file) is written by the program in asm, a module
// of its own, by go generate; that for arm64 (kernels_arm64.s) by the one in asm/neon.
package gemm
