package conv

import (
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// imageKernels are the kernels that convolutions need; package gemm says what they
// compute.
type imageKernels[F vec.Float] struct {
	product     func(transA, transB bool, m, n, k int, a []F, lda int, b []F, ldb int, accumulate bool, c []F, ldc int)
	transpose   func(dst []F, ldd int, src []F, lds, rows, cols int)
	sumRuns     func(r *gemm.Runs, dst, w []F, idx []int32, val []F)
	listRows    func(x []F, ld, rows, cols int, idx []int32, val []F, start []int32, base, step, n int) int
	copyPatches func(p *gemm.Patches, dst, src []F)
	sumPatches  func(p *gemm.Patches, dst, src []F, add bool)
}

var (
	images32 = imageKernels[float32]{gemm.Float32, gemm.Transpose32, gemm.SumRuns32, gemm.ListRows32, (*gemm.Patches).Copy32, (*gemm.Patches).Sum32}
	images64 = imageKernels[float64]{gemm.Float64, gemm.Transpose64, gemm.SumRuns64, gemm.ListRows64, (*gemm.Patches).Copy64, (*gemm.Patches).Sum64}
)

func imageKernelsFor[F vec.Float]() *imageKernels[F] {
	if k, ok := any(&images32).(*imageKernels[F]); ok {
		return k
	}
	return any(&images64).(*imageKernels[F])
}
