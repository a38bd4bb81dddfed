package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
)

// coefficients returns the expressions of a declaration that a change multiplies.
func coefficients(decl ast.Decl, info *types.Info) []ast.Expr {
	var found []ast.Expr
	signs := map[ast.Expr]bool{} // expressions of which the sign alone matters
	add := func(es ...ast.Expr) {
		for _, e := range es {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				e = kv.Value
			}
			if isCoefficient(info.Types[e]) && !isConst(e) && !isZero(e) && !signs[e] && !slices.Contains(found, e) {
				found = append(found, e)
			}
		}
	}
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			args := n.Args
			if name := nameOf(n.Fun); signs[n] && name == "Abs" || name == "Above" && isLiteral0(args[1]) {
				signs[args[0]] = true
			}
			if info.Types[n.Fun].IsType() || len(args) > 0 && readsShapeOnly(n.Fun) {
				args = args[1:] // a conversion's is its type's to change
			}
			add(args...)
		case *ast.AssignStmt:
			if n.Tok == token.ASSIGN || n.Tok == token.DEFINE {
				add(n.Rhs...)
			}
		case *ast.ReturnStmt:
			add(n.Results...)
		case *ast.CompositeLit:
			add(n.Elts...)
		case *ast.ValueSpec:
			add(n.Values...)
		}
		return true
	})
	return found
}

// isConst reports whether e is a call of graph.Const, whose number is changed.
func isConst(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	return ok && nameOf(call.Fun) == "Const"
}

// isZero reports whether e is Fill(x, graph.Const(0)), or a variable called zero.
func isZero(e ast.Expr) bool {
	if id, ok := e.(*ast.Ident); ok {
		return id.Name == "zero"
	}
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) != 2 || !isConst(call.Args[1]) || !readsShapeOnly(call.Fun) {
		return false
	}
	return isLiteral0(call.Args[1].(*ast.CallExpr).Args[0])
}

// readsShapeOnly reports whether a function looks only at the shape of the node
// that is its first argument.
func readsShapeOnly(f ast.Expr) bool {
	return slices.Contains([]string{"Begin", "NewBuilder", "Fill", "Rest"}, nameOf(f))
}

// nameOf returns the name of a function without that of its package or receiver.
func nameOf(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

func isLiteral0(e ast.Expr) bool {
	n, ok := e.(*ast.BasicLit)
	return ok && n.Value == "0"
}

// isCoefficient reports whether a value is a node, a parameter, or a number that
// is not 0 and of type float64.
func isCoefficient(t types.TypeAndValue) bool {
	if t.Type == nil || !t.IsValue() {
		return false
	}
	switch t.Type.String() {
	case "*gorgonia.org/gorgonia.Node", "github.com/spikegrad/spikegrad/graph.Param":
		return true
	case "float64":
		return t.Value == nil || constant.Sign(t.Value) != 0
	}
	return false
}
