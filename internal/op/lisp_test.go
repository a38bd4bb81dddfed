package op_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/plasticity"
	"github.com/spikegrad/spikegrad/readout"
	"github.com/spikegrad/spikegrad/surrogate"
)

// A lisp machine that is asked for the gradient of the sum of what an operation
// makes of x², and of x, says that it cannot; the second term alone would be the
// gradient of x otherwise.
func TestLispMachine(t *testing.T) {
	for name, f := range map[string]graphtest.Fn{
		"encode.SpikeTimes":   func(x *G.Node) (*G.Node, error) { return encode.SpikeTimes(x, 1) },
		"encode.SpikeLatency": encode.SpikeLatency,
		"encode.Sum":          func(x *G.Node) (*G.Node, error) { return encode.Sum(x, 0) },
		"plasticity.Join":     func(x *G.Node) (*G.Node, error) { return plasticity.Join(x, x) },
		"readout.MaxOverTime": readout.MaxOverTime,
		"surrogate.Threshold": func(x *G.Node) (*G.Node, error) { return surrogate.Threshold(x, surrogate.SuperSpike{Alpha: 100}) },
		"graph.Scan": func(x *G.Node) (*G.Node, error) {
			run, err := graph.Scan(neurons.LIStep, x, nil, neurons.DefaultLIParams())
			if err != nil {
				return nil, err
			}
			return run.Out, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := graphtest.Node(G.NewGraph(), tensor.Float64, "x", []int{3, 2}, []float64{1, 0, 0, 2, 3, 0})
			y, err := f(G.Must(G.Square(x)))
			require.NoError(t, err)
			require.True(t, op.Owns(y.Op()))
			G.Must(G.Add(G.Must(G.Sum(y)), G.Must(G.Sum(x))))
			lisp := G.NewLispMachine(x.Graph())
			defer lisp.Close()
			require.ErrorContains(t, lisp.RunAll(), "a LispMachine cannot differentiate this operation")
		})
	}
}

// What the operations of Gorgonia return may be what they read.
func TestOwns(t *testing.T) {
	x := graphtest.Node(G.NewGraph(), tensor.Float64, "x", []int{2, 3}, make([]float64, 6))
	require.False(t, op.Owns(G.Must(G.Reshape(x, tensor.Shape{3, 2})).Op()))
	require.False(t, op.Owns(nil))
}
