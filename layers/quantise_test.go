package layers_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
)

// built applies a layer to a sequence, and returns its output, and the values of weights by name.
func built(t *testing.T, l layers.Layer, dt tensor.Dtype, shape ...int) (*layers.Build, *G.Node, map[string]*tensor.Dense) {
	t.Helper()
	b := layers.NewBuild(3)
	y, err := l.Apply(b, input(dt, shape...))
	require.NoError(t, err)
	values := map[string]*tensor.Dense{}
	for _, ns := range []G.Nodes{b.Params, b.Fixed} {
		for _, n := range ns {
			values[n.Name()] = n.Value().(*tensor.Dense).Clone().(*tensor.Dense)
		}
	}
	return b, y, values
}

// round rounds the weights of each channel to multiples of the largest over 2^(bits−1) − 1.
func round(w *tensor.Dense, bits int, channel func(i int) int) {
	x := graphtest.Floats(w)
	largest := map[int]float64{}
	for i, v := range x {
		largest[channel(i)] = max(largest[channel(i)], math.Abs(v))
	}
	for i, v := range x {
		unit := largest[channel(i)] / (math.Exp2(float64(bits-1)) - 1)
		x[i] = math.Round(v/unit) * unit
	}
	switch d := w.Data().(type) {
	case []float64:
		copy(d, x)
	case []float32:
		for i := range d {
			d[i] = float32(x[i])
		}
	}
}

// A layer within a Quantise is the layer with its weights rounded, channel by channel, and the
// gradients of its weights are those of the rounded ones. Its names are the same.
func TestQuantise(t *testing.T) {
	lif := neurons.DefaultLIFParams()
	for name, c := range map[string]struct {
		layer   layers.Layer
		shape   []int
		channel func(w string, i int, to []float64) int
	}{
		"linear":     {layers.Linear{Out: 4}, []int{3, 2, 5}, func(_ string, i int, _ []float64) int { return i % 4 }},
		"pattern":    {layers.Linear{Out: 4, Pattern: layers.Chance(0.6)}, []int{3, 2, 5}, func(_ string, i int, to []float64) int { return int(to[i]) }},
		"conv":       {layers.Conv2D{Out: 4, Kernel: 3, Conv: connect.Conv{Groups: 2}}, []int{2, 1, 2, 5, 4}, func(_ string, i int, _ []float64) int { return i / 9 }},
		"along":      {layers.Conv1D{Out: 4, Kernel: 3}, []int{2, 1, 2, 5}, func(_ string, i int, _ []float64) int { return i / 6 }},
		"transposed": {layers.ConvTranspose2D{Out: 6, Kernel: 2, Conv: connect.Conv{Groups: 2}}, []int{2, 1, 4, 3, 3}, func(_ string, i int, _ []float64) int { return i/24*3 + i/4%3 }},
		"recurrent":  {layers.Recurrent(neurons.LIFStep, lif), []int{3, 2, 5}, func(_ string, i int, _ []float64) int { return i % 5 }},
		"one to one": {layers.RecurrentThrough(layers.BackOneToOne{Init: layers.Scaled{Gain: 1}}, neurons.LIFStep, lif), []int{3, 2, 5}, func(string, int, []float64) int { return 0 }},
		"sparsely":   {layers.RecurrentThrough(layers.BackSparse{Pattern: layers.Chance(0.6)}, neurons.LIFStep, lif), []int{3, 2, 5}, func(_ string, i int, to []float64) int { return int(to[i]) }},
		"convolved":  {layers.RecurrentThrough(layers.BackConv2D{Kernel: 3}, neurons.LIFStep, lif), []int{2, 1, 2, 5, 4}, func(_ string, i int, _ []float64) int { return i / 18 }},
		"delayed":    {layers.DelayedLinear{Out: 4, Delay: layers.Delay{Max: 2, Interpolate: true}}, []int{3, 2, 5}, func(_ string, i int, _ []float64) int { return i % 4 }},
		"late":       {layers.RecurrentThrough(layers.BackLate{Delay: layers.Delay{Max: 2, Interpolate: true}}, neurons.LIFStep, lif), []int{3, 2, 5}, func(_ string, i int, _ []float64) int { return i % 5 }},
		"several":    {layers.Sequential{layers.Linear{Out: 5}, layers.Linear{Out: 5, NoBias: true}}, []int{3, 2, 5}, func(_ string, i int, _ []float64) int { return i % 5 }},
	} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			for _, bits := range []int{2, 4, 8} {
				q, y, values := built(t, layers.Quantise{Bits: bits, Layer: c.layer}, dt, c.shape...)
				plain, _, before := built(t, c.layer, dt, c.shape...)
				require.Equal(t, names(plain.Params), names(q.Params), name)
				require.Equal(t, before, values, name)
				for w, v := range values {
					if to := values[w+".to"]; v.Dims() > 1 && !strings.HasSuffix(w, "delay.at") || to != nil || name == "one to one" {
						var ends []float64
						if to != nil {
							ends = graphtest.Floats(to)
						}
						round(v, bits, func(i int) int { return c.channel(w, i, ends) })
					}
				}
				require.NotEqual(t, before, values, name)
				b, want, _ := built(t, layers.Given(values, c.layer), dt, c.shape...)
				tolerance := map[tensor.Dtype]float64{tensor.Float32: 1e-5, tensor.Float64: 1e-12}[dt]
				weights := [][]float64{graphtest.Random(y.Shape().TotalSize(), 2)}
				gy, ys := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{y}, weights), q.Params, []*G.Node{y})
				gw, ws := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{want}, weights), b.Params, []*G.Node{want})
				graphtest.Close(t, name, ws[0], ys[0], tolerance)
				for i := range gw {
					graphtest.Close(t, name+" "+b.Params[i].Name(), gw[i], gy[i], tolerance)
				}
			}
		}
	}
}

// A normalisation is folded into a map of few bits: its scale takes what a channel is
// multiplied by.
func TestQuantiseFolded(t *testing.T) {
	net := layers.Sequential{layers.Quantise{Bits: 4, Layer: layers.Linear{Out: 4}}, layers.BatchNorm{}, layers.Quantise{Bits: 3, Layer: layers.Sequential{layers.Linear{Out: 3}, layers.BatchNorm{}}}}
	_, _, values := built(t, net, tensor.Float64, 3, 2, 5)
	for _, name := range []string{"1.norm.w", "1.norm.b", "1.norm.mean", "1.norm.var", "2.1.norm.w", "2.1.norm.var"} {
		for i := range values[name].Float64s() {
			values[name].Float64s()[i] = 0.3 + float64(i)
		}
	}
	_, y, _ := built(t, layers.Given(values, net), tensor.Float64, 3, 2, 5)
	folded, err := layers.Fold(net, []int{5}, values)
	require.NoError(t, err)
	b, z, _ := built(t, folded, tensor.Float64, 3, 2, 5)
	require.Empty(t, b.Buffers)
	graphtest.Close(t, "folded", graphtest.Eval(t, y)[0], graphtest.Eval(t, z)[0], 1e-12)
}

// What cannot be rounded is an error.
func TestQuantiseErrors(t *testing.T) {
	for want, l := range map[string]layers.Layer{
		"layers: quantise: the layer is nil":             layers.Quantise{Bits: 8},
		"layers: quantise: to 1 bits, want 2 to 8":       layers.Quantise{Bits: 1, Layer: layers.Linear{Out: 2}},
		"layers: quantise: to 9 bits, want 2 to 8":       layers.Quantise{Bits: 9, Layer: layers.Linear{Out: 2}},
		"layers: quantise 0: it stands in another one":   layers.Quantise{Bits: 8, Layer: layers.Sequential{layers.Quantise{Bits: 4, Layer: layers.Linear{Out: 2}}}},
		"layers: linear 0: width of the output is 0, wa": layers.Sequential{layers.Quantise{Bits: 8, Layer: layers.Linear{}}},
	} {
		_, err := l.Apply(layers.NewBuild(1), input(tensor.Float32, 3, 2, 5))
		require.ErrorContains(t, err, want)
	}
	_, err := layers.Quantise{Bits: 8, Layer: layers.Linear{Out: 2}}.Apply(nil, nil)
	require.EqualError(t, err, "layers: quantise: the Build is nil, want one made by NewBuild")
	w := graphtest.Node(G.NewGraph(), tensor.Float64, "w", []int{2, 2}, []float64{1, 2, 3, 4})
	for want, f := range map[string]func() (*G.Node, error){
		"connect: quantise: operand 0 is nil":                                     func() (*G.Node, error) { return connect.Quantise(nil, 8) },
		"connect: quantise: to 0 bits, want 2 to 8":                               func() (*G.Node, error) { return connect.Quantise(w, 0) },
		"connect: quantise: the axes are [2], want different ones of shape [2 2]": func() (*G.Node, error) { return connect.Quantise(w, 8, 2) },
		"connect: quantise: the axes are [1 1], want":                             func() (*G.Node, error) { return connect.Quantise(w, 8, 1, 1) },
		"connect: quantise: w and to have shapes [2 2] and [2 2] for 3 outputs":   func() (*G.Node, error) { return connect.QuantiseSparse(w, w, 3, 8) },
	} {
		_, err := f()
		require.ErrorContains(t, err, want)
	}
	var b *layers.Build
	same, err := b.Quantised(w)
	require.NoError(t, err)
	require.Same(t, w, same)
}

func TestQuantiseDescribed(t *testing.T) {
	require.Equal(t, []layers.Description{{"0", "Quantise{4 bits}"}, {"0.0", "Linear{Out: 3}"}, {"0.1", "sum over time"}},
		layers.Describe(layers.Sequential{layers.Quantise{Bits: 4, Layer: layers.Sequential{layers.Linear{Out: 3}, layers.SumOverTime}}}))
}

func ExampleQuantise() {
	x := graphtest.Node(G.NewGraph(), tensor.Float64, "x", []int{1, 1, 2}, []float64{1, 10})
	l := layers.Quantise{Bits: 3, Layer: layers.Linear{Out: 1, NoBias: true, Init: layers.Values{1, 0.3}}} // 1 and 1/3
	y, err := l.Apply(layers.NewBuild(1), x)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := machine.New(y)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := m.Run(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f\n", m.Value(0).Data())
	// Output:
	// [4.3333]
}
