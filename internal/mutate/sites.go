package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// variable is the name of the environment variable that switches a change on.
const variable = "SPIKEGRAD_MUTANT"

// A site is an expression that a change multiplies.
type site struct {
	number     int
	file       string
	line       int
	function   string
	text       string
	start, end int // in the file
	isNumber   bool
}

func (s site) String() string {
	return fmt.Sprintf("%s:%d %s: %s", filepath.Base(s.file), s.line, s.function, s.text)
}

// A pkg is a package with all its changes.
type pkg struct {
	ImportPath, Dir, Name, Export string
	GoFiles                       []string

	sites      []site
	changed    map[string][]byte                // texts of the files with the changes
	registered map[string][]string              // names that a file registers, for its tests
	exempt     int                              // changes that cannot matter
	through    string                           // program to run tests through
	tests      struct{ ImportPath, Dir string } // the package with the tests
}

// testsOf finds the package whose tests are run; "" for that of the changes.
func (p *pkg) testsOf(ctx context.Context, pattern string) error {
	p.tests.ImportPath, p.tests.Dir = p.ImportPath, p.Dir
	if pattern == "" {
		return nil
	}
	cmd := exec.CommandContext(ctx, "go", "list", "-json=ImportPath,Dir", pattern)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &p.tests)
	}
	if err != nil {
		return fmt.Errorf("go list %s: %w", pattern, err)
	}
	return nil
}

// load finds the changes of a package.
func load(ctx context.Context, pattern string) (*pkg, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-export", "-deps", "-json=ImportPath,Dir,Name,Export,GoFiles", pattern)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", pattern, err)
	}
	exports := map[string]string{}
	var p *pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		q := &pkg{}
		if err := d.Decode(q); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list %s: %w", pattern, err)
		}
		exports[q.ImportPath] = q.Export
		p = q // dependencies come first
	}
	if p == nil {
		return nil, fmt.Errorf("no package %s", pattern)
	}
	p.changed, p.registered = map[string][]byte{}, map[string][]string{}
	return p, p.find(exports)
}

// find type-checks the package and finds its sites.
func (p *pkg) find(exports map[string]string) error {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})}
	if _, err := conf.Check(p.ImportPath, fset, files, info); err != nil {
		return err
	}
	for _, f := range files {
		if err := p.findIn(fset, f, info); err != nil {
			return err
		}
	}
	return nil
}

// findIn finds the sites of a file, and writes the file with them.
func (p *pkg) findIn(fset *token.FileSet, f *ast.File, info *types.Info) error {
	path := fset.Position(f.Pos()).Filename
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	exempt := map[int]bool{} // lines
	for _, g := range f.Comments {
		for _, c := range g.List {
			if strings.HasPrefix(c.Text, "// mutate: ") {
				exempt[fset.Position(c.Pos()).Line] = true
			}
		}
	}
	var sites []site
	for _, decl := range f.Decls {
		name := "declarations"
		if fn, ok := decl.(*ast.FuncDecl); ok {
			name = fn.Name.Name
		}
		if g, ok := decl.(*ast.GenDecl); ok && g.Tok != token.VAR {
			continue
		}
		for _, e := range coefficients(decl, info) {
			at, end := fset.Position(e.Pos()), fset.Position(e.End())
			if exempt[at.Line] {
				p.exempt++
				continue
			}
			sites = append(sites, site{
				file: path, line: at.Line, function: name, text: string(text[at.Offset:end.Offset]),
				start: at.Offset, end: end.Offset, isNumber: info.Types[e].Value != nil,
			})
		}
		p.registered[path] = append(p.registered[path], names(decl)...)
	}
	if len(sites) == 0 {
		return nil
	}
	for i := range sites {
		sites[i].number = len(p.sites) + i
	}
	p.sites = append(p.sites, sites...)
	p.changed[path] = wrap(text, sites)
	return nil
}

// wrap puts a call around each site.
func wrap(text []byte, sites []site) []byte {
	type insertion struct {
		at, rank int
		text     string
	}
	var ins []insertion
	for _, s := range sites {
		call := fmt.Sprintf("mutate(%d, ", s.number)
		if s.isNumber {
			call = fmt.Sprintf("mutate[float64](%d, ", s.number)
		}
		// Where several begin or end at one place the longest is outermost.
		length := s.end - s.start
		ins = append(ins, insertion{s.start, -length, call}, insertion{s.end, length - 1<<30, ")"})
	}
	sort.SliceStable(ins, func(i, j int) bool {
		if ins[i].at != ins[j].at {
			return ins[i].at < ins[j].at
		}
		return ins[i].rank < ins[j].rank
	})
	var out bytes.Buffer
	at := 0
	for _, x := range ins {
		out.Write(text[at:x.at])
		out.WriteString(x.text)
		at = x.at
	}
	out.Write(text[at:])
	return out.Bytes()
}

// names returns what a declaration registers.
func names(decl ast.Decl) []string {
	var found []string
	ast.Inspect(decl, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		f, ok := call.Fun.(*ast.Ident)
		lit, isLit := call.Args[0].(*ast.BasicLit)
		if ok && isLit && lit.Kind == token.STRING && (f.Name == "register" || f.Name == "alias") {
			if name, err := strconv.Unquote(lit.Value); err == nil {
				found = append(found, name)
			}
		}
		return true
	})
	return found
}
