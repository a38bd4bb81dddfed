package neurons_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons/models"
)

var update = flag.Bool("update", false, "write the programs in testdata/programs anew")

// The programs of six models are those in testdata/programs, byte by byte, after each
// pass but the last, as machine code is the processor's. A change of the compiler shows
// there as a change of text, which says whether it was meant.
func TestPrograms(t *testing.T) {
	for _, name := range []string{
		"lif_feed_forward_step", "lif_step", "li_step", "lsnn_feed_forward_step", "lif_adex_feed_forward_step", "izhikevich_feed_forward_step",
	} {
		t.Run(name, func(t *testing.T) {
			got := stages(t, name)
			file := filepath.Join("testdata", "programs", name+".txt")
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), got, "if this was meant: go test ./neurons -run TestPrograms -update")
		})
	}
}

// stages returns the passes of a model, lifted over 20 steps of 2 samples and 3 neurons,
// with one learnt parameter, forward and backward.
func stages(t *testing.T, name string) string {
	const steps, batch, n = 20, 2, 3
	m, err := models.Named(name)
	require.NoError(t, err)
	m, g := m.Clone(), G.NewGraph()
	xs := graphtest.Node(g, tensor.Float32, "xs", []int{steps, batch, n}, make([]float64, steps*batch*n))
	wrt := G.Nodes{xs}
	for _, w := range m.Weights() {
		node := graphtest.Node(g, tensor.Float32, w, []int{n, n}, make([]float64, n*n))
		require.NoError(t, m.Set(w, node))
		wrt = append(wrt, node)
	}
	learnt := m.Params()[0]
	node := graphtest.Node(g, tensor.Float32, learnt, []int{}, []float64{1})
	require.NoError(t, m.Set(learnt, node))
	l, err := m.Lift(true, xs, nil)
	require.NoError(t, err)
	loss := graphtest.Loss(t, G.Nodes{l.Out}, [][]float64{make([]float64, steps*batch*n)})
	ds, _, err := graph.Grad(loss, append(wrt, node)...)
	require.NoError(t, err)
	var b strings.Builder
	for _, l := range graph.Lowered(ds...) {
		for _, s := range l.Stages() {
			if !strings.HasSuffix(s.Pass, ": code") {
				b.WriteString("== " + s.Pass + "\n" + s.Text)
			}
		}
	}
	return b.String()
}
