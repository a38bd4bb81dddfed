package neurons_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/neurons/presets"
)

// Where models start: a potential at v_leak, or where the model calls it so at
// v_rest, v_reset or V0; the threshold of the LSNN at v_th, the recovery at U0; and
// all else at 0.
func TestRestOfEveryModel(t *testing.T) {
	for _, m := range models.All() {
		g := G.NewGraph()
		values := map[string]float64{}
		for i, p := range m.Params() {
			values[p[strings.LastIndex(p, ".")+1:]] = float64(i + 2)
			require.NoError(t, m.Set(p, float64(i+2)))
		}
		for i, start := range []string{"V0", "U0"} {
			if m.Set(start, -3.-float64(i)) == nil {
				values[start] = -3 - float64(i)
			}
		}
		for _, w := range m.Weights() {
			require.NoError(t, m.Set(w, graphtest.Node(g, tensor.Float64, w, []int{3, 3}, make([]float64, 9))))
		}
		x := graphtest.Node(g, tensor.Float64, "x", []int{2, 3}, graphtest.Random(6, 1))
		rest, err := m.Rest(x)
		require.NoError(t, err)
		for state, n := range rest {
			want := 0.
			switch short := state[strings.LastIndex(state, ".")+1:]; {
			case short == "V" && m.Name() == "resonate_step": // which swings about 0
			case short == "V":
				for _, p := range []string{"VReset", "VLeak", "VRest", "V0"} {
					if v, ok := values[p]; ok {
						want = v
					}
				}
			case short == "U":
				want = values["U0"]
			case short == "B" && strings.HasPrefix(m.Name(), "lsnn"):
				want = values["VTh"]
			}
			for _, v := range graphtest.Eval(t, n)[0] {
				require.Equal(t, want, v, "%s of %s", state, m.Name())
			}
		}
	}
}

// The parameters of the defaults are held to the reference, which has no time
// steps: 1 ms in seconds, and 0.1 ms in milliseconds.
func TestDefaultTimeSteps(t *testing.T) {
	for _, m := range models.All() {
		if dt, err := m.Get("Dt"); err == nil {
			require.Equal(t, 1e-3, *dt.(*float64), m.Name())
		}
	}
	for _, dt := range []float64{
		presets.BioLIF().Dt, presets.BioLI().Dt, presets.BioLIFEx().Dt,
		presets.BioAdEx().Dt, presets.BioLSNN().Dt, presets.BioCobaLIF().Dt,
	} {
		require.Equal(t, 0.1, dt)
	}
	require.Equal(t, 1e-3, neurons.NewIzhikevichParams(1, 1, 1, 1, 1, 1).Dt)
	require.Equal(t, graph.Euler, neurons.DefaultLIFParams().Integration)
}
