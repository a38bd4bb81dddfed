package recordings

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
)

// Whatever the bytes of a sample are, its spikes lie within the shape, and become the same
// ones again.
func FuzzSpikes(f *testing.F) {
	f.Add(pack(nil, []data.Event{{Step: 3, Index: 7}, {Step: 0, Index: 0}, {Step: 4, Index: 9}}), 3, 5, 10)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0}, 1, math.MaxInt, 1)
	f.Add([]byte{}, 0, 1, 1)
	f.Fuzz(func(t *testing.T, b []byte, n, steps, width int) {
		if steps < 1 || width < 1 { // no data set has such a shape
			return
		}
		es, ok := unpack(nil, b, min(n, len(b)), steps, width)
		for _, e := range es {
			require.True(t, e.Step >= 0 && e.Step < steps && e.Index >= 0 && e.Index < width)
		}
		if !ok {
			return
		}
		again, ok := unpack(nil, pack(nil, es), len(es), steps, width)
		require.True(t, ok)
		require.Equal(t, es, again)
	})
}
