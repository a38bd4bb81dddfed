package neurontest

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// compare holds the outputs and the gradients to the case. Lists have no gradient.
func (r *refCase) compare(outs map[string]*G.Node) {
	t, c := r.t, r.c
	tol := 1e-9
	if r.dt == tensor.Float32 {
		tol = 1e-4
	}
	var names []string
	var nodes []*G.Node
	for name, n := range outs {
		names, nodes = append(names, name), append(nodes, n)
	}
	var lossNodes []*G.Node
	var weights [][]float64
	for name, a := range c.Cotangents {
		require.Contains(t, outs, name)
		lossNodes, weights = append(lossNodes, outs[name]), append(weights, a.Data)
	}
	var values [][]float64
	if len(c.Grads) > 0 {
		var wrt []*G.Node
		var grads []string
		for name := range c.Grads {
			if name == "x" && r.lists {
				continue
			}
			require.Contains(t, r.inputs, name, "the case has a gradient of %s", name)
			wrt, grads = append(wrt, r.inputs[name]), append(grads, name)
		}
		var ds [][]float64
		ds, values = graphtest.Grads(t, graphtest.Loss(t, lossNodes, weights), wrt, nodes)
		for i, name := range grads {
			want := c.Grads[name]
			if strings.HasPrefix(name, "weights.") {
				want = transposed(want)
			}
			graphtest.Close(t, "gradient of "+name, want.Data, ds[i], tol)
		}
	} else {
		values = graphtest.Eval(t, nodes...)
	}
	for i, name := range names {
		if (name == "z" || name == "state.z") && binary(c.Outputs[name].Data) {
			require.Equal(t, c.Outputs[name].Data, values[i], name)
			continue
		}
		graphtest.Close(t, name, c.Outputs[name].Data, values[i], tol)
	}
}

// transposed returns the transpose of a matrix.
func transposed(a graphtest.Array) graphtest.Array {
	rows, cols := a.Shape[0], a.Shape[1]
	b := graphtest.Array{Shape: []int{cols, rows}, Data: make([]float64, len(a.Data))}
	for i := range rows {
		for j := range cols {
			b.Data[j*rows+i] = a.Data[i*cols+j]
		}
	}
	return b
}

// binary reports whether the outputs are spikes, which are equal, and no graded messages.
func binary(zs []float64) bool {
	return !slices.ContainsFunc(zs, func(z float64) bool { return z != 0 && z != 1 })
}
