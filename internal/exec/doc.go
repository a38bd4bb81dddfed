// Package exec runs programs (internal/ir) through time, forward and backward: by an
// interpreter that calls a kernel an instruction (internal/vec), which is the
// definition of what a program computes, or by machine code (internal/jit), which
// gives the same bits. It knows nothing of graphs: values and functions come by
// number.
//
// A new operation is a row of the table of facts in internal/ir (op.go), and its kernel
// and machine code here (ops.go).
package exec
