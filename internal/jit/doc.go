// Package jit makes machine code for straight-line element-wise arithmetic: the
// loops over time steps and lanes in which a fused scan spends its time.
//
// A Builder takes the operations of one time step on one lane, in order. Compile
// gives them registers and writes a loop over the lanes of a block, for AVX-512 or
// AVX2, inside a loop over time steps. Values stay in registers between operations;
// memory is touched where the step reads and writes it.
//
// Every operation rounds as the kernels of package vec do, so the code gives the
// bits that calling them one after the other would. Those kernels are what its
// tests compare with, and what runs where Available is false.
package jit
