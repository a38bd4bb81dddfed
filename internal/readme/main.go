// Command readme keeps the documents true: it copies code from Go files into
// README.md and what is in docs, and the table of packages from their doc
// comments.
//
// A line in a document says what the block below it is:
//
//	<!-- code FILE NAME … -->     declarations with their comments; of an Example, its body
//	<!-- packages -->             a table of the packages
//	<!-- rooms -->                a table of all packages with their sizes
//	<!-- stage FILE PASS -->      what a pass of the compiler left, from a file of programs
//
// Run it by go generate; a test fails where a document is not up to date.
package main

//go:generate go run .

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// root is the folder of the module, seen from this one.
const root = "../.."

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "readme:", err)
		os.Exit(1)
	}
}

func run() error {
	docs, err := documents()
	if err != nil {
		return err
	}
	for _, path := range docs {
		old, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text, err := update(string(old))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if text == string(old) {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// documents returns the paths of README.md, CONTRIBUTING.md and all documents in docs.
func documents() ([]string, error) {
	docs := []string{filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md")}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			docs = append(docs, path)
		}
		return err
	})
	return docs, err
}

var (
	codeBlock  = regexp.MustCompile("(?ms)^<!-- code (\\S+) ([^>]*) -->\n```go\n.*?^```$")
	stageBlock = regexp.MustCompile("(?ms)^<!-- stage (\\S+) ([^>]*) -->\n```text\n.*?^```$")
	tableBlock = regexp.MustCompile(`(?m)^<!-- packages -->\n(\|.*\n)*`)
	roomsBlock = regexp.MustCompile(`(?m)^<!-- rooms -->\n(\|.*\n)*`)
	marker     = regexp.MustCompile(`(?m)^<!-- (code|packages|rooms|stage)\b`)
)

// update returns a document with its blocks of code and its tables made anew.
func update(doc string) (string, error) {
	blocks := 0
	for _, kind := range []*regexp.Regexp{codeBlock, stageBlock, tableBlock, roomsBlock} {
		blocks += len(kind.FindAllString(doc, -1))
	}
	if n := len(marker.FindAllString(doc, -1)); n != blocks {
		return "", fmt.Errorf("%d lines ask for a block of code or a table, %d have one below", n, blocks)
	}
	var failed error
	keep := func(text string, err error) string {
		if err != nil && failed == nil {
			failed = err
		}
		return text
	}
	doc = codeBlock.ReplaceAllStringFunc(doc, func(block string) string {
		line, _, _ := strings.Cut(block, "\n")
		m := codeBlock.FindStringSubmatch(block)
		text, err := code(m[1], strings.Fields(m[2]))
		return keep(line+"\n```go\n"+text+"\n```", err)
	})
	doc = stageBlock.ReplaceAllStringFunc(doc, func(block string) string {
		line, _, _ := strings.Cut(block, "\n")
		m := stageBlock.FindStringSubmatch(block)
		text, err := stage(m[1], m[2])
		return keep(line+"\n```text\n"+text+"```", err)
	})
	doc = roomsBlock.ReplaceAllStringFunc(doc, func(string) string {
		text, err := rooms()
		return keep("<!-- rooms -->\n"+text, err)
	})
	doc = tableBlock.ReplaceAllStringFunc(doc, func(string) string {
		text, err := packages()
		return keep("<!-- packages -->\n"+text, err)
	})
	return doc, failed
}
