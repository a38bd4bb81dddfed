package events

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Many numbers at once are what each is by itself, of every type and whatever the bits.
func TestWholes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	special := []float64{0, math.Copysign(0, -1), -3, 0.5, 1 << 61, 1 << 62, -1 << 62, math.Nextafter(1<<62, 0), 1 << 63, 1e300, math.Inf(1), math.Inf(-1), math.NaN()}
	for _, descr := range []string{"<i1", "<i2", "<i4", "<i8", "<u1", "<u2", "<u4", "<u8", "<f4", "<f8", "|b1", ">i2", ">i4", ">i8", ">u2", ">u8", ">f4", ">f8"} {
		n, err := numericOf(descr)
		require.NoError(t, err)
		for range 2000 {
			b := make([]byte, 3*n.size)
			for i := range b {
				b[i] = byte(rng.Uint32())
			}
			if n == (numeric{kind: 'f', size: 8}) && rng.IntN(4) > 0 { // else hardly one is whole
				for i := range 3 {
					v := float64(rng.Int64N(1 << 40))
					if rng.IntN(4) == 0 {
						v = special[rng.IntN(len(special))]
					}
					binary.LittleEndian.PutUint64(b[8*i:], math.Float64bits(v))
				}
			}
			want, all := make([]int64, 3), true
			for i := range want {
				v, ok := n.whole(b[i*n.size:])
				want[i], all = v, all && ok
			}
			got := make([]int64, 3)
			require.Equal(t, all, n.wholes(got, b), "%s % x", descr, b)
			if all {
				require.Equal(t, want, got, "%s % x", descr, b)
			}
		}
	}
}
