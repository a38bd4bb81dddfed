package nir_test

import (
	"fmt"

	"github.com/spikegrad/spikegrad/nir"
)

// A network is imported for a time step, with a report of what was decided, and run.
func ExampleImport() {
	g := &nir.Graph{
		Nodes: map[string]*nir.Node{
			"in": {Type: "Input", Params: map[string]nir.Array{"shape": nir.Of([]int64{1}, 1)}},
			"lif": {Type: "LIF", Params: map[string]nir.Array{
				"tau": nir.Of([]float64{0.01}, 1), "r": nir.Of([]float64{1}, 1),
				"v_leak": nir.Of([]float64{0}, 1), "v_threshold": nir.Of([]float64{0.15}, 1),
			}},
			"out": {Type: "Output", Params: map[string]nir.Array{"shape": nir.Of([]int64{1}, 1)}},
		},
		Edges: []nir.Edge{{From: "in", To: "lif"}, {From: "lif", To: "out"}},
	} // or nir.ReadFile("net.nir")
	net, err := nir.Import(g, 1e-3, nir.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Print(net.Report())
	z, err := net.Run([]float64{1, 1, 1, 1, 0, 0})
	fmt.Println(z, err)
	// Output:
	// all: units: times are in seconds, a step is 0.001 s
	// lif: integration: Euler's method: v ← v + dt/τ ((v_leak − v) + gain x), dt/τ = 0.1
	// lif: input: gain = r = 1
	// lif: start: v = v_leak
	// lif: reset: a spike where v > v_threshold, then v ← 0, as the file gives no v_reset, in the same step
	// [0 1 0 1 0 0] <nil>
}
