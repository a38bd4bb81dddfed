package gemm

//go:generate go run -C asm . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg gemm

import "golang.org/x/sys/cpu"

// vectorMachines returns the levels above Go. A block of B, kc×nc, takes half of
// a second-level cache of 2 MiB (AVX-512) or of 512 KiB (AVX2).
func vectorMachines() (ms []*machine) {
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		ms = append(ms, &machine{AVX2, kernels[float32]{
			mr: 6, nr: 16, lanes: 8, mc: 48, nc: 256, kc: 256,
			gemm: gemm32AVX2, pack: pack32AVX2, transpose: transpose32AVX2, group: 8,
			tile: 12 * 8, addRows: addRows32AVX2, axpyRows: axpyRows32AVX2, scatterRows: scatterRows32AVX2,
		}, kernels[float64]{
			mr: 6, nr: 8, lanes: 4, mc: 48, nc: 128, kc: 256,
			gemm: gemm64AVX2, pack: pack64AVX2, transpose: transpose64AVX2, group: 4,
			tile: 12 * 4, addRows: addRows64AVX2, axpyRows: axpyRows64AVX2, scatterRows: scatterRows64AVX2,
		}})
	}
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL && len(ms) > 0 {
		ms = append(ms, &machine{AVX512, kernels[float32]{
			mr: 14, nr: 32, lanes: 16, mc: 70, nc: 512, kc: 384,
			gemm: gemm32AVX512, pack: pack32AVX512, transpose: transpose32AVX2, group: 8,
			tile: 16 * 16, addRows: addRows32AVX512, axpyRows: axpyRows32AVX512, scatterRows: scatterRows32AVX512,
		}, kernels[float64]{
			mr: 14, nr: 16, lanes: 8, mc: 70, nc: 256, kc: 384,
			gemm: gemm64AVX512, pack: pack64AVX512, transpose: transpose64AVX2, group: 4,
			tile: 16 * 8, addRows: addRows64AVX512, axpyRows: axpyRows64AVX512, scatterRows: scatterRows64AVX512,
		}})
	}
	return ms
}
