// Package arm64 writes the machine code of package jit for processors of arm64, which all
// have NEON: vectors of 16 bytes, 32 registers, no masks. To import it makes its target
// known on Linux, and on macOS, where it runs only if SPIKEGRAD_CODE=neon asks for it:
//
//	import _ "github.com/spikegrad/spikegrad/internal/jit/arm64"
//
// encode.go has instructions on general-purpose registers, vectors.go those on vectors,
// whose words are package neon's, sync_arm64.s what has to happen before new code runs. The
// numbers are those of the Arm Architecture Reference Manual for A-profile (DDI 0487),
// chapter C6 for general-purpose registers.
package arm64
