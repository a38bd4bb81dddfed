package describe_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/readout"
)

func TestValue(t *testing.T) {
	type knot struct {
		Self *knot
		Name string
		list []int
		Each []int
		F    func(float64) float64
	}
	k := &knot{Name: "a", Each: []int{1, 2}, list: []int{3}}
	for _, c := range []struct {
		v    any
		want string
	}{
		{nil, "nil"},
		{3, "3"},
		{"x", `"x"`},
		{&optim.Adam{LearningRate: 5e-3}, "Adam{LearningRate: 0.005}"},
		{optim.Cosine{}, "Cosine{}"},
		{optim.Warmup{Steps: 3, Then: optim.Cosine{Floor: 0.1}}, "Warmup{Steps: 3, Then: Cosine{Floor: 0.1}}"},
		{graph.Const(200), "200"},
		{k, `knot{Name: "a", Each: [1 2]}`},
		{readout.LastStep, "LastStep"},
		{(*optim.Adam)(nil), "nil"},
		{map[string]int{}, "map[string]int"},
	} {
		require.Equal(t, c.want, describe.Value(c.v))
	}
	k.Self = k
	require.Contains(t, describe.Value(k), "…")
	require.Equal(t, "LIFParams", describe.Name(neurons.DefaultLIFParams()))
	require.Equal(t, "RecurrentParams", describe.Name(&wrap.RecurrentParams[neurons.LIFState, neurons.LIFParams]{}))
	require.Equal(t, "LastStep", describe.Name(readout.LastStep))
	require.Equal(t, []string{"TauSynInv: 200", "TauMemInv: 100"}, describe.Fields(neurons.DefaultLIFParams())[:2])
	require.Nil(t, describe.Fields(3))
}

func TestSI(t *testing.T) {
	for _, c := range []struct {
		x    float64
		want string
	}{
		{0, "0 J"}, {1, "1.00 J"}, {12.34, "12.3 J"}, {999.4, "999 J"}, {999.6, "1.00 kJ"}, {1e3, "1.00 kJ"}, {-1234, "-1.23 kJ"},
		{0.9e-12, "0.90 pJ"}, {4.6e-12, "4.60 pJ"}, {1e-13, "0.10 pJ"}, {1e-6, "1.00 µJ"}, {5e-3, "5.00 mJ"}, {2.5e15, "2500 TJ"}, {math.NaN(), "NaN J"},
	} {
		require.Equal(t, c.want, describe.SI(c.x, "J"))
	}
	require.Equal(t, "23.5", describe.SI(23.5, ""))
	require.Equal(t, "1.20 k", describe.SI(1200, ""))
}
