package vec

import "github.com/spikegrad/spikegrad/internal/cpu"

// sets are the kernels by level.
var sets = [cpu.Count]*set{
	cpu.Go:     {plain[float32](), plain[float64]()},
	cpu.AVX2:   {kernelsF32AVX2(), kernelsF64AVX2()},
	cpu.AVX512: {kernelsF32AVX512(), kernelsF64AVX512()},
}
