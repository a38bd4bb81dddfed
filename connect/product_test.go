package connect_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// TestProduct compares products of matrices, and their gradients, with the definition.
func TestProduct(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	for i := range 40 {
		n, m, k, l := 1+r.IntN(20), 1+r.IntN(9), 1+r.IntN(9), 1+r.IntN(9)
		transA, transB := i%2 == 0, i/2%2 == 0
		as, bs := []int{n, m, k}, []int{n, k, l}
		if transA {
			as = []int{n, k, m}
		}
		if transB {
			bs = []int{n, l, k}
		}
		a, b, dy := graphtest.Random(n*m*k, uint64(i)), graphtest.Random(n*k*l, uint64(i+50)), graphtest.Random(n*m*l, uint64(i+99))
		y, da, db := make([]float64, n*m*l), make([]float64, len(a)), make([]float64, len(b))
		for p := range n {
			for row := range m {
				for col := range l {
					for j := range k {
						ai, bi := (p*m+row)*k+j, (p*k+j)*l+col
						if transA {
							ai = (p*k+j)*m + row
						}
						if transB {
							bi = (p*l+col)*k + j
						}
						at := (p*m+row)*l + col
						y[at] += a[ai] * b[bi]
						da[ai] += dy[at] * b[bi]
						db[bi] += dy[at] * a[ai]
					}
				}
			}
		}
		for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 1e-5} {
			g := G.NewGraph()
			an, bn := graphtest.Node(g, dt, "a", as, a), graphtest.Node(g, dt, "b", bs, b)
			c, err := connect.Product(an, bn, transA, transB)
			require.NoError(t, err)
			grads, values := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{c}, [][]float64{dy}), []*G.Node{an, bn}, []*G.Node{c})
			graphtest.Close(t, "y", y, values[0], tol)
			graphtest.Close(t, "da", da, grads[0], tol)
			graphtest.Close(t, "db", db, grads[1], tol)
		}
	}
	g := G.NewGraph()
	a := graphtest.Node(g, tensor.Float64, "a", []int{1, 2, 3}, make([]float64, 6))
	_, err := connect.Product(a, a, false, false)
	require.EqualError(t, err, "connect: product: the matrices are 2×3 and 2×3, want as many columns as rows")
	_, err = connect.Product(a, graphtest.Node(g, tensor.Float64, "b", []int{2}, []float64{1, 2}), false, false)
	require.ErrorContains(t, err, "connect: product: the matrices have shapes [1 2 3] of float64 and [2] of float64, want [n m k] and [n k l]")
}
