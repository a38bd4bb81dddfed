package lower

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/ir"
)

// A Former is an operation that says what it is to the compiler. One that does not is
// called at each time step.
type Former interface{ Form() Form }

// A Form says what an operation does, as far as that helps to run it in a step.
type Form struct {
	Kind   Kind
	Op     ir.Op       // of Lanewise
	Const  float64     // of Fill, and of an Op with a constant
	Func   *Func       // of ir.OpFunc
	TransA bool        // of MatMul: op(A)·op(B)
	TransB bool        //
	Linear ir.Operands // of Opaque: the inputs in which it is linear where the others do not change
	Reduce bool        // of Opaque: sums elements of its input
}

// Kind says how a node is run.
type Kind uint8

const (
	Opaque   Kind = iota // nothing is known: the operation is called
	Lanewise             // element by element, by Op
	Alias                // has the elements of its first input, in their order
	Fill                 // Const everywhere, whatever the input is
	Expand               // its first input, broadcast
	MatMul               // the product of two matrices
)

// A Func is a function of numbers that ir.OpFunc applies to each element.
type Func struct {
	Name string
	F32  func(dst, a []float32)
	F64  func(dst, a []float64)
}

// FormOf returns the form of an operation, of the library's own or of Gorgonia's.
func FormOf(op G.Op) Form {
	if op == nil {
		return Form{}
	}
	if f, ok := op.(Former); ok {
		return f.Form()
	}
	return gorgonia(op)
}

// IsOp reports whether an operation computes code on one or two values, element by
// element.
func IsOp(op G.Op, code ir.Op) bool {
	f := FormOf(op)
	return f.Kind == Lanewise && f.Op == code
}
