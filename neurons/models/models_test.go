package models_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/models"
)

func TestLiftErrors(t *testing.T) {
	m := models.Of("LIF", neurons.LIFStep, neurons.DefaultLIFParams())
	g := G.NewGraph()
	xs := graphtest.Node(g, tensor.Float64, "xs", []int{2, 1, 1}, make([]float64, 2))
	v := graphtest.Node(g, tensor.Float64, "v", []int{1, 1}, []float64{0})
	_, err := m.Lift(true, xs, map[string]*G.Node{"V": v})
	require.EqualError(t, err, "models: LIF: no initial state I")
	_, err = m.Get("tau")
	require.EqualError(t, err, `models: LIF: graph: neurons.LIFParams has no field "tau"`)
}

// Models are found by their names, each is another one, and no name is given twice.
func TestNames(t *testing.T) {
	_, err := models.Named("lif")
	require.EqualError(t, err, `models: no model "lif"`)
	m, err := models.Named("lif_step_integral")
	require.NoError(t, err)
	require.Equal(t, "lif_step", m.Name())
	require.EqualError(t, m.Set("tau", 1.), `models: lif_step: tau: graph: wrap.RecurrentParams[github.com/spikegrad/spikegrad/neurons.LIFState,github.com/spikegrad/spikegrad/neurons.LIFParams] has no field "tau"`)
	require.EqualError(t, m.Set("tau_mem_inv", "fast"), "models: lif_step: tau_mem_inv: got a string, which the field cannot take")
	require.EqualError(t, m.Set("reset_method", "none"),
		`models: lif_step: reset_method: neurons: reset: got method "none", want one of [reset_value reset_subtract reset_shift]`)
	require.NoError(t, m.Set("tau_mem_inv", 3.))
	again, err := models.Named("lif_step")
	require.NoError(t, err)
	tau, err := again.Get("TauMemInv")
	require.NoError(t, err)
	require.Equal(t, graph.Const(100), *tau.(*graph.Param))

	require.Contains(t, models.Names(), "lif_step_integral")
	require.True(t, slices.IsSorted(models.Names()))
	require.EqualError(t, models.Register("lif_step", neurons.LIFStep, neurons.DefaultLIFParams()), `models: register "lif_step": there is one of this name already`)
	require.EqualError(t, models.Alias("lif_step_integral", "lif_step"), `models: register "lif_step_integral": there is one of this name already`)
	require.EqualError(t, models.Alias("lif", "lif_st"), `models: alias "lif": no model "lif_st"`)
}
