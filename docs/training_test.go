package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each loss, each metric and each change of package augment stands in a table of docs/training.md.
func TestTrainingHasRows(t *testing.T) {
	text, err := os.ReadFile("training.md")
	require.NoError(t, err)
	table := strings.Join(regexp.MustCompile(`(?m)^\|.*\|$`).FindAllString(string(text), -1), "\n")
	method := map[string]string{"loss": "Cost", "metric": "Add", "augment": "Draw"}
	found := map[string]int{}
	for name := range exportedNames(t).names {
		for pkg, m := range method {
			kind, ok := strings.CutSuffix(name, "."+m)
			if of, mine := strings.CutPrefix(kind, pkg+"."); ok && mine && of != "" && strings.ToUpper(of[:1]) == of[:1] {
				found[pkg]++
				require.Contains(t, table, "`"+kind+"`", "%s has no row", kind)
			}
		}
	}
	require.Greater(t, found["loss"], 7)
	require.Greater(t, found["metric"], 6)
	require.Greater(t, found["augment"], 7)
}
