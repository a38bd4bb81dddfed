package main

import (
	"fmt"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// rooms returns a table of all packages but examples and documents: path, size in
// hundreds of lines outside tests, without what is generated, and what the doc comment
// says first.
func rooms() (string, error) {
	about, err := synopses()
	if err != nil {
		return "", err
	}
	table := "| package | lines | |\n|---|---|---|\n"
	for _, folder := range slices.Sorted(maps.Keys(about)) {
		lines, err := linesOf(filepath.Join(root, folder))
		if err != nil {
			return "", err
		}
		table += fmt.Sprintf("| `%s` | %.1fk | %s |\n", folder, max(0.1, float64(lines)/1000), about[folder])
	}
	return table, nil
}

// synopses returns what the doc comments of all packages but examples and documents say
// first, by folder.
func synopses() (map[string]string, error) {
	about := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if d.IsDir() && (rel == "examples" || rel == "docs" || d.Name() == "asm" || d.Name() == "testdata" || rel != "." && strings.HasPrefix(rel, ".")) {
			return filepath.SkipDir
		}
		if folder := filepath.ToSlash(filepath.Dir(rel)); strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			text, err := synopsis(path)
			if err != nil {
				return err
			}
			if about[folder] == "" {
				about[folder] = strings.TrimSuffix(text, ":")
			}
		}
		return nil
	})
	return about, err
}

// synopsis returns the first sentence of a package's comment in a file, without the
// name.
func synopsis(file string) (string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		return "", err
	}
	text := new(doc.Package).Synopsis(f.Doc.Text())
	for _, head := range []string{"Package " + f.Name.Name + " ", "Command " + filepath.Base(filepath.Dir(file)) + " "} {
		text = strings.TrimPrefix(text, head)
	}
	return strings.TrimSuffix(text, "."), nil
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
