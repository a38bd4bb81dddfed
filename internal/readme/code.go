package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A source is a Go file with its declarations.
type source struct {
	text  string
	fset  *token.FileSet
	decls map[string]ast.Decl // functions and types by name, methods by "Type.Name"
}

func read(file string) (*source, error) {
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		return nil, err
	}
	s := &source{text: string(text), fset: token.NewFileSet(), decls: map[string]ast.Decl{}}
	parsed, err := parser.ParseFile(s.fset, file, text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	for _, d := range parsed.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			s.decls[nameOf(d)] = d
		case *ast.GenDecl:
			if spec, ok := d.Specs[0].(*ast.TypeSpec); ok {
				s.decls[spec.Name.Name] = d
			}
		}
	}
	return s, nil
}

func nameOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	t := f.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	if x, ok := t.(*ast.IndexExpr); ok {
		t = x.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "." + f.Name.Name
	}
	return f.Name.Name
}

// between returns the text from one position to another.
func (s *source) between(from, to token.Pos) string {
	return s.text[s.fset.Position(from).Offset:s.fset.Position(to).Offset]
}

// show returns a declaration with its comment; of an Example, what is between its
// braces, one tab to the left.
func (s *source) show(d ast.Decl) string {
	from, comment := d.Pos(), (*ast.CommentGroup)(nil)
	switch d := d.(type) {
	case *ast.FuncDecl:
		if strings.HasPrefix(d.Name.Name, "Example") {
			return strings.Trim(strings.ReplaceAll(s.between(d.Body.Lbrace+1, d.Body.Rbrace), "\n\t", "\n"), "\n")
		}
		comment = d.Doc
	case *ast.GenDecl:
		comment = d.Doc
	}
	if comment != nil {
		from = comment.Pos()
	}
	return s.between(from, d.End())
}

// code returns the named declarations of a file.
func code(file string, names []string) (string, error) {
	s, err := read(file)
	if err != nil {
		return "", err
	}
	var parts []string
	for _, name := range names {
		d, ok := s.decls[name]
		if !ok {
			return "", fmt.Errorf("%s declares no %s", file, name)
		}
		parts = append(parts, s.show(d))
	}
	return strings.Join(parts, "\n\n"), nil
}

// packages returns a table of the public packages: name, and what the doc comment says
// first.
func packages() (string, error) {
	about, err := synopses()
	if err != nil {
		return "", err
	}
	table := "| package | |\n|---|---|\n"
	for _, name := range slices.Sorted(maps.Keys(about)) {
		if strings.HasPrefix(name, "internal/") || strings.HasPrefix(name, "cmd/") {
			continue
		}
		table += fmt.Sprintf("| [`%s`](%s) | %s |\n", name, name, about[name])
	}
	return table, nil
}
