package nir_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/blueprint"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/nir"
	"github.com/spikegrad/spikegrad/surrogate"
)

// An imported network goes into a blueprint without its weights, and with them, which are
// elsewhere, it is what it was.
func TestBlueprint(t *testing.T) {
	g := everything()
	n, err := nir.Import(g, 1e-3, nir.Options{Integration: graph.Exponential, Spike: surrogate.Arctan{Alpha: 2}})
	require.NoError(t, err)
	text, err := blueprint.Write(layers.Sequential{layers.Named("net", n)})
	require.NoError(t, err)
	got, err := blueprint.Read(text)
	require.NoError(t, err)
	again, err := blueprint.Write(got)
	require.NoError(t, err)
	require.JSONEq(t, string(text), string(again))
	r := rand.New(rand.NewPCG(25, 26))
	x := uniform(r, 20*2*36, 0, 1)
	want, values := eval(t, layers.Layer(layers.Sequential{layers.Named("net", n)}), x, 1, 20, 1, 2, 6, 6)
	have, _ := eval(t, layers.Given(values, got), x, 2, 20, 1, 2, 6, 6)
	require.Equal(t, want, have)

	for old, change := range map[string][2]string{
		`"shape":[8,4]`:    {`"shape":[1073741824,1073741824]`, "node n6: weight: "},
		`"kind":"float32"`: {`"kind":"float99"`, `the kind of its elements is "float99"`},
		`"type":"Affine"`:  {`"type":"../../x"`, `type is "../../x", want one of`},
		`"dt":0.001`:       {`"dt":0`, "dt is 0 s, want a finite number above 0"},
		`"n6","n7.input"`:  {`"n6","gone"`, `there is no node "gone"`},
		`"edges":`:         {`"other":`, "unknown field"},
	} {
		require.Contains(t, string(text), old)
		_, err := blueprint.Read([]byte(strings.Replace(string(text), old, change[0], 1)))
		require.ErrorContains(t, err, change[1])
	}
}
