// Package exec runs programs (internal/ir) through time, forward and backward: by an
// interpreter that calls a kernel an instruction (internal/vec), which is the
// definition of what a program computes, or by machine code (internal/jit), which
// gives the same bits. It knows nothing of graphs: values and functions come by
// number.
//
// An operation has two entries here: its kernel (kernels.go), and if there is machine
// code for it, how to make it (nativeops.go).
package exec
