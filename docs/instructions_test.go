package docs_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/cpu"
	"github.com/spikegrad/spikegrad/neurons"
)

// The table of instructions in benchmarks.md is what the machine code of scans has, for the
// instruction sets of this processor. -v prints the rows that there should be.
func TestInstructions(t *testing.T) {
	page, err := os.ReadFile("benchmarks.md")
	require.NoError(t, err)
	column := map[cpu.Level]int{cpu.AVX512: 0, cpu.AVX2: 1, cpu.NEON: 2}
	for _, level := range cpu.Levels()[1:] {
		restore, err := cpu.ForceCode(level)
		require.NoError(t, err)
		got := map[string]int{}
		count(t, level, got, "LIF", neurons.LIFStep, neurons.DefaultLIFParams())
		count(t, level, got, "LSNN", neurons.LSNNStep, neurons.DefaultLSNNParams())
		count(t, level, got, "AdEx", neurons.AdExStep, neurons.DefaultAdExParams())
		restore()
		for name, n := range got {
			t.Logf("%v: %s: %d", level, name, n)
			row := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(name) + ` \| (\d+) \| (\d+) \| (\d+) \|`).FindStringSubmatch(string(page))
			if row == nil {
				t.Errorf("benchmarks.md has no row for %s", name)
			} else if want := row[1+column[level]]; want != fmt.Sprint(n) {
				t.Errorf("benchmarks.md: %s on %v: %s, and the code has %d", name, level, want, n)
			}
		}
	}
}

// count enters how many instructions the loops over lanes have, for float32.
func count[S any, P graph.Params[S]](t *testing.T, level cpu.Level, to map[string]int, name string, step graph.Step[S, P], p P) {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(20, 4, 100), G.WithInit(G.Zeroes()))
	r, err := graph.Scan(step, xs, nil, p)
	require.NoError(t, err)
	loss, err := G.Sum(r.Out)
	require.NoError(t, err)
	ds, err := G.Grad(loss, xs)
	require.NoError(t, err)
	for _, l := range graph.Lowered(ds...) {
		for _, s := range l.Stages() {
			if way, ok := strings.CutSuffix(s.Pass, ": code"); ok && way != "states again" {
				to[name+", "+way] = instructions(t, level, s.Text)
			}
		}
	}
}

// instructions counts those between the label of the loop over lanes and the jump there. For
// AVX each line of a listing is one; those of NEON have four bytes, and the jump is the only
// one back on "lower".
func instructions(t *testing.T, level cpu.Level, code string) int {
	if level != cpu.NEON {
		_, loop, ok := strings.Cut(code, "L2:\n")
		require.True(t, ok, code)
		loop, _, ok = strings.Cut(loop, "to L2\n")
		require.True(t, ok, code)
		return strings.Count(loop, "\n") + 1
	}
	var text []byte
	for _, line := range regexp.MustCompile(`(?m)^    (([0-9a-f]{2} ?){4,})$`).FindAllStringSubmatch(code, -1) {
		b, err := hex.DecodeString(strings.ReplaceAll(line[1], " ", ""))
		require.NoError(t, err)
		text = append(text, b...)
	}
	for i := 0; i < len(text); i += 4 {
		w := binary.LittleEndian.Uint32(text[i:])
		if back := int(int32(w<<8) >> 13); w>>24 == 0x54 && w&15 == 3 && back < 0 {
			return 1 - back
		}
	}
	t.Fatal(code)
	return 0
}
