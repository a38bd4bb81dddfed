// Package neon spells instructions of arm64 as the words that a processor reads: those
// on vectors of 128 bits (Advanced SIMD), of which Go's assembler knows few, and what
// moves them between registers and memory.
//
//	neon.FAdd(64, 2, 0, 1) // fadd v2.2d, v0.2d, v1.2d
//
// Two kinds of callers have them in common: programs that write assembly for packages
// vec and gemm ([Writer]), and package jit/arm64, which writes machine code. The numbers
// are those of the Arm Architecture Reference Manual for A-profile (DDI 0487), section C7.2.
package neon
