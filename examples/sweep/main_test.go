package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/ranks"
)

// Any number of processes fills the same table, and what was ended goes on: what is done is not trained again, what
// was begun has its checkpoint, and a training that fails is a line.
func TestSweep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "settings")
	require.NoError(t, os.WriteFile(path, []byte(`{"hidden": 20, "rate": 0.02}
{"hidden": 10, "rate": 0.02, "seed": 2} {"hidden": 10, "rate": 3e38}
`), 0o644))
	settings, err := read(path)
	require.NoError(t, err)
	require.Equal(t, []setting{{20, 0.02, 0.01, 1}, {10, 0.02, 0.01, 2}, {10, 3e38, 0.01, 1}}, settings)
	run := func(ctx context.Context, n int, out string) string {
		texts := make([]string, n)
		var all sync.WaitGroup
		for i, r := range ranks.New(n) {
			all.Go(func() {
				defer r.Leave()
				of, err := sweep(ctx, r, settings, 1, out)
				var b bytes.Buffer
				if err == nil {
					err = table(&b, of)
				}
				if err != nil {
					t.Error(err)
				}
				texts[i] = b.String()
			})
		}
		all.Wait()
		for _, text := range texts {
			require.Equal(t, texts[0], text)
		}
		return texts[0]
	}
	whole, parts := t.TempDir(), t.TempDir()
	want := run(context.Background(), 1, whole)
	lines := strings.Split(want, "\n")
	require.Len(t, lines, 5)
	require.Contains(t, lines[3], "want a finite number")
	ended, end := context.WithCancel(context.Background())
	end()
	require.Equal(t, 3, strings.Count(run(ended, 2, parts), "not done: the same command goes on"))
	require.Equal(t, want, run(context.Background(), 3, parts))
	before, err := os.Stat(filepath.Join(parts, settings[0].name(), "result.json"))
	require.NoError(t, err)
	require.Equal(t, want, run(context.Background(), 2, parts))
	after, err := os.Stat(filepath.Join(parts, settings[0].name(), "result.json"))
	require.NoError(t, err)
	require.Equal(t, before.ModTime(), after.ModTime())
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"hidden": 0}`:       "setting 1: {Hidden:0 Rate:0.005 Tau:0.01 Seed:1}: want 1 to 10000 hidden neurons, a rate above 0, and a tau of 0.001 to 1 s",
		`{"seed": 1} {}`:      "setting 2: it is there twice",
		`{"neurons": 1}`:      `setting 1: json: unknown field "neurons"`,
		`{"hidden": 5} {"rat`: "setting 2: unexpected EOF",
	} {
		path := filepath.Join(t.TempDir(), "settings")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		_, err := read(path)
		require.ErrorContains(t, err, want)
	}
}
