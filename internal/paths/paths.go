// Package paths reads which of several equivalent code paths to take from the
// environment, so that the tests can run on each of them:
//
//	SPIKEGRAD_KERNELS=go     plain Go kernels; avx2 or avx512, where the processor has it:
//	                         each called on its own, where otherwise scans generate code
//	SPIKEGRAD_CODE=avx2      scans generate code for AVX2, also where there is AVX-512
//	SPIKEGRAD_PRODUCTS=dense matrix products that never follow spikes
//
// Nobody else needs to set them: the best path is chosen at start.
package paths

import "os"

// Kernels returns the instruction set asked for, "" for the best there is and
// for generated code.
func Kernels() string { return os.Getenv("SPIKEGRAD_KERNELS") }

// Dense reports whether products are to be dense whatever their operands.
func Dense() bool { return os.Getenv("SPIKEGRAD_PRODUCTS") == "dense" }

// Code returns the instruction set to generate code for, "" for the best.
func Code() string { return os.Getenv("SPIKEGRAD_CODE") }
