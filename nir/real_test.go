package nir_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/nir"
)

// Networks of other libraries, in the folder that NIR_DIR names: those of the paper of
// the format, by the names that they have in its repository.
func real(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("NIR_DIR")
	if dir == "" {
		t.Skip("NIR_DIR is not set: no networks of other libraries to read")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	return path
}

func imported(t *testing.T, name string, dt float64) (*nir.Graph, *nir.Network) {
	t.Helper()
	g, err := nir.ReadFile(real(t, name))
	require.NoError(t, err)
	n, err := nir.Import(g, dt, nir.Options{})
	require.NoError(t, err)
	return g, n
}

// Norse's neuron has the potential and the spikes that Norse has recorded.
func TestNorse(t *testing.T) {
	_, n := imported(t, "lif_norse.nir", 1e-4)
	f, err := os.Open(real(t, "lif_norse.csv"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	var cols [3][]float64 // input, potential, spikes
	for _, row := range rows {
		for i, text := range row {
			v, err := strconv.ParseFloat(text, 64)
			require.NoError(t, err)
			cols[i] = append(cols[i], v)
		}
	}
	x := G.NewTensor(G.NewGraph(), tensor.Float64, 3, G.WithShape(len(rows), 1, 1), G.WithName("x"),
		G.WithValue(tensor.New(tensor.WithShape(len(rows), 1, 1), tensor.WithBacking(cols[0]))))
	b := layers.NewBuild(1)
	z, err := n.Apply(b, x)
	require.NoError(t, err)
	v, err := b.Activities[0].Trace("V")
	require.NoError(t, err)
	m, err := machine.New(z, v)
	require.NoError(t, err)
	require.NoError(t, m.Run())
	require.Equal(t, cols[2], m.Value(0).Data())
	spikes := 0.0
	for i, v := range m.Value(1).Data().([]float64) {
		require.InDelta(t, cols[1][i], v, 1e-6)
		spikes += cols[2][i]
	}
	require.NotZero(t, spikes)
}

// The recurrent network that reads Braille, in a straight line.
func TestBraille(t *testing.T) {
	const steps, in, hidden, out = 256, 12, 38, 7
	const dt = 1e-4
	g, n := imported(t, "braille_noDelay_bias_zero.nir", dt)
	x := make([]float64, steps*in)
	for i := range x { // spikes, as the sensors of a finger send
		if i*i%11 < 2 {
			x[i] = 1
		}
	}
	y, err := n.Run(x)
	require.NoError(t, err)
	get := func(node, name string) []float64 {
		v, err := g.Nodes[node].Params[name].Floats()
		require.NoError(t, err)
		return v
	}
	affine := func(node string, x []float64) []float64 {
		w, y := get(node, "weight"), append([]float64{}, get(node, "bias")...)
		for i := range y {
			for j, v := range x {
				y[i] += w[i*len(x)+j] * v
			}
		}
		return y
	}
	neurons := func(node string, n int) (ns []*neuron) {
		for i := range n {
			ns = append(ns, &neuron{
				tauSyn: get(node, "tau_syn")[i], tauMem: get(node, "tau_mem")[i], r: get(node, "r")[i], leak: get(node, "v_leak")[i],
				th: get(node, "v_threshold")[i], wIn: get(node, "w_in")[i],
			})
		}
		return ns
	}
	first, second := neurons("lif1.lif", hidden), neurons("lif2", out)
	z := make([]float64, hidden)
	spikes := 0.0
	for k := range steps {
		from, back := affine("fc1", x[k*in:(k+1)*in]), affine("lif1.w_rec", z)
		for i := range z {
			z[i] = first[i].step(from[i]+back[i], dt)
		}
		for i, v := range affine("fc2", z) {
			want := second[i].step(v, dt)
			require.Equal(t, want, y[k*out+i], "step %d", k)
			spikes += want
		}
	}
	require.Greater(t, spikes, 100.0)
}

// A file whose edges name a node that is not there is refused by that name.
func TestDangling(t *testing.T) {
	_, err := nir.ReadFile(real(t, "braille_noDelay_bias_zero_subgraph.nir"))
	require.ErrorContains(t, err, `graph lif1: the edge from "input" to "lif": there is no node "lif", have input, lif1, lin, output`)
}

// What others wrote is written again and means the same.
func TestRewritten(t *testing.T) {
	for _, name := range []string{"cnn_sinabs.nir", "two_lif_neurons.nir", "lif_norse.nir", "braille_noDelay_bias_zero.nir"} {
		g, n := imported(t, name, 1e-3)
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, nir.WriteFile(path, g))
		h, err := nir.ReadFile(path)
		require.NoError(t, err)
		m, err := nir.Import(h, 1e-3, nir.Options{})
		require.NoError(t, err)
		require.Equal(t, n.Report(), m.Report())
		for node := range g.Nodes {
			require.Equal(t, g.Nodes[node].Params, h.Nodes[node].Params)
		}
	}
}
