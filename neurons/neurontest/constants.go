package neurontest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/neurons/presets"
)

// constants finds, for the functions that only give parameters, those that a
// case is about.
var constants = map[string]func(t *testing.T, c graphtest.Case) models.Model{
	"default_parameters": func(t *testing.T, c graphtest.Case) models.Model {
		if m, ok := bioClasses[c.Name]; ok {
			return m
		}
		name, ok := classes[c.Name]
		require.True(t, ok, "unknown class %s", c.Name)
		m, err := models.Named(name)
		require.NoError(t, err)
		return m
	},
	"izhikevich_behaviors": func(t *testing.T, c graphtest.Case) models.Model {
		var k presets.Behaviour
		require.NoError(t, k.UnmarshalText([]byte(c.Name)))
		return models.Of(c.Name, neurons.IzhikevichStep, k.Params())
	},
	"create_izhikevich_spiking_behavior": func(t *testing.T, c graphtest.Case) models.Model {
		n := func(name string) float64 { return c.Params[name].Any.(float64) }
		u := n("u_rest") * n("b")
		p := neurons.NewIzhikevichParams(n("a"), n("b"), n("c"), n("d"), n("v_rest"), u)
		if _, given := c.Params["tau_inv"]; given {
			p.TauInv = graph.Const(n("tau_inv"))
		}
		return models.Of(c.Name, neurons.IzhikevichStep, p)
	},
}

// classes are the models whose default parameters the reference has, by the
// names of its classes.
var classes = map[string]string{
	"IAFParameters":           "iaf_feed_forward_step",
	"LIParameters":            "li_feed_forward_step",
	"LIBoxParameters":         "li_box_feed_forward_step",
	"LIFParameters":           "lif_feed_forward_step",
	"LIFBoxParameters":        "lif_box_feed_forward_step",
	"LIFExParameters":         "lif_ex_feed_forward_step",
	"LIFAdExParameters":       "lif_adex_feed_forward_step",
	"LSNNParameters":          "lsnn_feed_forward_step",
	"CobaLIFParameters":       "coba_lif_feed_forward_step",
	"LIFRefracParameters":     "lif_refrac_feed_forward_step",
	"LIFAdExRefracParameters": "lif_adex_refrac_feed_forward_step",
}

// bioClasses are those with the parameters of cortical neurons.
var bioClasses = map[string]models.Model{
	"IAFParameters.bio_default":     models.Of("IAF", neurons.IAFStep, presets.BioIAF()),
	"LIParameters.bio_default":      models.Of("LI", neurons.LIStep, presets.BioLI()),
	"LIFParameters.bio_default":     models.Of("LIF", neurons.LIFStep, presets.BioLIF()),
	"LIFExParameters.bio_default":   models.Of("LIFEx", neurons.LIFExStep, presets.BioLIFEx()),
	"LIFAdExParameters.bio_default": models.Of("AdEx", neurons.AdExStep, presets.BioAdEx()),
	"LSNNParameters.bio_default":    models.Of("LSNN", neurons.LSNNStep, presets.BioLSNN()),
	"CobaLIFParameters.bio_default": models.Of("CobaLIF", neurons.CobaLIFStep, presets.BioCobaLIF()),
}

// otherClasses are those of other packages.
var otherClasses = []string{
	"CorrelationSensorParameters", "LIFCorrelationParameters", "STDPParameters", "STDPSensorParameters", "TsodyksMakramParameters",
}

// constantsReference checks that a model has the parameters of the case, every
// one of them, and starts where it says.
func constantsReference(t *testing.T, c graphtest.Case) {
	m := constants[c.Function](t, c)
	left := map[string]bool{}
	for _, name := range m.Params() {
		left[fold(name[strings.LastIndex(name, ".")+1:])] = true
	}
	for name, v := range c.Params {
		name = name[strings.LastIndex(name, ".")+1:] // inner parameters have a prefix
		if to, ok := fieldNames[name]; ok {
			name = to
		}
		switch {
		case name == "alpha": // with method
			continue
		case c.Function != "default_parameters" && (name == "v_rest" || name == "u_rest"): // among the outputs
			continue
		case name == "method":
			f, err := m.Get("Spike")
			require.NoError(t, err)
			require.Equal(t, spikeOf(t, c), *f.(*graph.Func))
			continue
		}
		f, err := m.Get(name)
		require.NoError(t, err)
		switch f := f.(type) {
		case *graph.Param:
			got, ok := f.Value()
			require.True(t, ok)
			require.Equal(t, v.Any, got, name)
			delete(left, fold(name))
		default:
			require.Equal(t, v.Any, fmt.Sprint(f), name)
		}
	}
	require.Empty(t, left, "parameters that the case does not have")
	for name, want := range c.Outputs {
		f, err := m.Get(strings.TrimPrefix(name, "state.") + "0")
		require.NoError(t, err)
		require.InDelta(t, want.Data[0], *f.(*float64), 1e-12, name)
	}
}

func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }
