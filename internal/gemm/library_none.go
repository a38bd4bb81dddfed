//go:build !openblas

package gemm

import "github.com/spikegrad/spikegrad/internal/cpu"

// library is what computes large products in the place of this package's kernels.
const library = ""

// active returns the kernels in force.
func active() *machine { return machines[cpu.Kernels()] }
