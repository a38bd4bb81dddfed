// Package amd64 writes the machine code of package jit for processors with AVX2 or
// AVX-512. To import it makes its targets known:
//
//	import _ "github.com/spikegrad/spikegrad/internal/jit/amd64"
//
// encode.go has instructions on general-purpose registers, avx2.go and avx512.go those
// on vectors, instructions.go the codes that both have in common. The numbers are those
// of the Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2: §2.1
// has prefixes and ModR/M, §2.3 VEX, §2.7 EVEX.
package amd64
