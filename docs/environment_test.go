package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// CONTRIBUTING.md lists every environment variable that the code reads, outside of the
// examples, and no other.
func TestEnvironment(t *testing.T) {
	page, err := os.ReadFile("../CONTRIBUTING.md")
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(page), "\n## Environment variables\n")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "\n## ")
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` ").FindAllStringSubmatch(table, -1) {
		listed = append(listed, row[1])
	}
	read := readVariables(t, "..")
	slices.Sort(listed)
	require.Equal(t, read, listed)
}

// readVariables returns the environment variables that the Go files of a module read, in
// order. A name is given as it is, or as a constant of the package.
func readVariables(t *testing.T, root string) []string {
	seen := map[string]bool{}
	packages := map[string][]*ast.File{}
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "examples" || d.Name() == "testdata" || len(d.Name()) > 2 && d.Name()[0] == '.'):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err == nil {
			packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], f)
		}
		return err
	}))
	for dir, files := range packages {
		constants := map[string]string{}
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := n.(*ast.ValueSpec); ok && len(s.Values) == len(s.Names) {
					for i, v := range s.Values {
						if l, ok := v.(*ast.BasicLit); ok && l.Kind == token.STRING {
							constants[s.Names[i].Name], _ = strconv.Unquote(l.Value)
						}
					}
				}
				return true
			})
		}
		if filepath.Base(dir) == "mutate" { // has it in a template, for the programs that it builds
			seen[constants["variable"]] = true
		}
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) != 1 {
					return true
				}
				fn, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || fn.Sel.Name != "Getenv" && fn.Sel.Name != "LookupEnv" {
					return true
				}
				name := ""
				switch a := call.Args[0].(type) {
				case *ast.BasicLit:
					name, _ = strconv.Unquote(a.Value)
				case *ast.Ident:
					name = constants[a.Name]
				}
				require.NotEmpty(t, name, "in %s an environment variable is read whose name is no constant of the package", dir)
				seen[name] = true
				return true
			})
		}
	}
	var names []string
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
