package graph_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

type countState struct {
	V   *G.Node
	Sum *G.Node // of all elements of the potential, weighted by the input
}

type counted struct {
	Inner     leaky
	PerSample bool // a sum for each sample
}

func (p counted) Rest(x *G.Node) (countState, error) {
	v, err := p.Inner.Rest(x)
	return countState{V: v.V}, err
}

func (p counted) shape() []int {
	if p.PerSample {
		return []int{3, 1}
	}
	return []int{1}
}

func countStep(x *G.Node, s countState, p counted) (*G.Node, countState, error) {
	var b graph.Builder
	if p.Inner.W != nil {
		x = b.Add(x, b.MatMul(s.V, p.Inner.W))
	}
	z, v, err := leakyStep(x, leakyState{s.V}, p.Inner)
	if err != nil {
		return nil, s, err
	}
	return z, countState{v.V, b.Add(s.Sum, b.Reduce(b.Mul(v.V, x), p.shape()))}, b.Err()
}

// A state that adds up a reduction does not join the lanes of a step, unless its
// values over time are asked for; its numbers are those of Unroll either way.
func TestSumStates(t *testing.T) {
	shape := []int{8, 3, 4}
	lift := func(t *testing.T, dt tensor.Dtype, p counted, recurrent, scan, trace bool) ([][]float64, []graph.Lowering) {
		g := G.NewGraph()
		xs := graphtest.Node(g, dt, "xs", shape, graphtest.Random(96, 1))
		decay := graphtest.Node(g, dt, "decay", nil, []float64{0.8})
		p.Inner.Decay, p.Inner.Th = graph.Learn(decay), graph.Const(1)
		wrt := []*G.Node{xs, decay}
		if recurrent {
			p.Inner.W = graphtest.Node(g, dt, "w", []int{4, 4}, graphtest.Random(16, 3))
			wrt = append(wrt, p.Inner.W)
		}
		n := tensor.Shape(p.shape()).TotalSize()
		s := &countState{
			V:   graphtest.Node(g, dt, "v", shape[1:], graphtest.Random(12, 2)),
			Sum: graphtest.Node(g, dt, "sum", p.shape(), graphtest.Random(n, 4)),
		}
		wrt = append(wrt, s.V, s.Sum)
		var r *graph.Run[countState]
		var err error
		if scan {
			r, err = graph.Scan(countStep, xs, s, p, graph.ScanOptions{KeepEvery: 3})
		} else {
			r, err = graph.Unroll(countStep, xs, s, p)
		}
		require.NoError(t, err)
		final, err := r.Final()
		require.NoError(t, err)
		outs := []*G.Node{r.Out, final.V, final.Sum}
		weights := [][]float64{graphtest.Random(96, 5), graphtest.Random(12, 6), graphtest.Random(n, 7)}
		if trace {
			sums, err := r.Trace("Sum")
			require.NoError(t, err)
			outs, weights = append(outs, sums), append(weights, graphtest.Random(8*n, 8))
		}
		loss := graphtest.Loss(t, outs, weights)
		ds, _, err := graph.Grad(loss, wrt...)
		require.NoError(t, err)
		return graphtest.Eval(t, append(append(G.Nodes{}, ds...), outs...)...), graph.Lowered(ds...)
	}
	for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 1e-5} {
		for i := range 8 {
			recurrent, perSample, trace := i&1 > 0, i&2 > 0, i&4 > 0
			t.Run(fmt.Sprintf("%v/recurrent=%t/per sample=%t/trace=%t", dt, recurrent, perSample, trace), func(t *testing.T) {
				p := counted{PerSample: perSample}
				want, _ := lift(t, dt, p, recurrent, false, trace)
				got, lowered := lift(t, dt, p, recurrent, true, trace)
				require.Equal(t, len(want), len(got))
				for i := range want {
					graphtest.Close(t, fmt.Sprintf("result %d", i), want[i], got[i], tol)
				}
				require.Len(t, lowered, 2)
				rows := map[bool]int{false: 12, true: 3}[recurrent]
				for i, l := range lowered {
					require.Equal(t, i == 1, l.Backward)
					if trace {
						require.NotEmpty(t, l.Calls)
						continue
					}
					require.Empty(t, l.Calls)
					require.Equal(t, rows, l.Rows)
					require.Equal(t, recurrent, l.Products > 0)
				}
			})
		}
	}
}
