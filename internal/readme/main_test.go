package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUpToDate fails where a document differs from what it shows.
func TestUpToDate(t *testing.T) {
	docs, err := documents()
	require.NoError(t, err)
	for _, path := range docs {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		want, err := update(string(text))
		require.NoError(t, err, path)
		if want != string(text) {
			t.Errorf("%s is not up to date: run go generate ./internal/readme", path)
		}
	}
}

// TestLinks checks that what the documents refer to by a relative link is there.
func TestLinks(t *testing.T) {
	docs, err := documents()
	require.NoError(t, err)
	changelog := filepath.Join(root, "CHANGELOG.md")
	link := regexp.MustCompile(`\]\(([^)#]+)[^)]*\)|src="([^"]+)"`)
	code := regexp.MustCompile("(?ms)^```.*?^```$")
	for _, path := range append(docs, changelog) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(string(text), ""), -1) {
			to := m[1] + m[2]
			if strings.Contains(to, "://") {
				continue
			}
			_, err := os.Stat(filepath.Join(filepath.Dir(path), to))
			require.NoError(t, err, "link in %s", path)
		}
	}
}

// TestDependencies checks that docs/dependencies.md names every module that go.mod
// requires directly, the tool, and their versions.
func TestDependencies(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	doc, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	require.NoError(t, err)
	listed := func(module, version string) {
		require.Contains(t, string(doc), "| `"+module+"` | "+version+" |")
	}
	tools := regexp.MustCompile(`(?m)^tool (\S+)`).FindAllStringSubmatch(string(mod), -1)
	require.NotEmpty(t, tools)
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) (v\S+)( // indirect)?$`).FindAllStringSubmatch(string(mod), -1) {
		if m[3] == "" || strings.HasSuffix(m[1], "assume-no-moving-gc") {
			listed(m[1], m[2])
		}
		for _, tool := range tools {
			if strings.HasPrefix(tool[1], m[1]+"/") {
				listed(m[1], m[2])
			}
		}
	}
	for _, dir := range []string{"gemm", "vec"} {
		mod, err := os.ReadFile(filepath.Join(root, "internal", dir, "asm", "go.mod"))
		require.NoError(t, err)
		m := regexp.MustCompile(`(?m)^require (\S+) (v\S+)$`).FindStringSubmatch(string(mod))
		require.NotNil(t, m)
		listed(m[1], m[2])
	}
}

func TestUpdateErrors(t *testing.T) {
	for text, want := range map[string]string{
		"<!-- code go.mod X -->\nno code":                          "1 lines ask for a block of code or a table, 0 have one below",
		"<!-- code internal/readme/main.go gone -->\n```go\n```\n": "internal/readme/main.go declares no gone",
	} {
		_, err := update(text)
		require.EqualError(t, err, want)
	}
	text, err := update("A\n\n<!-- code internal/readme/code.go source.between -->\n```go\nold\n```\nB\n")
	require.NoError(t, err)
	require.Contains(t, text, "-->\n```go\n// between returns the text from one position to another.\nfunc (s *source) between(")
	require.Contains(t, text, "\n}\n```\nB\n")
}
