package gemm

//go:generate go run -C asm . -family gemm -out ../kernels_gemm_amd64.s -stubs ../kernels_gemm_amd64.go -pkg gemm
//go:generate go run -C asm . -family pack -out ../kernels_pack_amd64.s -stubs ../kernels_pack_amd64.go -pkg gemm
//go:generate go run -C asm . -family rows -out ../kernels_rows_amd64.s -stubs ../kernels_rows_amd64.go -pkg gemm
//go:generate go run -C asm . -family runs -out ../kernels_runs_amd64.s -stubs ../kernels_runs_amd64.go -pkg gemm
//go:generate go run -C asm . -family patches -out ../kernels_patches_amd64.s -stubs ../kernels_patches_amd64.go -pkg gemm
//go:generate go run -C asm . -family search -out ../kernels_search_amd64.s -stubs ../kernels_search_amd64.go -pkg gemm
//go:generate go run -C asm . -family delays -out ../kernels_delays_amd64.s -stubs ../kernels_delays_amd64.go -pkg gemm

import "github.com/spikegrad/spikegrad/internal/cpu"

// machines are the kernels by level.
var machines = [cpu.Count]*machine{cpu.Go: &plainGo, cpu.AVX2: &avx2, cpu.AVX512: &avx512}

// A block of B, kc×nc, takes 256 KiB of the second-level cache, as processors without
// AVX-512 may have no more than 512 KiB. Of 16 registers a tile takes 6·2.
var avx2 = machine{
	kernels[float32]{
		threadWork: 2 << 20,
		mr:         6, nr: 16, lanes: 8, mc: 48, nc: 256, kc: 256, strip: 192, square: 8,
		gemm: gemm32AVX2, pack: pack32AVX2, transpose: transpose32AVX2,
		tile: 96, addRows: addRows32AVX2, axpyRows: axpyRows32AVX2,
		sumRuns: sumRuns32AVX2, patches: patches32AVX2, sumPatches: sumPatches32AVX2, listRows: listRows32AVX2,
		means: means32AVX2, spread: spread32AVX2,
		group: 32, nonZero: nonZero32AVX2, count: count32AVX2,
		scatter: scatter32AVX2, scatterPairs: scatterPairs32AVX2, collect: collect32AVX2, collectPairs: collectPairs32AVX2,
		lines: 6, shifted: shifted32AVX2,
	},
	kernels[float64]{
		threadWork: 1 << 20,
		mr:         6, nr: 8, lanes: 4, mc: 48, nc: 128, kc: 256, strip: 96, square: 4,
		gemm: gemm64AVX2, pack: pack64AVX2, transpose: transpose64AVX2,
		tile: 48, addRows: addRows64AVX2, axpyRows: axpyRows64AVX2,
		sumRuns: sumRuns64AVX2, patches: patches64AVX2, sumPatches: sumPatches64AVX2, listRows: listRows64AVX2,
		means: means64AVX2, spread: spread64AVX2,
		group: 16, nonZero: nonZero64AVX2, count: count64AVX2,
		scatter: scatter64AVX2, scatterPairs: scatterPairs64AVX2, collect: collect64AVX2, collectPairs: collectPairs64AVX2,
		lines: 6, shifted: shifted64AVX2,
	},
}

// Those with it have 1 or 2 MiB: a block of B takes 768 KiB. Of 32 registers a tile
// takes 14·2.
var avx512 = machine{
	kernels[float32]{
		threadWork: 4 << 20,
		mr:         14, nr: 32, lanes: 16, mc: 70, nc: 512, kc: 384, strip: 140, square: 8,
		gemm: gemm32AVX512, pack: pack32AVX512, transpose: transpose32AVX2,
		tile: 256, addRows: addRows32AVX512, axpyRows: axpyRows32AVX512,
		sumRuns: sumRuns32AVX512, patches: patches32AVX512, sumPatches: sumPatches32AVX512, listRows: listRows32AVX512,
		means: means32AVX2, spread: spread32AVX2,
		group: 16, nonZero: nonZero32AVX512, count: count32AVX512,
		scatter: scatter32AVX512, scatterPairs: scatterPairs32AVX512, collect: collect32AVX512, collectPairs: collectPairs32AVX512,
		lines: 24, shifted: shifted32AVX512,
	},
	kernels[float64]{
		threadWork: 2 << 20,
		mr:         14, nr: 16, lanes: 8, mc: 70, nc: 256, kc: 384, strip: 70, square: 4,
		gemm: gemm64AVX512, pack: pack64AVX512, transpose: transpose64AVX2,
		tile: 128, addRows: addRows64AVX512, axpyRows: axpyRows64AVX512,
		sumRuns: sumRuns64AVX512, patches: patches64AVX512, sumPatches: sumPatches64AVX512, listRows: listRows64AVX512,
		means: means64AVX2, spread: spread64AVX2,
		group: 8, nonZero: nonZero64AVX512, count: count64AVX512,
		scatter: scatter64AVX512, scatterPairs: scatterPairs64AVX512, collect: collect64AVX512, collectPairs: collectPairs64AVX512,
		lines: 24, shifted: shifted64AVX512,
	},
}
