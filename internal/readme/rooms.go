package main

import (
	"fmt"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// rooms returns a table of all packages but examples and documents: path, size in
// hundreds of lines outside tests, without what is generated, and what the doc comment
// says first.
func rooms() (string, error) {
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if rel, _ := filepath.Rel(root, path); d.IsDir() && (rel == "examples" || rel == "docs" || rel != "." && strings.HasPrefix(rel, ".")) {
			return filepath.SkipDir
		}
		if d.Name() == "doc.go" {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	slices.SortFunc(files, func(a, b string) int { return strings.Compare(filepath.Dir(a), filepath.Dir(b)) })
	table := "| package | lines | |\n|---|---|---|\n"
	for _, f := range files {
		lines, err := linesOf(filepath.Dir(f))
		if err != nil {
			return "", err
		}
		path, err := filepath.Rel(root, filepath.Dir(f))
		if err != nil {
			return "", err
		}
		about, err := synopsis(f)
		if err != nil {
			return "", err
		}
		table += fmt.Sprintf("| `%s` | %.1fk | %s |\n", filepath.ToSlash(path), max(0.1, float64(lines)/1000), about)
	}
	return table, nil
}

// synopsis returns the first sentence of a package's comment, without its name.
func synopsis(file string) (string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		return "", err
	}
	about := new(doc.Package).Synopsis(f.Doc.Text())
	return strings.TrimSuffix(strings.TrimPrefix(about, "Package "+f.Name.Name+" "), "."), nil
}

func linesOf(folder string) (n int, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			return 0, err
		}
		if !strings.HasPrefix(string(text), "// Code generated") {
			n += strings.Count(string(text), "\n")
		}
	}
	return n, nil
}

// stage returns what a pass left, from a file in which "== PASS" stands above it.
func stage(file, pass string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		return "", err
	}
	_, rest, found := strings.Cut(string(text), "== "+pass+"\n")
	if !found {
		return "", fmt.Errorf("%s has no pass %q", file, pass)
	}
	rest, _, _ = strings.Cut(rest, "== ")
	return rest, nil
}
