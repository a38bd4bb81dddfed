package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons"
)

// A step that lifts itself is an error; one that lifts another is none.
func TestStepThatLiftsItself(t *testing.T) {
	for name, lift := range map[string]func(step graph.Step[neurons.LIFState, neurons.LIFParams], xs *G.Node) (*graph.Run[neurons.LIFState], error){
		"scan": func(step graph.Step[neurons.LIFState, neurons.LIFParams], xs *G.Node) (*graph.Run[neurons.LIFState], error) {
			return graph.Scan(step, xs, nil, neurons.DefaultLIFParams())
		},
		"unroll": func(step graph.Step[neurons.LIFState, neurons.LIFParams], xs *G.Node) (*graph.Run[neurons.LIFState], error) {
			return graph.Unroll(step, xs, nil, neurons.DefaultLIFParams())
		},
	} {
		inner := graph.Step[neurons.LIFState, neurons.LIFParams](neurons.LIFStep)
		step := func(x *G.Node, s neurons.LIFState, p neurons.LIFParams) (*G.Node, neurons.LIFState, error) {
			var b graph.Builder
			run, err := lift(inner, b.Reshape(x, append([]int{1}, x.Shape()...)...))
			if err != nil {
				return nil, s, err
			}
			return b.At(run.Out, 0), s, b.Err()
		}
		xs := func() *G.Node {
			return G.NewTensor(G.NewGraph(), tensor.Float32, 3, G.WithShape(2, 3, 4), G.WithName("xs"))
		}
		_, err := lift(step, xs())
		require.NoError(t, err, name)
		inner = step
		_, err = lift(step, xs())
		require.ErrorContains(t, err, "steps are lifted one in the other more than 16 times: does one lift itself?", name)
	}
}
