package vec

import "github.com/spikegrad/spikegrad/internal/cpu"

// sets are the kernels by level.
var sets = [cpu.Count]*set{
	cpu.Go:   {plain[float32](), plain[float64]()},
	cpu.NEON: {kernelsF32NEON(), kernelsF64NEON()},
}
