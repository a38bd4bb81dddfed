package gemm

//go:generate go run -C asm ./neon

import "github.com/spikegrad/spikegrad/internal/cpu"

// machines are the kernels by level.
var machines = [cpu.Count]*machine{cpu.Go: &plainGo, cpu.NEON: &neon}

// Products and sums are in assembly; what copies and searches is in Go. The sizes of
// blocks are those of AVX2, for a second-level cache of 512 KiB, and have not been
// measured. Of 32 registers a tile takes 12·2.
var neon = machine{neon32(), neon64()}

func neon32() kernels[float32] {
	k := goKernels[float32]()
	k.threadWork = 1 << 20
	k.mr, k.nr, k.lanes = 12, 8, 4
	k.mc, k.nc, k.kc, k.strip = 48, 256, 256, 192
	k.gemm = gemm32NEON
	k.tile, k.addRows, k.axpyRows, k.sumRuns = 64, addRows32NEON, axpyRows32NEON, sumRuns32NEON
	return k
}

func neon64() kernels[float64] {
	k := goKernels[float64]()
	k.threadWork = 1 << 19
	k.mr, k.nr, k.lanes = 12, 4, 2
	k.mc, k.nc, k.kc, k.strip = 48, 128, 256, 96
	k.gemm = gemm64NEON
	k.tile, k.addRows, k.axpyRows, k.sumRuns = 32, addRows64NEON, axpyRows64NEON, sumRuns64NEON
	return k
}
