// Package hostile calls the library as nobody should: what each call gives stands in
// docs/hostile.md.
package hostile_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the table of docs/hostile.md")

// A call is one that nobody should make, as it is written and as it runs.
type call struct {
	text string
	run  func() any // an error, or what the call returned
}

const (
	mostBytes = 64 << 20
	mostTime  = 20 * time.Second
)

// answer makes a call and says what it gave. A call that panics, waits or takes much
// memory fails the test.
func (c call) answer(t *testing.T) string {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	done := make(chan string, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- fmt.Sprintf("PANIC: %v", r)
			}
		}()
		switch v := c.run().(type) {
		case nil:
			done <- "nothing is wrong"
		case error:
			done <- v.Error()
		default:
			done <- fmt.Sprintf("`%v`", v)
		}
	}()
	select {
	case s := <-done:
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > mostBytes {
			t.Errorf("%s takes %d bytes", c.text, n)
		}
		if strings.HasPrefix(s, "PANIC") {
			t.Errorf("%s: %s", c.text, s)
		}
		s, _, _ = strings.Cut(s, "\n") // behind it is a stack
		return s
	case <-time.After(mostTime):
		t.Fatalf("%s does not return", c.text)
	}
	return ""
}

// The table says what the calls give, of at least a hundred.
func TestHostile(t *testing.T) {
	path, err := filepath.Abs("../../docs/hostile.md")
	require.NoError(t, err)
	doc, err := os.ReadFile(path)
	require.NoError(t, err)
	t.Chdir(t.TempDir())

	const start, end = "<!-- table -->\n", "<!-- end -->\n"
	head, rest, ok := strings.Cut(string(doc), start)
	require.True(t, ok, "no %q", start)
	was, tail, ok := strings.Cut(rest, end)
	require.True(t, ok, "no %q", end)

	var table strings.Builder
	table.WriteString("| call | answer |\n|---|---|\n")
	n := 0
	cell := strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;")
	code := strings.NewReplacer("|", `\|`)
	for _, c := range calls() {
		fmt.Fprintf(&table, "| `%s` | %s |\n", code.Replace(c.text), cell.Replace(c.answer(t)))
		n++
	}
	require.GreaterOrEqual(t, n, 100)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(head+start+table.String()+end+tail), 0o666))
		return
	}
	require.Equal(t, was, table.String(), "go test ./internal/hostile -update writes the table")
}
