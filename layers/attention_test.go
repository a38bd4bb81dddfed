package layers_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

// Without neurons and with normalisations at their start, attention is what its definition
// says, whichever product comes first; its gradient is that of finite differences.
func TestSelfAttention(t *testing.T) {
	for _, shape := range []tensor.Shape{{2, 3, 4, 7}, {2, 3, 6, 2}} {
		T, batch, c, n := shape[0], shape[1], shape[2], shape[3]
		const heads, scale = 2, 0.3
		l := layers.SelfAttention{Neurons: layers.Identity, Heads: heads, Scale: scale}
		x := input(tensor.Float64, shape...)
		v := graphtest.Random(shape.TotalSize(), 3)
		require.NoError(t, setFloats(x, v))
		b := layers.NewBuild(1)
		y, err := l.Apply(b, x)
		require.NoError(t, err)
		// mapped computes W x/√(1 + ε) of tokens [T·batch, c, n].
		mapped := func(x []float64, param int) []float64 {
			w := graphtest.Floats(b.Params[param].Value())
			out := make([]float64, len(x))
			for r := range T * batch {
				for o := range c {
					for i := range n {
						for ch := range c {
							out[(r*c+o)*n+i] += w[o*c+ch] * x[(r*c+ch)*n+i] / math.Sqrt(1+1e-5)
						}
					}
				}
			}
			return out
		}
		q, k, val := mapped(v, 0), mapped(v, 3), mapped(v, 6)
		a := make([]float64, len(v))
		for r := range T * batch {
			for h := range heads {
				at := func(ch, i int) int { return (r*c+h*c/heads+ch)*n + i }
				for i := range n {
					for m := range n {
						var dot float64
						for ch := range c / heads {
							dot += q[at(ch, i)] * k[at(ch, m)]
						}
						for ch := range c / heads {
							a[at(ch, i)] += scale * dot * val[at(ch, m)]
						}
					}
				}
			}
		}
		graphtest.Close(t, "y", mapped(a, 9), graphtest.Eval(t, y)[0], 1e-12)
		graphtest.CheckGrad(t, func(x *G.Node) (*G.Node, error) { return l.Apply(layers.NewBuild(1), x) }, shape, v)
		require.Equal(t, []string{"q.conv.w", "q.norm.w", "q.norm.b"}, names(b.Params)[:3])
		require.Equal(t, "out.norm.b", b.Params[11].Name())
	}
}

func TestSelfAttentionOfSpikes(t *testing.T) {
	lif := layers.Lift(neurons.LIFBoxStep, neurons.DefaultLIFBoxParams())
	b := layers.NewBuild(1)
	x := input(tensor.Float32, 4, 2, 6, 3, 3)
	y, err := layers.Sequential{layers.Tokens, layers.SelfAttention{Neurons: lif, Heads: 3}}.Apply(b, x)
	require.NoError(t, err)
	require.Equal(t, []int{4, 2, 6, 9}, []int(y.Shape()))
	require.Len(t, b.Activities, 5)
	require.Equal(t, "1.attend", b.Activities[3].Name)
	for _, v := range graphtest.Eval(t, y)[0] {
		require.Contains(t, []float64{0, 1}, v)
	}
	for want, l := range map[string]layers.Layer{
		"layers: self-attention: the neurons are nil":                                             layers.SelfAttention{},
		"layers: self-attention: 4 heads of 6 channels, want a number that divides them":          layers.SelfAttention{Neurons: lif, Heads: 4},
		"layers: self-attention: the scale is -1, want a positive number":                         layers.SelfAttention{Neurons: lif, Scale: -1},
		"layers: self-attention: the neurons of q make [2 6 5] of [4 2 6 5], want the same shape": layers.SelfAttention{Neurons: layers.Last},
	} {
		_, err := l.Apply(layers.NewBuild(1), input(tensor.Float32, 4, 2, 6, 5))
		require.EqualError(t, err, want)
	}
}
