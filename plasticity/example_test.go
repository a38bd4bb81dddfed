package plasticity_test

import (
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/plasticity"
)

// The window of spike-timing-dependent plasticity: a spike before the synapse and
// one behind it, some milliseconds later, strengthen it; the other way round they
// weaken it.
func ExampleSTDPParams() {
	p := plasticity.DefaultSTDPParams()
	p.APre, p.APost = graph.Const(50), graph.Const(50) // τ/dt, so that a trace is 1
	for _, lag := range []int{-40, -10, -1, 1, 10, 40} {
		g := G.NewGraph()
		// Neurons 0 and 1 of x are those before and behind the synapse.
		x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(100, 1, 2))
		z := x.Float64s()
		z[2*50] = 1
		z[2*(50+lag)+1] = 1
		xs := G.NodeFromAny(g, x, G.WithName("xs"))
		run, err := graph.Scan(plasticity.RuleStep, xs, nil, plasticity.NewRuleParams(p, []int{1}, []int{1}))
		if err != nil {
			log.Fatal(err)
		}
		final, err := run.Final()
		if err != nil {
			log.Fatal(err)
		}
		m, err := machine.New(final.W)
		if err != nil {
			log.Fatal(err)
		}
		if err := m.Run(); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%3d ms: %+.5f\n", lag, m.Value(0).Data().([]float64)[0]-0.5)
	}
	// Output:
	// -40 ms: -0.00045
	// -10 ms: -0.00082
	//  -1 ms: -0.00098
	//   1 ms: +0.00098
	//  10 ms: +0.00082
	//  40 ms: +0.00045
}

// A neuron learns which of its inputs fire before it does: the first four inputs
// fire together, the others at other times.
func ExamplePlasticStep() {
	neuron := neurons.DefaultLIFParams()
	neuron.VTh = graph.Const(0.3) // so that it takes a few of the inputs at once
	p := plasticity.NewPlasticParams(neurons.LIFStep, neuron, plasticity.DefaultSTDPParams(), 1)
	p.Synapses.EtaPlus, p.Synapses.EtaMinus = graph.Const(0.2), graph.Const(0.25)

	x := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(100, 1, 8))
	for i := range 8 {
		t := 10 // together
		if i >= 4 {
			t = 15 + 10*(i-4) // one by one
		}
		x.Float32s()[t*8+i] = 1
	}
	xs := G.NodeFromAny(G.NewGraph(), x, G.WithName("xs"))
	sim, err := plasticity.NewSimulation(plasticity.PlasticStep, xs, nil, p)
	if err != nil {
		log.Fatal(err)
	}
	for range 100 { // 10 s in chunks of 0.1 s
		if err := sim.Run(); err != nil {
			log.Fatal(err)
		}
	}
	w, err := sim.State("Synapses.W")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.1f\n", w.Float32s())
	// Output:
	// [1.0 1.0 1.0 1.0 0.0 0.0 0.0 0.0]
}

// A depressing synapse passes on less and less of a train.
func ExampleSTPStep() {
	x := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(100, 1, 1))
	for t := 0; t < 100; t += 20 { // 50 Hz
		x.Float32s()[t] = 1
	}
	xs := G.NodeFromAny(G.NewGraph(), x, G.WithName("xs"))
	run, err := graph.Scan(plasticity.STPStep, xs, nil, plasticity.DefaultSTPParams())
	if err != nil {
		log.Fatal(err)
	}
	m, err := machine.New(run.Out)
	if err != nil {
		log.Fatal(err)
	}
	if err := m.Run(); err != nil {
		log.Fatal(err)
	}
	for _, y := range m.Value(0).Data().([]float32) {
		if y > 0 {
			fmt.Printf("%.2f ", y)
		}
	}
	// Output:
	// 0.45 0.34 0.16 0.07 0.04
}
