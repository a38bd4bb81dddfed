//go:build openblas

package gemm

import (
	"github.com/spikegrad/spikegrad/internal/cpu"
	"github.com/spikegrad/spikegrad/internal/gemm/openblas"
)

// library is what computes large products in the place of this package's kernels,
// unless somebody has asked for these.
const library = "OpenBLAS"

// withLibrary has the best kernels there are, and products of the library.
var withLibrary = func() machine {
	m := *machines[cpu.Best()]
	m.f32.product, m.f64.product = openblas.Float32, openblas.Float64
	return m
}()

// active returns the kernels in force.
func active() *machine {
	if cpu.Forced() {
		return machines[cpu.Kernels()]
	}
	return &withLibrary
}
