package machine

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// What lets one machine at a time run on a graph goes with the graph.
func TestUsesGoWithTheirGraphs(t *testing.T) {
	count := func() (n int) {
		uses.Range(func(any, any) bool { n++; return true })
		return n
	}
	before := count()
	for range 100 {
		x, err := graph.Input(G.NewGraph(), "x", tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(1)))
		require.NoError(t, err)
		_, err = New(x)
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { runtime.GC(); return count() <= before+10 }, 10*time.Second, time.Millisecond)
}
