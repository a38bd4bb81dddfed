package jit

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// everywhere is what the programs of TestSameEverywhere gave on AVX2 and AVX-512.
var everywhere = map[int]string{
	32: "2e54853b3ea7734707e730ecc7d9423f5428ffdccc2a2991c2dd771c99df4e74",
	64: "573fba4f2a5e37dc4cd0c17a9beff2a08a6466ce5fad6d219006711793557961",
}

// Programs give the same bits on processors of different kinds, which no test on one of
// them can compare: all give those that AVX2 gave.
func TestSameEverywhere(t *testing.T) {
	onEach(t, func(t *testing.T, on *Target) {
		require.Equal(t, everywhere, map[int]string{32: sums[float32](t, on), 64: sums[float64](t, on)})
	})
}

// sums returns a hash of what 100 random programs, and the functions behind them, write
// into memory in some time steps, with numbers whose making rounds nowhere.
func sums[F float32 | float64](t *testing.T, on *Target) string {
	const n, steps = 43, 3
	h := sha256.New()
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 3))
		b := random[F](on, r, 1+int(seed*seed%157))
		last := b.Load(0)
		for _, f := range []func(*Builder, Value) Value{(*Builder).Exp, (*Builder).Sigmoid, (*Builder).Tanh} {
			b.Store(Ptr(b.nPtrs), f(b, b.Do(Mul, last, b.Literal(0.25))))
		}
		c, err := Compile(b)
		require.NoError(t, err)
		f := c.NewFrame()
		SetConsts(f, []F{0.375, 1, -2.5})
		memory := make([][]F, b.nPtrs)
		for p := range memory {
			memory[p] = make([]F, n*steps)
			for i := range memory[p] {
				memory[p][i] = F(int64(r.Uint64()>>44)-1<<19) / (1 << 16)
			}
			Point(f, Ptr(p), memory[p], p%2*n)
		}
		f.Run(n, steps, n)
		for _, x := range memory {
			for _, v := range x {
				u := bitsOf(v)
				if v != v {
					u = 1 // of which sign and payload are unspecified
				}
				_ = binary.Write(h, binary.LittleEndian, u)
			}
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}
