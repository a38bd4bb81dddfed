package gemm

//go:generate go run -C asm ./neon

import "github.com/spikegrad/spikegrad/internal/cpu"

// machines are the kernels by level.
var machines = [cpu.Count]*machine{cpu.Go: &plainGo, cpu.NEON: &neon}

// The sizes of blocks are those of AVX2, for a second-level cache of 512 KiB, and have
// not been measured. Of 32 registers a tile takes 12·2.
var neon = machine{
	kernels[float32]{
		threadWork: 1 << 20,
		mr:         12, nr: 8, lanes: 4, mc: 48, nc: 256, kc: 256, strip: 192, square: 8,
		gemm: gemm32NEON, pack: pack32NEON, transpose: transpose32NEON,
		tile: 64, addRows: addRows32NEON, axpyRows: axpyRows32NEON,
		sumRuns: sumRuns32NEON, patches: patches32NEON, sumPatches: sumPatches32NEON, listRows: listRows32NEON,
		means: meansGo[float32], spread: spreadGo[float32],
		group: 16, nonZero: nonZero32NEON, count: count32NEON,
		scatter: scatterGo[float32], scatterPairs: scatterPairsGo[float32], collect: collectGo[float32], collectPairs: collectPairsGo[float32],
		lines: 6, shifted: shiftedGo[float32],
	},
	kernels[float64]{
		threadWork: 1 << 19,
		mr:         12, nr: 4, lanes: 2, mc: 48, nc: 128, kc: 256, strip: 96, square: 4,
		gemm: gemm64NEON, pack: pack64NEON, transpose: transpose64NEON,
		tile: 32, addRows: addRows64NEON, axpyRows: axpyRows64NEON,
		sumRuns: sumRuns64NEON, patches: patches64NEON, sumPatches: sumPatches64NEON, listRows: listRows64NEON,
		means: meansGo[float64], spread: spreadGo[float64],
		group: 8, nonZero: nonZero64NEON, count: count64NEON,
		scatter: scatterGo[float64], scatterPairs: scatterPairsGo[float64], collect: collectGo[float64], collectPairs: collectPairsGo[float64],
		lines: 6, shifted: shiftedGo[float64],
	},
}
