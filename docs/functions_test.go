package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// The tests here hold docs/functions.md to the packages and to the reference
// cases.

// A functionRow is what a row of docs/functions.md says of a function of Norse.
type functionRow struct {
	norse string
	here  string
}

// functionRows returns the rows of the tables whose first column is "Norse".
func functionRows(t *testing.T) []functionRow {
	t.Helper()
	text, err := os.ReadFile("functions.md")
	require.NoError(t, err)
	row := regexp.MustCompile("^\\| `(\\w+)` \\| ([^|]+) \\|[^|]+\\|[^|]+\\|\n$")
	var rows []functionRow
	inside := false
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "| Norse |"):
			inside = true
		case !strings.HasPrefix(line, "|"):
			inside = false
		case inside && !strings.HasPrefix(line, "|---"):
			m := row.FindStringSubmatch(line)
			require.NotNil(t, m, "want four cells, the first a function: %s", line)
			rows = append(rows, functionRow{norse: m[1], here: m[2]})
		}
	}
	return rows
}

func namesOfNorse(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, r := range functionRows(t) {
		names = append(names, r.norse)
	}
	slices.Sort(names)
	return names
}

// packageFolders lists the folders of the packages for users.
func packageFolders(t *testing.T) []string {
	t.Helper()
	var dirs []string
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || path == ".." {
			return err
		}
		if n := d.Name(); strings.HasPrefix(n, ".") || slices.Contains([]string{"internal", "examples", "testdata", "docs", "out"}, n) {
			return filepath.SkipDir
		}
		dirs = append(dirs, path)
		return nil
	}))
	require.NotEmpty(t, dirs)
	return dirs
}

// caseNames returns the names of the cases in a folder, by their function.
func caseNames(t *testing.T, dir string) map[string][]string {
	t.Helper()
	names := map[string][]string{}
	for _, c := range graphtest.Cases(t, dir) {
		names[c.Function] = append(names[c.Function], c.Name)
	}
	return names
}

// referenceOwners returns, for each function with reference cases, the packages
// whose folders have them.
func referenceOwners(t *testing.T) map[string][]string {
	t.Helper()
	owners := map[string][]string{}
	for _, dir := range packageFolders(t) {
		cases := filepath.Join(dir, "testdata", "reference")
		if _, err := os.Stat(cases); err != nil {
			continue
		}
		for f := range caseNames(t, cases) {
			owners[f] = append(owners[f], filepath.Base(dir))
		}
	}
	return owners
}

// Each function of the reference has one row, and each row is one of its functions.
func TestFunctionsHaveRows(t *testing.T) {
	rows, functions := namesOfNorse(t), slices.Sorted(maps.Keys(referenceOwners(t)))
	require.Equal(t, slices.Compact(slices.Clone(rows)), rows, "rows that are there twice")
	require.Empty(t, without(functions, rows), "functions that have no row")
	require.Empty(t, without(rows, functions), "rows that are no function of the reference")
}

// without returns the names that are not among others.
func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(others, n) })
}

// Each function of the reference belongs to one package. Only the default
// parameters of the classes are split between the packages that have the classes.
func TestFunctionsHaveOneOwner(t *testing.T) {
	for f, packages := range referenceOwners(t) {
		if f != "default_parameters" {
			require.Len(t, packages, 1, "packages with cases of %s: %v", f, packages)
		}
	}
}

// Another folder of cases, given by REFERENCE_DIR, has no function but those of
// the packages. TestReference of a package passes over what belongs to others, so
// what belongs to none is found here.
func TestReferenceDirIsKnown(t *testing.T) {
	dir := os.Getenv("REFERENCE_DIR")
	if dir == "" {
		t.Skip("REFERENCE_DIR is not set")
	}
	functions := slices.Sorted(maps.Keys(caseNames(t, dir)))
	require.Empty(t, without(functions, slices.Collect(maps.Keys(referenceOwners(t)))), "functions that no package has cases of")
	require.Empty(t, without(functions, namesOfNorse(t)), "functions that have no row")
}

// The parameter sets that are cases of one function have rows of their own.
func TestParameterSetsHaveRows(t *testing.T) {
	text, err := os.ReadFile("functions.md")
	require.NoError(t, err)
	dirs := []string{"../neurons/testdata/reference", "../plasticity/testdata/reference"}
	if dir := os.Getenv("REFERENCE_DIR"); dir != "" {
		dirs = append(dirs, dir)
	}
	for _, dir := range dirs {
		cases := caseNames(t, dir)
		for _, name := range slices.Concat(cases["default_parameters"], cases["izhikevich_behaviors"]) {
			require.True(t, strings.Contains(string(text), "\n| `"+name+"` |"), "%s: %s has no row", dir, name)
		}
	}
}

// exported holds the exported names of the packages for users, "graph.Scan", and
// of their types, "graph.Param.Value": methods and fields, those of embedded
// structs included.
type exported struct {
	names  map[string]bool
	embeds map[string][]string // types, by the type they are embedded in
}

func (e exported) has(name string) bool {
	if e.names[name] {
		return true
	}
	at := strings.LastIndex(name, ".")
	return slices.ContainsFunc(e.embeds[name[:at]], func(inner string) bool { return e.has(inner + name[at:]) })
}

func exportedNames(t *testing.T) exported {
	t.Helper()
	e := exported{map[string]bool{}, map[string][]string{}}
	for _, dir := range packageFolders(t) {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			for _, d := range f.Decls {
				e.add(f.Name.Name+".", d)
			}
		}
	}
	return e
}

func (e exported) add(prefix string, d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil {
			prefix = typeName(prefix, d.Recv.List[0].Type) + "."
		}
		e.names[prefix+d.Name.Name] = true
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.ValueSpec:
				for _, n := range s.Names {
					e.names[prefix+n.Name] = true
				}
			case *ast.TypeSpec:
				e.names[prefix+s.Name.Name] = true
				e.addFields(prefix, prefix+s.Name.Name, s.Type)
			}
		}
	}
}

func (e exported) addFields(prefix, owner string, x ast.Expr) {
	var fields *ast.FieldList
	switch x := x.(type) {
	case *ast.StructType:
		fields = x.Fields
	case *ast.InterfaceType:
		fields = x.Methods
	case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr, *ast.IndexListExpr: // an alias
		e.embeds[owner] = append(e.embeds[owner], typeName(prefix, x))
		return
	default:
		return
	}
	for _, f := range fields.List {
		for _, n := range f.Names {
			e.names[owner+"."+n.Name] = true
		}
		if len(f.Names) == 0 {
			inner := typeName(prefix, f.Type)
			e.names[owner+inner[strings.LastIndex(inner, "."):]] = true
			e.embeds[owner] = append(e.embeds[owner], inner)
		}
	}
}

// typeName returns the name of a type with its package, without what a pointer
// or type parameters add; prefix is that of the package it is written in.
func typeName(prefix string, x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return prefix + x.Name
	case *ast.SelectorExpr:
		return typeName("", x.X) + "." + x.Sel.Name
	case *ast.StarExpr:
		return typeName(prefix, x.X)
	case *ast.IndexExpr:
		return typeName(prefix, x.X)
	case *ast.IndexListExpr:
		return typeName(prefix, x.X)
	}
	return prefix // unions and the like, which have no name
}

// Names of packages in the documents exist: `graph.Scan` is exported by graph.
func TestNamesExist(t *testing.T) {
	fence := regexp.MustCompile("(?ms)^```.*?^```$")
	span := regexp.MustCompile("`[^`\n]+`")
	qualified := regexp.MustCompile(`\b([a-z]\w*)((?:\.[A-Z]\w*)+)`)
	known := exportedNames(t)
	for _, file := range []string{"functions.md", "layers.md", "norse.md", "snntorch.md", "spikingjelly.md", "training.md"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		found := 0
		for _, s := range span.FindAllString(fence.ReplaceAllString(string(text), ""), -1) {
			for _, name := range qualified.FindAllString(s, -1) {
				found++
				require.True(t, known.has(name), "%s: %s: there is no %s", file, s, name)
			}
		}
		require.NotZero(t, found, file)
	}
}

// Every row says what a function is called here.
func TestRowsNameSomething(t *testing.T) {
	for _, r := range functionRows(t) {
		if r.norse != "default_parameters" { // which has a table of its own
			require.Regexp(t, "`[a-z]+\\.[A-Z]", r.here, r.norse)
		}
	}
}
