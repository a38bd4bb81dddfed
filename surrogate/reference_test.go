package surrogate_test

import (
	"cmp"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/surrogate"
)

// owned are the functions of the reference values that this package answers
// for, each with its check.
var owned = map[string]func(*testing.T, graphtest.Case){
	"heaviside":     spikes,
	"super_fn":      spikes,
	"triangle_fn":   spikes,
	"heavi_tanh_fn": spikes,
	"heavi_erfc_fn": spikes,
	"heavi_circ_fn": spikes,
	"threshold":     spikes,
	"sign":          spikes,
	"logistic_fn":   draws,
	"circ_dist_fn":  draws,
}

func TestReference(t *testing.T) {
	dir := cmp.Or(os.Getenv("REFERENCE_DIR"), "testdata/reference")
	for _, c := range graphtest.Cases(t, dir) {
		check, ok := owned[c.Function]
		if !ok {
			// A folder with the cases of all packages has those of others.
			require.NotEqual(t, "testdata/reference", dir, "no such function: %s", c.Function)
			continue
		}
		t.Run(c.Function+"/"+c.Name, func(t *testing.T) { check(t, c) })
	}
}

// function returns the spike function of a case. It fails on a parameter that
// it does not know.
func function(t *testing.T, c graphtest.Case) graph.Func {
	t.Helper()
	name, alpha := "", 0.0
	for p, v := range c.Params {
		switch p {
		case "method":
			name = v.Any.(string)
		case "alpha", "k":
			alpha = v.Any.(float64)
		default:
			t.Fatalf("unknown parameter %s", p)
		}
	}
	switch c.Function {
	case "logistic_fn":
		return surrogate.Logistic{K: alpha}
	case "circ_dist_fn":
		return surrogate.CircDist{Alpha: alpha}
	case "threshold", "sign":
	default:
		name = map[string]string{
			"heaviside": "heaviside", "super_fn": "super", "triangle_fn": "triangle",
			"heavi_tanh_fn": "tanh", "heavi_erfc_fn": "heavi_erfc", "heavi_circ_fn": "circ",
		}[c.Function]
	}
	f, err := surrogate.ByName(name, alpha)
	require.NoError(t, err)
	return f
}

func tolerance(dt tensor.Dtype) float64 {
	if dt == tensor.Float32 {
		return 1e-4
	}
	return 1e-9
}

// spikes checks the spikes and the gradient of a deterministic function.
func spikes(t *testing.T, c graphtest.Case) {
	f := function(t, c)
	apply := surrogate.Threshold
	if c.Function == "sign" {
		apply = surrogate.Sign
	}
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		t.Run(dt.String(), func(t *testing.T) {
			x := graphtest.Node(G.NewGraph(), dt, "x", c.Inputs["x"].Shape, c.Inputs["x"].Data)
			z, err := apply(x, f)
			require.NoError(t, err)
			if c.Cotangents["z"].Data == nil {
				require.Equal(t, c.Outputs["z"].Data, graphtest.Eval(t, z)[0])
				return
			}
			loss := graphtest.Loss(t, []*G.Node{z}, [][]float64{c.Cotangents["z"].Data})
			grads, values := graphtest.Grads(t, loss, []*G.Node{x}, []*G.Node{z})
			require.Equal(t, c.Outputs["z"].Data, values[0])
			graphtest.Close(t, "gradient of x", c.Grads["x"].Data, grads[0], tolerance(dt))
		})
	}
}

// draws checks the probabilities of a random function over many draws, and its
// gradient, which is not random.
func draws(t *testing.T, c graphtest.Case) {
	f := function(t, c).(surrogate.Random)
	x, want := c.Inputs["x"], c.Outputs["mean"].Data
	for i, v := range x.Data {
		require.InDelta(t, c.Outputs["probability"].Data[i], f.Prob(v), 1e-9)
	}
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		t.Run(dt.String(), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 0))
			noise := make([]float64, c.Trials*len(x.Data))
			require.NoError(t, surrogate.Uniform(noise, r))
			var xs, weights []float64
			for range c.Trials {
				xs, weights = append(xs, x.Data...), append(weights, c.Cotangents["z"].Data...)
			}
			g := G.NewGraph()
			shape := []int{c.Trials, len(x.Data)}
			v, u := graphtest.Node(g, dt, "x", shape, xs), graphtest.Node(g, dt, "u", shape, noise)
			var b graph.Builder
			z := surrogate.Draw(&b, f, v, graph.Const(0), u)
			require.NoError(t, b.Err())
			loss := graphtest.Loss(t, []*G.Node{z}, [][]float64{weights})
			grads, values := graphtest.Grads(t, loss, []*G.Node{v}, []*G.Node{z})
			sums := make([]float64, len(want))
			for i, s := range values[0] {
				require.True(t, s == 0 || s == 1, "draw %d is %v", i, s)
				sums[i%len(sums)] += s
			}
			allowed := c.Tolerance["mean"].(map[string]any)["data"].([]any)
			for i, s := range sums {
				require.InDelta(t, want[i], s/float64(c.Trials), allowed[i].(float64), "mean of element %d", i)
			}
			for i := 0; i < len(grads[0]); i += len(want) {
				graphtest.Close(t, "gradient of x", c.Grads["x"].Data, grads[0][i:i+len(want)], tolerance(dt))
			}
		})
	}
}
