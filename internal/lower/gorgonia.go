package lower

import (
	"reflect"
	"strings"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/ir"
	ops "github.com/spikegrad/spikegrad/internal/op"
)

// Gorgonia does not export its element-wise operations; their Go type and their
// String tell them apart. All that is known about them is kept in this file,
// and TestGorgoniaOps fails should a new Gorgonia rename one.

var gorgoniaBinary = map[string]ir.Op{
	"+": ir.OpAdd, "-": ir.OpSub, "⊙": ir.OpMul, "÷": ir.OpDiv, "^": ir.OpPow,
	">": ir.OpGt, ">=": ir.OpGe, "<": ir.OpLt, "<=": ir.OpLe, "==": ir.OpEq, "!=": ir.OpNe,
}

var gorgoniaUnary = map[string]ir.Op{
	"neg": ir.OpNeg, "abs": ir.OpAbs, "sign": ir.OpSign, "square": ir.OpSquare, "cube": ir.OpCube, "sqrt": ir.OpSqrt,
	"inv": ir.OpInv, "exp": ir.OpExp, "ln": ir.OpLog, "log2": ir.OpLog2, "tanh": ir.OpTanh, "sigmoid": ir.OpSigmoid,
	"expm1": ir.OpExpm1, "log1p": ir.OpLog1p, "softplus": ir.OpSoftplus, "sin": ir.OpSin, "cos": ir.OpCos,
	"floor": ir.OpFloor, "ceil": ir.OpCeil,
}

// gorgonia returns the form of one of Gorgonia's operations. Comparisons count only
// where they give numbers.
func gorgonia(op G.Op) Form {
	code := ir.OpNone
	switch ops.GorgoniaName(op) {
	case "elemUnaryOp":
		code = gorgoniaUnary[op.String()]
	case "elemBinOp":
		name, same, _ := strings.Cut(op.String(), " ")
		code = gorgoniaBinary[name]
		if code.Facts().Compares && same != "true" {
			return Form{}
		}
	case "reshapeOp":
		return Form{Kind: Alias}
	case "sumOp":
		return Form{Linear: ir.A, Reduce: true}
	}
	if code == ir.OpNone {
		return Form{}
	}
	return Form{Kind: Lanewise, Op: code}
}

// IsUnary reports whether op is one of Gorgonia's element-wise functions.
func IsUnary(op G.Op) bool { return ops.GorgoniaName(op) == "elemUnaryOp" }

// IsConstant reports whether n is one of Gorgonia's constants, which have an
// operation and no inputs.
func IsConstant(n *G.Node) bool {
	op := n.Op()
	return op != nil && op.Arity() == 0 && strings.HasPrefix(reflect.TypeOf(op).Name(), "constant")
}
