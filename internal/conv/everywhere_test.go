package conv

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Shifted images give the same bits on processors of every kind, and in plain Go: those
// that AVX-512 gave.
func TestSameEverywhere(t *testing.T) {
	h := sha256.New()
	everywhere[float32](t, func(x []float32) { require.NoError(t, binary.Write(h, binary.LittleEndian, x)) })
	everywhere[float64](t, func(x []float64) { require.NoError(t, binary.Write(h, binary.LittleEndian, x)) })
	require.Equal(t, "8fbfc39ce25889e04170f1fe43449fb45e0c0f3a7b713b38fa4f558ebd3cf161", fmt.Sprintf("%x", h.Sum(nil)))
}

func everywhere[F float32 | float64](t *testing.T, write func(x []F)) {
	r := rand.New(rand.NewPCG(25, 26))
	random := func(n int) []F {
		x := make([]F, n)
		for i := range x {
			x[i] = F(r.IntN(1<<20)-1<<19) / (1 << 18)
		}
		return x
	}
	for _, step := range []Step{{1, 1, 1, 1}, {2, 1, 0, 1}, {3, 0, 2, 2}} {
		c, err := New([]int{9, 5, 11, 13}, []int{10, 1, 3, 3}, step, step, 5)
		require.NoError(t, err)
		nx, ny, nw, nb := c.Sizes()
		x, dy, w, bias := random(nx), random(ny), random(nw), random(nb)
		y, dx, dw := make([]F, ny), make([]F, nx), make([]F, nw)
		run := NewRun[F](c)
		require.NotNil(t, run.shift)
		run.Forward(y, Images[F]{Dense: x}, w, bias)
		run.GradX(dx, dy, w)
		run.GradW(dw, Images[F]{Dense: x}, dy)
		write(y)
		write(dx)
		write(dw)
	}
}
