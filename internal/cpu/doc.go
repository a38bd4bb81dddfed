// Package cpu says which instruction sets this processor has, and which of several
// ways through the code that give the same results is taken: one choice for the
// kernels of packages vec and gemm, and for the code that package jit writes.
//
// The best there is is chosen at start. The environment can choose otherwise, so that
// the tests can run on each way:
//
//	SPIKEGRAD_KERNELS=go     plain Go kernels; avx2, avx512 or neon, where the processor has it:
//	                         each called on its own, where otherwise scans generate code
//	SPIKEGRAD_CODE=avx2      scans generate code for AVX2, also where there is AVX-512;
//	                         SPIKEGRAD_CODE=neon also on macOS, where nobody has run it yet
//	SPIKEGRAD_PRODUCTS=dense matrix products that never follow spikes
//
// Nobody else needs to set them. Tests that compare ways within one process call
// [ForceKernels] and [ForceCode].
//
// An instruction set is a [Level]. To add one is to name it in level.go, with what it
// takes in a file detect_….go for its architecture, and then to give it kernels in the
// tables of vec and gemm (sets_….go, machines_….go) and a target in jit. Where one of
// them has none, plain Go runs.
package cpu
