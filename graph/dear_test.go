package graph

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
)

type expState struct{ V *G.Node }

type expParams struct{}

func (expParams) Rest(x *G.Node) (expState, error) { return expState{x}, nil }

// An exponential that enters the state is computed once on the way back, with the
// states; one that enters the output alone has to be computed for its slope.
func TestDearValues(t *testing.T) {
	step := func(x *G.Node, s expState, _ expParams) (*G.Node, expState, error) {
		b := NewBuilder(x, &s)
		v := b.Exp(b.Sub(x, s.V))
		return b.Tanh(v), expState{v}, b.Err()
	}
	count := func(p *lower.Program, code ir.Op) (n int) {
		for _, i := range p.Instrs {
			if i.Op == code {
				n++
			}
		}
		return n
	}
	for every, want := range map[int]int{1: 1, 4: 0} {
		g := G.NewGraph()
		xs := G.NewTensor(g, G.Float64, 3, G.WithName("xs"), G.WithShape(12, 2, 3))
		r, err := Scan(step, xs, nil, expParams{}, ScanOptions{KeepEvery: every})
		require.NoError(t, err)
		loss, err := G.Sum(r.Out)
		require.NoError(t, err)
		dx, _, err := Grad(loss, xs)
		require.NoError(t, err)
		bw := childrenOf(dx[0])[0].Op().(*backwardOp).bw
		require.Equal(t, want, count(bw.program, ir.OpExp), "KeepEvery(%d)", every)
		require.Equal(t, 1, count(bw.program, ir.OpTanh), "KeepEvery(%d)", every)
		if every > 1 {
			require.Equal(t, 1, count(bw.advance, ir.OpExp))
			require.Equal(t, 0, count(bw.advance, ir.OpTanh))
		}
	}
}
