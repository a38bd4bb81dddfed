// Package jit makes machine code for straight-line element-wise arithmetic: the
// loops over time steps and lanes in which a fused scan spends its time.
//
// A Builder takes the operations of one time step on one lane, in order (builder.go).
// Compile gives them registers (alloc.go) and writes a loop over the lanes of a block
// inside a loop over time steps (loops.go). Values stay in registers between operations;
// memory is touched where the step reads and writes it.
//
// Nothing here is of one processor. What it is asked for is a [Target] with an
// [Assembler] (isa.go); package amd64 has those for AVX2 and AVX-512, package arm64
// that for NEON, and each makes them known when it is imported. [Builder.String], [Builder.Listing] and [Code.Bytes] print
// a loop before its values have registers, after, and as machine code.
//
// Every operation rounds as the kernels of package vec do, so the code gives the
// bits that calling them one after the other would. Those kernels are what its
// tests compare with, and what runs where Available is false.
package jit
