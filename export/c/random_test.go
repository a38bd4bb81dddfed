package c_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/export/c"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/internal/randnet"
)

// Networks drawn at random do in C what they do here.
func TestRandomNetworks(t *testing.T) {
	cc := compiler(t)
	count := 3
	if long.Tests() {
		count = 200
	}
	var all []pair
	for i := range count {
		net, shape := randnet.Draw(uint64(i))
		r := rand.New(rand.NewPCG(9, uint64(i)))
		here := newStepper(t, net, uint64(i), shape)
		spread(r, here.values)
		code, err := c.Export(net, shape, here.values, c.Options{Prefix: fmt.Sprintf("n%d", i), KeepNorm: true})
		require.NoError(t, err, "seed %d", i)
		x := spikes(r, 2*9*code.Inputs, 0.4)
		all = append(all, pair{fmt.Sprint("seed ", i), here, code, 9, x})
	}
	for part := range slices.Chunk(all, 25) {
		require.Less(t, len(compare(t, cc, part, 1e-5)), len(part)/2+1)
	}
}
