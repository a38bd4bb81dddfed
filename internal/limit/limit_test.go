package limit_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/limit"
)

func TestElements(t *testing.T) {
	for _, c := range []struct {
		shape []int
		n     int
		want  string
	}{
		{nil, 1, ""},
		{[]int{2, 3}, 6, ""},
		{[]int{0, math.MaxInt, math.MaxInt}, 0, ""},
		{[]int{math.MaxInt, math.MaxInt, 0}, 0, ""},
		{[]int{1 << 20, 1 << 11}, 1 << 31, ""},
		{[]int{1 << 20, 1<<11 + 1}, 0, "shape [1048576 2049] has 2148532224 elements, want at most 2147483648"},
		{[]int{1 << 32, 1 << 32}, 0, "shape [4294967296 4294967296] has more elements than can be counted, want at most 2147483648"},
		{[]int{1 << 33, 1 << 33, 1 << 33}, 0, "shape [8589934592 8589934592 8589934592] has more elements than can be counted, want at most 2147483648"},
		{[]int{2, -1}, 0, "shape [2 -1] has an axis below 0"},
	} {
		n, err := limit.Elements(c.shape...)
		if c.want == "" {
			require.NoError(t, err)
		} else {
			require.EqualError(t, err, c.want)
		}
		require.Equal(t, c.n, n)
	}
	_, err := limit.Within(10, 11)
	require.EqualError(t, err, "shape [11] has 11 elements, want at most 10")
}

// As numbers without a limit say.
func TestWithin(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10000 {
		shape, want := make([]int, r.IntN(6)), big.NewInt(1)
		for i := range shape {
			shape[i] = int(r.Uint64() >> (1 + r.IntN(63)))
			want.Mul(want, big.NewInt(int64(shape[i])))
		}
		most := int(r.Uint64() >> (1 + r.IntN(63)))
		n, err := limit.Within(most, shape...)
		if want.Cmp(big.NewInt(int64(most))) > 0 {
			require.Error(t, err, "%v within %d", shape, most)
			continue
		}
		require.NoError(t, err, "%v within %d", shape, most)
		require.Equal(t, want.Int64(), int64(n))
	}
}
