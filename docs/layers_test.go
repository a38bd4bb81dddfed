package docs_test

import (
	"go/ast"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each layer of package layers stands in a table of docs/layers.md: each type with a
// method Apply, and each function and constant that is one or makes one.
func TestLayersHaveRows(t *testing.T) {
	text, err := os.ReadFile("layers.md")
	require.NoError(t, err)
	rows := regexp.MustCompile(`(?m)^\|.*\|$`).FindAllString(string(text), -1)
	table := strings.Join(rows, "\n")
	found := 0
	for name := range exportedNames(t).names {
		of, ok := strings.CutPrefix(name, "layers.")
		if !ok {
			continue
		}
		if kind, ok := strings.CutSuffix(of, ".Apply"); ok && kind != "Layer" && ast.IsExported(kind) {
			found++
			require.Contains(t, table, "`layers."+kind+"`", "%s has no row", kind)
		}
	}
	require.Greater(t, found, 10)
}
