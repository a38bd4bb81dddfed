package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/model"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/nir"
	"github.com/spikegrad/spikegrad/train"
)

// network writes a network that adds up two inputs and fires, and returns its path.
func network(t *testing.T) string {
	t.Helper()
	g := &nir.Graph{
		Nodes: map[string]*nir.Node{
			"input":  {Type: "Input", Params: map[string]nir.Array{"shape": nir.Of([]int64{2}, 1)}},
			"fc":     {Type: "Linear", Params: map[string]nir.Array{"weight": nir.Of([]float32{1, 2}, 1, 2)}},
			"if":     {Type: "IF", Params: map[string]nir.Array{"r": nir.Of([]float64{1}, 1), "v_threshold": nir.Of([]float64{2.5}, 1)}},
			"output": {Type: "Output", Params: map[string]nir.Array{"shape": nir.Of([]int64{1}, 1)}},
		},
		Edges: []nir.Edge{{From: "input", To: "fc"}, {From: "fc", To: "if"}, {From: "if", To: "output"}},
	}
	path := filepath.Join(t.TempDir(), "net.nir")
	require.NoError(t, nir.WriteFile(path, g))
	return path
}

func TestNirInfo(t *testing.T) {
	path := network(t)
	code, out, errs := call("nir", "info", path)
	require.Zero(t, code, errs)
	require.Equal(t, "file: "+path+`
input: [2]
output: [1]
nodes: 4
edges: 3
numbers: 4
node fc: Linear, [2] to [1], weight float32 [1 2]
node if: IF, [1] to [1], r float64 [1], v_threshold float64 [1]
node input: Input, [2] to [2], shape int64 [1]
node output: Output, [1] to [1], shape int64 [1]
edge: fc -> if
edge: if -> output
edge: input -> fc
import: all: units: all r are 1 and there are no time constants: an input of 1 moves a potential by 1 a step, not by dt = 0.0001
import: if: integration: v ← v + gain x, exact for an input that is held over a time step
import: if: reset: a spike where v > v_threshold, then v ← 0, as the file gives no v_reset, in the same step
import: if: start: v = v_reset
import: if: input: gain = r = 1
`, out)
	code, out, errs = call("nir", "info", path, "-json")
	require.Zero(t, code, errs)
	var rep nirReport
	require.NoError(t, json.Unmarshal([]byte(out), &rep))
	require.Equal(t, []int{2}, rep.Input)
	require.Equal(t, "Linear", rep.Nodes[0].Type)
	require.Len(t, rep.Import, 5)
	// A network that cannot be imported is shown, and why it cannot.
	g, err := nir.ReadFile(path)
	require.NoError(t, err)
	g.Edges = append(g.Edges, nir.Edge{From: "fc", To: "twice"}, nir.Edge{From: "twice", To: "fc"})
	g.Nodes["twice"] = &nir.Node{Type: "Linear", Params: map[string]nir.Array{"weight": nir.Of([]float32{1, 1}, 2, 1)}}
	require.NoError(t, nir.WriteFile(path, g))
	code, out, _ = call("nir", "info", path)
	require.Zero(t, code)
	require.Contains(t, out, "node twice: Linear, [1] to [2]")
	require.Contains(t, out, `import: not possible: nir: import: the nodes ["twice" "fc"] are a loop without a neuron in it`)
}

func TestNirRun(t *testing.T) {
	path := network(t)
	csv := filepath.Join(t.TempDir(), "in.csv")
	require.NoError(t, os.WriteFile(csv, []byte("\ufeff1,0\r\n0, 1\n\n0,0\n1,1\n0,0.25\n"), 0o600))
	code, out, errs := call("nir", "run", path, "-dt", "1e-4", "-input", csv)
	require.Zero(t, code, errs)
	require.Equal(t, "0\n1\n0\n1\n0\n", out) // 1, 3, then from 0: 0, 3, then 0.5
	code, out, _ = call("nir", "run", path, "-input", csv, "-report")
	require.Zero(t, code)
	require.Contains(t, out, "# if: start: v = v_reset\n")
	for want, text := range map[string]string{
		"line 2 has 1 numbers, want 2":                    "1,1\n1\n",
		`line 1: number 2 is "x", want a finite number`:   "1,x\n",
		`line 1: number 1 is "NaN", want a finite number`: "NaN,1\n",
		"there are no numbers in it":                      "\n\n",
	} {
		require.NoError(t, os.WriteFile(csv, []byte(text), 0o600))
		code, _, errs := call("nir", "run", path, "-input", csv)
		require.Equal(t, failed, code)
		require.Contains(t, errs, want)
	}
}

// Recordings in which the left or the right half has more events.
func TestNirEval(t *testing.T) {
	const side, classes = 4, 2
	w := make([]float32, classes*2*side*side)
	for i := range w {
		if right := i%side >= side/2; right == (i >= len(w)/2) {
			w[i] = 1
		}
	}
	shape := func(v ...int64) nir.Array { return nir.Of(v, len(v)) }
	g := &nir.Graph{
		Nodes: map[string]*nir.Node{
			"input":  {Type: "Input", Params: map[string]nir.Array{"shape": shape(2, side, side)}},
			"flat":   {Type: "Flatten", Params: map[string]nir.Array{"input_type": shape(2, side, side), "start_dim": nir.Of([]int64{0}), "end_dim": nir.Of([]int64{-1})}},
			"fc":     {Type: "Linear", Params: map[string]nir.Array{"weight": nir.Of(w, classes, 2*side*side)}},
			"if":     {Type: "IF", Params: map[string]nir.Array{"r": nir.Of([]float64{1, 1}, 2), "v_threshold": nir.Of([]float64{2.5, 2.5}, 2)}},
			"output": {Type: "Output", Params: map[string]nir.Array{"shape": shape(classes)}},
		},
		Edges: []nir.Edge{{From: "input", To: "flat"}, {From: "flat", To: "fc"}, {From: "fc", To: "if"}, {From: "if", To: "output"}},
	}
	dir := t.TempDir()
	net, list := filepath.Join(dir, "net.nir"), filepath.Join(dir, "list.txt")
	require.NoError(t, nir.WriteFile(net, g))
	var lines strings.Builder
	for k := range 10 {
		var es []events.Event
		for i := range 100 + 20*k {
			x := i % 3 / 2 * 2 // two of three on the left
			if k%2 == 1 {
				x = 2 - x
			}
			es = append(es, events.Event{T: int64(150 * i), X: uint16(x + i%2), Y: uint16(i % side), On: i%5 == 0})
		}
		require.NoError(t, events.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d.bin", k)), "", events.Of(es, side, side)))
		class := k % 2
		if k == 9 {
			class = 0 // wrong
		}
		fmt.Fprintf(&lines, "%05d %d\n", k, class)
	}
	require.NoError(t, os.WriteFile(list, []byte(lines.String()), 0o600))
	code, out, errs := call("nir", "eval", net, "-dt", "1e-3", "-data", dir, "-list", list)
	require.Zero(t, code, errs)
	require.Equal(t, "accuracy: 0.9\n", out)
	for want, args := range map[string][]string{
		"-dt is 1e-07 s, want whole µs": {"-dt", "1e-7", "-data", dir, "-list", list},
		"want -data and -list":          {"-data", dir},
	} {
		code, _, errs := call(append([]string{"nir", "eval", net}, args...)...)
		require.Equal(t, misuse, code)
		require.Contains(t, errs, want)
	}
	require.NoError(t, os.WriteFile(list, []byte("../../secret 1\n"), 0o600))
	code, _, errs = call("nir", "eval", net, "-data", dir, "-list", list)
	require.Equal(t, failed, code)
	require.Contains(t, errs, `line 1 is "../../secret 1", want "number class"`)
}

// The convolutional network that Sinabs has trained knows recordings of N-MNIST.
func TestNirEvalSinabs(t *testing.T) {
	nets, recordings := os.Getenv("NIR_DIR"), os.Getenv("EVENTS_DIR")
	if nets == "" || recordings == "" {
		t.Skip("NIR_DIR and EVENTS_DIR are not both set: no network and no recordings")
	}
	dir := filepath.Join(recordings, "nmnist", "small")
	code, out, errs := call("nir", "eval", filepath.Join(nets, "cnn_sinabs.nir"), "-dt", "1e-3", "-data", dir, "-list", filepath.Join(dir, "test.txt"))
	require.Zero(t, code, errs)
	var accuracy float64
	_, err := fmt.Sscanf(out, "accuracy: %g\n", &accuracy)
	require.NoError(t, err)
	require.GreaterOrEqual(t, accuracy, 0.97)
}

// A network becomes a model and a network again, with the same bytes; a model becomes a
// network that does the same.
func TestNirConvert(t *testing.T) {
	path := network(t)
	dir := t.TempDir()
	there, back := filepath.Join(dir, "m.safetensors"), filepath.Join(dir, "back.nir")
	code, out, errs := call("nir", "convert", path, there, "-dt", "1e-3")
	require.Zero(t, code, errs)
	require.Contains(t, out, "if: input: gain = r = 1\n")
	code, out, errs = call("nir", "convert", there, back)
	require.Zero(t, code, errs)
	require.Equal(t, back+": 4 nodes, 3 edges\n", out)
	a, err := os.ReadFile(path)
	require.NoError(t, err)
	b, err := os.ReadFile(back)
	require.NoError(t, err)
	require.Equal(t, a, b)

	m, err := train.Network{
		Net:   layers.Sequential{layers.Linear{Out: 3}, layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()), layers.Linear{Out: 2}, layers.MaxOverTime},
		Shape: []int{2}, Steps: 5, Batch: 1,
	}.Compile()
	require.NoError(t, err)
	require.NoError(t, model.Save(there, m))
	code, out, errs = call("nir", "convert", there, back)
	require.Zero(t, code, errs)
	require.Equal(t, "left out: the readout, max over time\n"+back+": 5 nodes, 4 edges\n", out)
	code, _, errs = call("nir", "convert", there, back, "-metadata")
	require.Zero(t, code, errs)
	g, err := nir.ReadFile(back)
	require.NoError(t, err)
	require.Contains(t, g.Metadata, "spikegrad")
	code, _, errs = call("nir", "convert", path, back)
	require.Equal(t, misuse, code)
	require.Contains(t, errs, "one of the names has to end in .safetensors, and one not")
}

func TestNirUsage(t *testing.T) {
	for _, args := range [][]string{{"nir", "-h"}, {"nir", "info", "-h"}, {"nir", "run", "-h"}, {"nir", "eval", "-h"}, {"nir", "convert", "-h"}} {
		code, out, errs := call(args...)
		require.Zero(t, code)
		require.Contains(t, out, "usage:")
		require.Empty(t, errs)
	}
	for want, args := range map[string][]string{
		`there is no command "nir"`:      {"nir"},
		`there is no command "nir walk"`: {"nir", "walk"},
		"0 files are named, want one":    {"nir", "info"},
		"there is no -input":             {"nir", "run", "a"},
	} {
		code, _, errs := call(args...)
		require.Equal(t, misuse, code, args)
		require.Contains(t, errs, want)
	}
	code, _, errs := call("nir", "info", filepath.Join(t.TempDir(), "none.nir"))
	require.Equal(t, failed, code)
	require.Contains(t, errs, "no such file")
}
