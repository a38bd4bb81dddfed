package vec

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/cpu"
)

// everywhere are hashes of what the approximations give on the numbers of
// TestSameEverywhere: those of AVX2, of which one processor has not both and NEON.
var everywhere = map[string]string{
	"Exp/float32":      "12eaa4428cea26be",
	"Exp/float64":      "beb315e1ffb0b152",
	"Expm1/float32":    "990c1f5044d79cdd",
	"Expm1/float64":    "021a20a9347089c4",
	"Log/float32":      "c358eaf19b7e7aa0",
	"Log/float64":      "dc6dbd183b349fc5",
	"Log1p/float32":    "99293bf27b7ffca6",
	"Log1p/float64":    "247f9b2d8e1fcec6",
	"Log2/float32":     "e603bd2d221f3153",
	"Log2/float64":     "22785f2f4d604d47",
	"Sigmoid/float32":  "d808f6d47cc3fe9e",
	"Sigmoid/float64":  "ce470ab1ada553a2",
	"Softplus/float32": "339274968bf895cc",
	"Softplus/float64": "27cea9dc46246d79",
	"Tanh/float32":     "3795543198cfb8dd",
	"Tanh/float64":     "52e9ee8404426395",
}

// Approximations give the same bits on processors of different kinds, which no test on one
// of them can compare: all give those that AVX2 gave.
func TestSameEverywhere(t *testing.T) {
	for _, level := range cpu.Levels()[1:] {
		got := map[string]string{}
		sums(got, "float32", calls(t, force[float32](t, level)))
		sums(got, "float64", calls(t, force[float64](t, level)))
		require.Equal(t, everywhere, got, "%v", level)
	}
}

// sums adds hashes of approximations on 20,000 numbers, of which half are evenly
// distributed between -32 and 32 and half have random bits: their making rounds nowhere.
func sums[F Float](got map[string]string, elem string, ks map[string]call[F]) {
	const n = 20_000
	rng := rand.New(rand.NewPCG(5, 6))
	x, y := make([]F, n), make([]F, n)
	for i := range x {
		if u := rng.Uint64(); i%2 == 0 {
			x[i] = F(int64(u>>40)-1<<23) / (1 << 18)
		} else {
			x[i] = bits[F](u)
		}
	}
	for name, k := range ks {
		if !slices.Contains(approximate, name) {
			continue
		}
		k.run(y, [3][]F{x}, 0)
		h := fnv.New64a()
		for _, v := range y {
			if v != v {
				fmt.Fprint(h, "NaN ") // of which sign and payload are unspecified
				continue
			}
			fmt.Fprintf(h, "%x ", math.Float64bits(float64(v)))
		}
		got[name+"/"+elem] = fmt.Sprintf("%016x", h.Sum64())
	}
}
