package graph

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	G "gorgonia.org/gorgonia"
)

// Gorgonia does not export its element-wise operations; their Go type and their
// String tell them apart. All that is known about them is kept in this file,
// and TestGorgoniaOps fails should a new Gorgonia rename one.

var gorgoniaBinary = map[string]opcode{
	"+": opAdd, "-": opSub, "⊙": opMul, "÷": opDiv, "^": opPow,
	">": opGt, ">=": opGe, "<": opLt, "<=": opLe, "==": opEq, "!=": opNe,
}

var gorgoniaUnary = map[string]opcode{
	"neg": opNeg, "abs": opAbs, "sign": opSign, "square": opSquare, "cube": opCube, "sqrt": opSqrt,
	"inv": opInv, "exp": opExp, "ln": opLog, "log2": opLog2, "tanh": opTanh, "sigmoid": opSigmoid,
	"expm1": opExpm1, "log1p": opLog1p, "softplus": opSoftplus, "sin": opSin, "cos": opCos,
	"floor": opFloor, "ceil": opCeil,
}

// gorgoniaWrong are the operations whose gradient Gorgonia computes wrongly, and
// what to take instead.
var gorgoniaWrong = map[string]string{
	"invSqrt": "take Builder.Inv of Builder.Sqrt",
	"log2":    "take gorgonia.Log and scale it by 1/ln 2",
}

// checkGradients returns an error if one of the nodes seen, on a way to a node of
// wrt, is an operation whose gradient would be wrong.
func checkGradients(seen map[*G.Node]bool, wrt G.Nodes) error {
	for n := range seen {
		if n.Op() == nil || !isUnary(n.Op()) {
			continue
		}
		instead, wrong := gorgoniaWrong[n.Op().String()]
		if !wrong {
			continue
		}
		behind := map[*G.Node]bool{}
		differentiable(n, behind)
		if slices.ContainsFunc(wrt, func(in *G.Node) bool { return behind[in] }) {
			return fmt.Errorf("gorgonia's gradient of %v is wrong; %s", n.Op(), instead)
		}
	}
	return nil
}

const gorgoniaPath = "gorgonia.org/gorgonia"

// elementwise returns the opcode of one of Gorgonia's element-wise operations,
// opNone for any other. Comparisons count only where they give numbers.
func elementwise(op G.Op) opcode {
	t := reflect.TypeOf(op)
	if t.PkgPath() != gorgoniaPath {
		return opNone
	}
	switch t.Name() {
	case "elemUnaryOp":
		return gorgoniaUnary[op.String()]
	case "elemBinOp":
		name, same, _ := strings.Cut(op.String(), " ")
		code := gorgoniaBinary[name]
		if code >= opGt && code <= opNe && same != "true" {
			return opNone
		}
		return code
	}
	return opNone
}

// isUnary reports whether op is one of Gorgonia's element-wise functions.
func isUnary(op G.Op) bool {
	t := reflect.TypeOf(op)
	return t.PkgPath() == gorgoniaPath && t.Name() == "elemUnaryOp"
}

// isReshape reports whether op only gives its input another shape: Gorgonia's
// operation, or that of Reshape.
func isReshape(op G.Op) bool {
	if _, ok := op.(*reshapeOp); ok {
		return true
	}
	t := reflect.TypeOf(op)
	return t.PkgPath() == gorgoniaPath && t.Name() == "reshapeOp"
}

// isSum reports whether op is Gorgonia's sum along axes.
func isSum(op G.Op) bool {
	t := reflect.TypeOf(op)
	return t.PkgPath() == gorgoniaPath && t.Name() == "sumOp"
}

// isConstant reports whether n is one of Gorgonia's constants, which have an
// operation and no inputs.
func isConstant(n *G.Node) bool {
	op := n.Op()
	return op != nil && op.Arity() == 0 && strings.HasPrefix(reflect.TypeOf(op).Name(), "constant")
}
