//go:build openblas

package gemm

import "github.com/spikegrad/spikegrad/internal/gemm/openblas"

// withOpenBLAS adds a level to ms: the best of them, with OpenBLAS for products.
func withOpenBLAS(ms []*machine) []*machine {
	m := *ms[len(ms)-1]
	m.level = OpenBLAS
	m.f32.product, m.f64.product = openblas.Float32, openblas.Float64
	return append(ms, &m)
}
