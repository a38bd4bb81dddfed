package connect_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
)

// A sparse map gives what the full matrix gives, with zeros where there are no connections.
func TestSparse(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r := rand.New(rand.NewPCG(31, 32))
	for i := range 100 {
		lead := []int{1 + r.IntN(4), 1 + r.IntN(40)}
		in, out := 1+r.IntN(90), 1+r.IntN(90)
		rows := lead[0] * lead[1]
		var from, to, w []float64
		full := make([]float64, in*out)
		for k := range full {
			if r.Float64() < 0.2 || len(w) == 0 && k == len(full)-1 {
				full[k] = r.NormFloat64()
				from, to, w = append(from, float64(k/out)), append(to, float64(k%out)), append(w, full[k])
			}
		}
		x := graphtest.Sparse(rows*in, []float64{1, 0.1}[i%2], i%4 == 1, uint64(i))
		bias, dy := graphtest.Random(out, uint64(i+1)), graphtest.Random(rows*out, uint64(i+2))
		run := func(dt tensor.Dtype, sparse bool) [][]float64 {
			g := G.NewGraph()
			xn, bn := graphtest.Node(g, dt, "x", append(slices.Clone(lead), in), x), graphtest.Node(g, dt, "bias", []int{out}, bias)
			wn := graphtest.Node(g, dt, "full", []int{in, out}, full)
			y, err := connect.Linear(xn, wn, bn)
			if sparse {
				n := []int{len(w)}
				wn = graphtest.Node(g, dt, "w", n, w)
				y, err = connect.Sparse(xn, wn, graphtest.Node(g, dt, "from", n, from), graphtest.Node(g, dt, "to", n, to), bn, out)
			}
			require.NoError(t, err)
			grads, values := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{y}, [][]float64{dy}), []*G.Node{xn, wn, bn}, []*G.Node{y})
			return append(values, grads...)
		}
		want := run(tensor.Float64, false)
		dw := make([]float64, len(w)) // of those that are there
		for k := range w {
			dw[k] = want[2][int(from[k])*out+int(to[k])]
		}
		want[2] = dw
		for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 1e-5} {
			got := run(dt, true)
			for k, name := range []string{"y", "dx", "dw", "db"} {
				graphtest.Close(t, fmt.Sprintf("%d: %v, %d to %d: %s", i, dt, in, out, name), want[k], got[k], tol)
			}
			if i%10 == 0 {
				runtime.GOMAXPROCS(3)
				require.Equal(t, got, run(dt, true))
				runtime.GOMAXPROCS(1)
			}
		}
	}
}

func TestSparseErrors(t *testing.T) {
	for want, ends := range map[string][2][]float64{
		"connection 1 is from 1 to 4, want 0 to 2 and 0 to 3":                                          {{0, 1}, {0, 4}},
		"connection 0 is from 0.5 to 0, want 0 to 2 and 0 to 3":                                        {{0.5, 1}, {0, 1}},
		"connection 1, from 1 to 2, comes behind that from 1 to 2; want them in order, and none twice": {{1, 1}, {2, 2}},
	} {
		g := G.NewGraph()
		x, w := graphtest.Node(g, tensor.Float64, "x", []int{1, 1, 3}, []float64{1, 2, 3}), graphtest.Node(g, tensor.Float64, "w", []int{2}, []float64{1, 2})
		y, err := connect.Sparse(x, w, graphtest.Node(g, tensor.Float64, "from", []int{2}, ends[0]), graphtest.Node(g, tensor.Float64, "to", []int{2}, ends[1]), nil, 4)
		require.NoError(t, err)
		m, err := machine.New(y)
		require.NoError(t, err)
		require.ErrorContains(t, m.Run(), want)
		_, err = connect.Sparse(x, x, w, w, nil, 4)
		require.EqualError(t, err, "connect: sparse: w, from and to have shapes [1 1 3], [2] and [2], want one shape [connections]")
		_, err = connect.Sparse(x, w, w, w, nil, 0)
		require.EqualError(t, err, "connect: sparse: 0 outputs, want 1 to 16777216")
	}
}
