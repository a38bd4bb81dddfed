package op_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A source is what the operations of one package are found by.
type source struct {
	embeds  map[string][]string        // of each type the names of those that it embeds or is another name of
	methods map[string]map[string]bool // of each type
}

// Every operation of the library embeds Pure, so that a lisp machine is refused the
// gradients that it would take for zero, and answers nothing of that by itself; and
// every one says whether it reads over time.
func TestEveryOperation(t *testing.T) {
	dirs := map[string]*source{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		if dirs[dir] == nil {
			dirs[dir] = &source{embeds: map[string][]string{}, methods: map[string]map[string]bool{}}
		}
		dirs[dir].read(f)
		return nil
	})
	require.NoError(t, err)
	count := map[string]int{}
	for dir, s := range dirs {
		if strings.HasPrefix(dir, "../../internal/") { // of which none is given to a user
			continue
		}
		for name, has := range s.methods {
			if !has["WriteHash"] {
				continue
			}
			count[strings.TrimPrefix(dir, "../../")]++
			require.True(t, s.pure(name), "%s of %s does not embed op.Pure", name, dir)
			require.True(t, s.has(name, "Along", "OverTime"), "%s of %s does not say whether it reads over time", name, dir)
			for _, own := range []string{"DoDiff", "OwnsResult", "ReturnsPtr", "CallsExtern", "OverwritesInput"} {
				require.False(t, has[own], "%s of %s has a %s of its own", name, dir, own)
			}
		}
	}
	require.Greater(t, count["graph"], 12)
	for _, dir := range []string{"connect", "readout", "encode", "plasticity"} {
		require.Positive(t, count[dir], dir)
	}
}

func (s *source) read(f *ast.File) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if spec, ok := spec.(*ast.TypeSpec); ok {
					s.embeds[spec.Name.Name] = embedded(spec.Type)
				}
			}
		case *ast.FuncDecl:
			if d.Recv == nil {
				continue
			}
			name := lastName(d.Recv.List[0].Type)
			if s.methods[name] == nil {
				s.methods[name] = map[string]bool{}
			}
			s.methods[name][d.Name.Name] = true
		}
	}
}

// pure reports whether a type is or embeds op.Pure.
func (s *source) pure(name string) bool {
	if name == "op.Pure" || name == "ops.Pure" {
		return true
	}
	return slices.ContainsFunc(s.embeds[name], s.pure)
}

// has reports whether a type, or one that it embeds, has one of some methods.
func (s *source) has(name string, methods ...string) bool {
	for _, m := range methods {
		if s.methods[name][m] {
			return true
		}
	}
	return slices.ContainsFunc(s.embeds[name], func(e string) bool { return s.has(e, methods...) })
}

// embedded returns the types that one embeds, or that it is another name of.
func embedded(t ast.Expr) (names []string) {
	st, ok := t.(*ast.StructType)
	if !ok {
		return []string{lastName(t)}
	}
	for _, f := range st.Fields.List {
		if len(f.Names) == 0 {
			names = append(names, lastName(f.Type))
		}
	}
	return names
}

// lastName returns the name in a type, without pointers and type parameters.
func lastName(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return lastName(t.X)
	case *ast.IndexExpr:
		return lastName(t.X)
	case *ast.IndexListExpr:
		return lastName(t.X)
	case *ast.SelectorExpr:
		return lastName(t.X) + "." + t.Sel.Name
	case *ast.Ident:
		return t.Name
	}
	return ""
}
