package blueprint_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/blueprint"
)

// having returns the exported types of a package that have a method, and its functions.
func having(t *testing.T, dir, method string) (types, funcs []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		p, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		ast.Inspect(p, func(n ast.Node) bool {
			f, ok := n.(*ast.FuncDecl)
			if !ok {
				return true
			}
			if f.Recv == nil {
				if f.Name.IsExported() {
					funcs = append(funcs, f.Name.Name)
				}
				return false
			}
			r := f.Recv.List[0].Type
			if star, ok := r.(*ast.StarExpr); ok {
				r = star.X
			}
			if id, ok := r.(*ast.Ident); ok && id.IsExported() && f.Name.Name == method {
				types = append(types, id.Name)
			}
			return false
		})
	}
	require.NotEmpty(t, append(types, funcs...))
	return types, funcs
}

// All that the library has is registered: a type that is new has to be entered in
// registry.go, or, if it cannot be written, here.
func TestRegistered(t *testing.T) {
	known := func(name string) {
		_, err := blueprint.ReadValue[any]([]byte(`{"version": 1, "value": {"type": "` + name + `"}}`))
		require.NoError(t, err, "%s is not registered", name)
	}
	not := map[string]string{
		"Func": "a function", "Sequential": "a container", "Concat": "a container", "Sum": "a container", "Heads": "a container", "Readout": "constants",
		"Step": "no spike function alone", "CobaRecurrentStep": "its parameters are nodes",
	}
	ls, _ := having(t, "../layers", "Apply")
	rs, _ := having(t, "../layers", "Penalise")
	ss, _ := having(t, "../surrogate", "Deriv")
	ps, _ := having(t, "../layers", "Connect")
	fs, _ := having(t, "../layers", "feedback")
	for _, name := range slices.Concat(ls, rs, ss, ps, fs) {
		if not[name] == "" {
			known(name)
		}
	}
	os, _ := having(t, "../loss", "Target")
	for _, name := range os {
		known("loss." + name)
	}
	_, steps := having(t, "../neurons", "")
	for _, name := range steps {
		if !strings.HasSuffix(name, "Step") || not[name] != "" {
			continue
		}
		text, err := json.Marshal(map[string]any{"version": 1, "net": map[string]any{"type": "Neurons", "model": name, "params": map[string]any{}}})
		require.NoError(t, err)
		_, err = blueprint.Read(text)
		require.NoError(t, err, "%s is not registered", name)
	}
}
