package fields_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/fields"
)

type inner struct {
	TauMemInv graph.Param
	VPeak     graph.Param `default:"VTh"`
	VTh       graph.Param
}

type params struct {
	Inner  inner
	W      *G.Node
	Dt     float64
	hidden int
}

type embedding struct {
	params2
	V *G.Node
}

type params2 struct{ A *G.Node }

// Fields are found by their names, whatever the capitals and underscores, and by paths.
func TestFields(t *testing.T) {
	p := params{Inner: inner{TauMemInv: graph.Const(100), VTh: graph.Const(2)}, Dt: 1e-3}
	for _, name := range []string{"tau_mem_inv", "TauMemInv", "inner.tauMemInv", "Inner.tau_mem_inv"} {
		f, err := fields.Field(&p, name)
		require.NoError(t, err)
		require.Same(t, &p.Inner.TauMemInv, f)
	}
	_, err := fields.Field(&p, "hidden")
	require.EqualError(t, err, `graph: fields_test.params has no field "hidden"`)
	_, err = fields.Field(p, "Dt")
	require.EqualError(t, err, "graph: got a fields_test.params, want a pointer to a struct")
	d, err := fields.Default(&p, "VPeak")
	require.NoError(t, err)
	require.Same(t, &p.Inner.VTh, d)
	p.Inner.VPeak = graph.Const(3)
	d, err = fields.Default(&p, "VPeak")
	require.NoError(t, err)
	require.Same(t, &p.Inner.VPeak, d)
	require.Equal(t, []string{"Inner.TauMemInv", "Inner.VPeak", "Inner.VTh"}, fields.Params(p))
	require.Equal(t, []string{"W"}, fields.Nodes(p))
	require.Equal(t, []string{"V"}, fields.Nodes(embedding{})) // what is embedded and not exported is not seen
	require.Empty(t, fields.Nodes(3))
	_ = p.hidden
}
