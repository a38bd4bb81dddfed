package vec

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/cpu"
)

// TestAdam compares Adam with its twin on ordinary and special numbers, at all
// lengths, and with a step that is easy to follow.
func TestAdam(t *testing.T) {
	for _, level := range cpu.Levels() {
		t.Run(level.String()+"/float32", func(t *testing.T) { testAdam[float32](t, level) })
		t.Run(level.String()+"/float64", func(t *testing.T) { testAdam[float64](t, level) })
	}
}

func testAdam[F Float](t *testing.T, level cpu.Level) {
	k := force[F](t, level)
	rng := rand.New(rand.NewPCG(7, 8))
	for n := range 150 {
		var want, got [4][]F // w, g, m, v
		for j := range want {
			want[j] = randoms[F](rng, n)
			got[j] = append(slices.Clone(want[j]), 42)
		}
		adam(want[0], want[1], want[2], want[3], 0.25, 1.5, 0.9, 0.1, 0.99, 0.01, 1e-3, 0.125, 0.75)
		k.Adam(got[0][:n], got[1], got[2], got[3], 0.25, 1.5, 0.9, 0.1, 0.99, 0.01, 1e-3, 0.125, 0.75)
		for j, name := range []string{"w", "g", "m", "v"} {
			require.True(t, equal(append(want[j], 42), got[j]), "%s of %d elements: %v, want %v", name, n, got[j], want[j])
		}
	}

	// g' = 2 + ½·4 = 4, m = ½·8 + ½·4
	w, g, m, v := []F{4}, []F{2}, []F{8}, []F{16}
	k.Adam(w, g, m, v, 2, 3, 0.5, 0.5, 0.25, 0.75, 4, 0.5, 0.5)
	require.Equal(t, []F{6}, m)
	require.Equal(t, []F{16}, v)              // ¼·16 + (¾·4)·4
	require.Equal(t, []F{2 - F(12)/F(16)}, w) // ½·4 − 2·6 / (3·√16 + 4)
	require.Equal(t, []F{2}, g, "is only read")

	tiny := SmallestNormal[F]()
	w, g, m, v = []F{1}, []F{0}, []F{tiny}, []F{tiny}
	k.Adam(w, g, m, v, 1, 1, 0.9, 0.1, 0.9, 0.1, 1, 0, 1)
	require.Equal(t, []F{0, 0, 1}, []F{m[0], v[0], w[0]}, "subnormal moments")
}
