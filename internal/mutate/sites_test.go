package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"github.com/stretchr/testify/require"
)

const source = `package p

func f(x float64, n int) float64 { return x * float64(n) }

func g(y float64) float64 {
	a := f(y, 3)
	b := f(0, 2)
	_ = b
	return f(2.5, 1) + a
}
`

// Every number that a function is given or returns is changed, but for zeros and
// whole numbers.
func TestWrap(t *testing.T) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", source, 0)
	require.NoError(t, err)
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	_, err = (&types.Config{}).Check("p", fset, []*ast.File{f}, info)
	require.NoError(t, err)
	var sites []site
	for _, d := range f.Decls {
		for _, e := range coefficients(d, info) {
			at, end := fset.Position(e.Pos()).Offset, fset.Position(e.End()).Offset
			sites = append(sites, site{number: len(sites), start: at, end: end, isNumber: info.Types[e].Value != nil})
		}
	}
	require.Equal(t, `package p

func f(x float64, n int) float64 { return mutate(0, x * float64(n)) }

func g(y float64) float64 {
	a := mutate(1, f(mutate(2, y), 3))
	b := mutate(3, f(0, 2))
	_ = mutate(4, b)
	return mutate(5, f(mutate[float64](6, 2.5), 1) + a)
}
`, string(wrap([]byte(source), sites)))
}
