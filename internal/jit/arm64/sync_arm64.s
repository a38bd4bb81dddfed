//go:build linux || darwin

#include "textflag.h"

// func call(code *byte, a *jit.Args)
//
// The code keeps the stack as it is and returns to the caller. It may have been written
// by another processor: ISB forgets what this one has fetched before.
TEXT ·call(SB), NOSPLIT|NOFRAME, $0-16
	MOVD code+0(FP), R9
	MOVD a+8(FP), R0
	ISB  $15
	JMP  (R9)

// func clean(from, to, line uintptr)
TEXT ·clean(SB), NOSPLIT, $0-24
	MOVD from+0(FP), R0
	MOVD to+8(FP), R1
	MOVD line+16(FP), R2

next:
	WORD $0xd50b7b20 // dc cvau, x0
	ADD  R2, R0
	CMP  R1, R0
	BLO  next
	DSB  $11         // ish: all processors that share memory
	RET

// func invalidate(from, to, line uintptr)
TEXT ·invalidate(SB), NOSPLIT, $0-24
	MOVD from+0(FP), R0
	MOVD to+8(FP), R1
	MOVD line+16(FP), R2

next:
	WORD $0xd50b7520 // ic ivau, x0
	ADD  R2, R0
	CMP  R1, R0
	BLO  next
	DSB  $11
	ISB  $15
	RET
