#include "textflag.h"

// func call(code *byte, a *jit.Args)
//
// The code keeps the stack as it is and returns to the caller.
TEXT ·call(SB), NOSPLIT|NOFRAME, $0-16
	MOVQ code+0(FP), AX
	MOVQ a+8(FP), DI
	JMP  AX
