package plasticity_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/fields"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/plasticity"
	"github.com/spikegrad/spikegrad/surrogate"
)

func correlationUpdate(t *testing.T, c graphtest.Case) {
	number := func(name string) float64 { return c.Params[name].Any.(float64) }
	require.Len(t, c.Params, 3)
	require.Len(t, c.Inputs, 6)
	weights, post, pre := c.Inputs["weights"], c.Inputs["weights"].Shape[0], c.Inputs["weights"].Shape[1]
	// The map gives the changes of weights [n_post, n_pre] there.
	m, bias := transposed(c.Inputs["linear.weight"]), c.Inputs["linear.bias"]
	for _, a := range []*graphtest.Array{&m, &bias} {
		turned := graphtest.Array{Shape: a.Shape}
		for n := post * pre; len(a.Data) > 0; a.Data = a.Data[n:] {
			turned.Data = append(turned.Data, transposed(graphtest.Array{Shape: []int{post, pre}, Data: a.Data[:n]}).Data...)
		}
		*a = turned
	}
	for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-9, tensor.Float32: 1e-4} {
		t.Run(dt.String(), func(t *testing.T) {
			g := G.NewGraph()
			node := func(name string, a graphtest.Array) *G.Node { return graphtest.Node(g, dt, name, a.Shape, a.Data) }
			u := plasticity.CorrelationUpdate{
				Map: node("map", m), Bias: node("bias", bias),
				LearningRate: number("learning_rate"), Every: int(number("ts_frequency")),
			}
			w, s, err := u.Apply(int(number("ts")), node("w", transposed(weights)), plasticity.CorrelationState{
				PostPre:              node("o", c.Inputs["state.post_pre"]),
				CorrelationTrace:     node("c", c.Inputs["state.correlation_trace"]),
				AntiCorrelationTrace: node("d", c.Inputs["state.anti_correlation_trace"]),
			})
			require.NoError(t, err)
			v := graphtest.Eval(t, w, s.PostPre, s.CorrelationTrace, s.AntiCorrelationTrace)
			require.Len(t, c.Outputs, len(v))
			graphtest.Close(t, "weights", transposed(c.Outputs["weights"]).Data, v[0], tol)
			for i, name := range []string{"post_pre", "correlation_trace", "anti_correlation_trace"} {
				graphtest.Close(t, name, c.Outputs["state."+name].Data, v[i+1], tol)
			}
		})
	}
}

// classes are those of the reference with default parameters.
var classes = map[string]any{
	"STDPParameters":              ptr(plasticity.DefaultSTDPParams()),
	"STDPSensorParameters":        ptr(plasticity.DefaultSTDPSensorParams()),
	"CorrelationSensorParameters": ptr(plasticity.DefaultCorrelationParams()),
	"TsodyksMakramParameters":     ptr(plasticity.DefaultSTPParams()),
	"LIFCorrelationParameters": ptr(struct {
		LIFParameters                                              neurons.LIFParams
		InputCorrelationParameters, RecurrentCorrelationParameters plasticity.CorrelationParams
	}{neurons.DefaultLIFParams(), plasticity.DefaultCorrelationParams(), plasticity.DefaultCorrelationParams()}),
}

func ptr[T any](v T) *T { return &v }

func defaults(t *testing.T, c graphtest.Case) {
	p := classes[c.Name]
	for name, v := range c.Params {
		switch {
		case c.Name == "STDPSensorParameters" && name == "tau_ac_inv", c.Name == "TsodyksMakramParameters" && name == "tau_s_inv":
			continue // not used
		case strings.HasSuffix(name, "alpha"), name == "convolutional":
			continue // part of another setting
		case strings.HasSuffix(name, "method"):
			f, err := surrogate.ByName(v.Any.(string), c.Params["lif_parameters.alpha"].Any.(float64))
			require.NoError(t, err)
			got, err := fields.Field(p, "lif_parameters.spike")
			require.NoError(t, err)
			require.Equal(t, f, *got.(*graph.Func))
			continue
		}
		f, err := fields.Field(p, cmp.Or(fieldNames[name], name))
		require.NoError(t, err)
		if f, ok := f.(*graph.Param); ok {
			got, constant := f.Value()
			require.True(t, constant)
			require.Equal(t, v.Any, got, name)
			continue
		}
		require.Equal(t, fmt.Sprint(v.Any), fmt.Sprint(reflectValue(f)), name)
	}
}

func reflectValue(p any) any {
	switch p := p.(type) {
	case *float64:
		return *p
	case *bool:
		return *p
	case *plasticity.Algorithm:
		return *p
	}
	return p
}
