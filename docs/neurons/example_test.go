package neurons_test

import (
	"fmt"
	"log"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/presets"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// The examples show how each model runs. The pages in this folder have them as
// "How to run it".

// A constant input makes the neuron fire at a steady rate.
func Example_lif() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(60, 1, 1), G.WithInit(G.ValuesOf(float32(0.3)))) // [T, batch, n]
	run, err := graph.Scan(neurons.LIFStep, xs, nil, neurons.DefaultLIFParams())
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
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	// Output: 15 26 37 48 59
}

// A constant current makes the neuron fire at a steady rate.
func Example_lifBox() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(60, 1, 1), G.WithInit(G.ValuesOf(float32(1.5)))) // [T, batch, n]
	run, err := graph.Scan(neurons.LIFBoxStep, xs, nil, neurons.DefaultLIFBoxParams())
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
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	// Output: 10 21 32 43 54
}

// With a reset by subtraction nothing of the input is lost: 0.4 a step are two
// spikes in five steps.
func Example_iaf() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(21, 1, 1), G.WithInit(G.ValuesOf(float32(0.4)))) // [T, batch, n]
	p := neurons.DefaultIAFParams()
	p.ResetMethod = neurons.ResetSubtract
	run, err := graph.Scan(neurons.IAFStep, xs, nil, p)
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
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	// Output: 2 5 7 10 12 15 17 20
}

// The potential goes to the input times τ_s/dt.
func Example_li() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(200, 1, 1), G.WithInit(G.ValuesOf(float32(0.1)))) // [T, batch, n]
	run, err := graph.Scan(neurons.LIStep, xs, nil, neurons.DefaultLIParams())
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
	vs := m.Value(0).Data().([]float32) // potentials: the output of a leaky integrator
	fmt.Printf("%.3f %.3f %.3f", vs[0], vs[10], vs[199])
	// Output: 0.010 0.252 0.500
}

// The potential goes to the input.
func Example_liBox() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(200, 1, 1), G.WithInit(G.ValuesOf(float32(0.5)))) // [T, batch, n]
	run, err := graph.Scan(neurons.LIBoxStep, xs, nil, neurons.DefaultLIBoxParams())
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
	vs := m.Value(0).Data().([]float32) // potentials: the output of a leaky integrator
	fmt.Printf("%.3f %.3f %.3f", vs[0], vs[10], vs[199])
	// Output: 0.050 0.343 0.500
}

// An input that leaves a leaky neuron silent makes an exponential one fire.
func Example_lifEx() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(100, 1, 1), G.WithInit(G.ValuesOf(float32(0.15)))) // [T, batch, n]
	run, err := graph.Scan(neurons.LIFExStep, xs, nil, neurons.DefaultLIFExParams())
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
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	// Output: 28 53 78
}

// The intervals between spikes grow with the adaptation current.
func Example_adEx() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(120, 1, 1), G.WithInit(G.ValuesOf(float32(0.4)))) // [T, batch, n]
	run, err := graph.Scan(neurons.AdExStep, xs, nil, neurons.DefaultAdExParams())
	if err != nil {
		log.Fatal(err)
	}
	a, err := run.Trace("A") // adaptation current, [T, batch, n]
	if err != nil {
		log.Fatal(err)
	}
	m, err := machine.New(run.Out, a)
	if err != nil {
		log.Fatal(err)
	}
	if err := m.Run(); err != nil {
		log.Fatal(err)
	}
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	ws := m.Value(1).Data().([]float32)
	fmt.Printf("w = %.2f", ws[len(ws)-1])
	// Output: 9 16 23 30 37 44 51 59 67 75 83 92 101 110 w = 0.67
}

// Excitation pulls the potential towards 0 mV. A step is 0.1 ms.
func Example_coba() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(100, 1, 1), G.WithInit(G.ValuesOf(float32(0.05)))) // [T, batch, n]
	run, err := graph.Scan(neurons.CobaLIFStep, xs, nil, presets.BioCobaLIF())
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
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	// Output: 11 20 29 38 47 56 65 74 83 92
}

// Each spike raises the threshold, and the intervals grow. A step is 0.1 ms.
func Example_lsnn() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(1500, 1, 1), G.WithInit(G.ValuesOf(float32(1.5)))) // [T, batch, n]
	run, err := graph.Scan(neurons.LSNNStep, xs, nil, presets.BioLSNN())
	if err != nil {
		log.Fatal(err)
	}
	b, err := run.Trace("B") // threshold, [T, batch, n]
	if err != nil {
		log.Fatal(err)
	}
	m, err := machine.New(run.Out, b)
	if err != nil {
		log.Fatal(err)
	}
	if err := m.Run(); err != nil {
		log.Fatal(err)
	}
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	bs := m.Value(1).Data().([]float32)
	fmt.Printf("b = %.1f mV", bs[len(bs)-1])
	// Output: 90 163 239 317 398 482 568 656 746 838 931 1026 1122 1219 1317 1416 b = -51.0 mV
}

// The neuron rests for ten steps after each spike.
func Example_refractory() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(60, 1, 1), G.WithInit(G.ValuesOf(float32(1)))) // [T, batch, n]
	p := wrap.RefractoryParams[neurons.LIFState, neurons.LIFParams]{
		Inner:    neurons.DefaultLIFParams(),
		RhoReset: graph.Const(10), // steps
	}
	run, err := graph.Scan(wrap.Refractory(neurons.LIFStep), xs, nil, p)
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
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	// Output: 5 18 31 44 57
}

// Two neurons with the same input inhibit each other: they fire less.
func Example_recurrent() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(40, 1, 2), G.WithInit(G.ValuesOf(float32(0.5)))) // [T, batch, n]
	w := G.NewMatrix(g, tensor.Float32, G.WithName("w"), G.WithShape(2, 2),
		G.WithValue(tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float32{0, -1, -1, 0})))) // from row to column
	p := wrap.RecurrentParams[neurons.LIFState, neurons.LIFParams]{Inner: neurons.DefaultLIFParams(), W: w}
	run, err := graph.Scan(wrap.Recurrent(neurons.LIFStep), xs, nil, p)
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
	zs := m.Value(0).Data().([]float32)
	for t := range len(zs) / 2 {
		if zs[2*t] == 1 {
			fmt.Print(t, " ")
		}
	}
	// Output: 8 16 24 32
}

// A soma follows its dendrite, whose threshold is out of reach.
func Example_coupled() {
	g := G.NewGraph()
	constant := func(name string, shape []int, values ...float32) *G.Node {
		v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(values))
		return G.NewTensor(g, tensor.Float32, len(shape), G.WithName(name), G.WithShape(shape...), G.WithValue(v))
	}
	xs := constant("xs", []int{50, 1, 2}, slices.Repeat([]float32{0, 1}, 50)...) // [T, batch, n]: to the dendrite
	p := wrap.CoupledParams[neurons.LIFState, neurons.LIFParams]{
		Inner:    neurons.DefaultLIFParams(),
		Coupling: constant("coupling", []int{2, 2}, -50, 50, 50, -50), // 1/s, from row to column
	}
	p.Inner.VTh = graph.Learn(constant("v_th", []int{2}, 1, 1e6)) // of the soma and of the dendrite
	run, err := graph.Scan(wrap.Coupled(neurons.LIFStep), xs, nil, p)
	if err != nil {
		log.Fatal(err)
	}
	v, err := run.Trace("V") // potentials, [T, batch, n]
	if err != nil {
		log.Fatal(err)
	}
	m, err := machine.New(run.Out, v)
	if err != nil {
		log.Fatal(err)
	}
	if err := m.Run(); err != nil {
		log.Fatal(err)
	}
	zs, vs := m.Value(0).Data().([]float32), m.Value(1).Data().([]float32)
	for t := range 50 {
		if zs[2*t] == 1 {
			fmt.Printf("the soma fires at %d, the dendrite is at %.1f; ", t, vs[2*t+1])
		}
	}
	// Output: the soma fires at 29, the dendrite is at 3.6; the soma fires at 44, the dendrite is at 3.7;
}

// A burst, then single spikes. A step is 0.25 ms.
func Example_izhikevich() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(400, 1, 1), G.WithInit(G.ValuesOf(float32(10)))) // [T, batch, n]
	run, err := graph.Scan(neurons.IzhikevichStep, xs, nil, presets.MixedMode.Params())
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
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	// Output: 15 26 43 197 325
}

// A constant input makes the neuron fire.
func Example_resonate() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(120, 1, 1), G.WithInit(G.ValuesOf(float32(0.3)))) // [T, batch, n]
	run, err := graph.Scan(neurons.ResonateStep, xs, nil, neurons.DefaultResonateParams())
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
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	// Output: 7 15 23 31 39 47 55 63 71 79 87 95 103 111 119
}

// A constant input makes the neuron fire.
func Example_qif() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(80, 1, 1), G.WithInit(G.ValuesOf(float32(0.5)))) // [T, batch, n]
	run, err := graph.Scan(neurons.QIFStep, xs, nil, neurons.DefaultQIFParams())
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
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	// Output: 18 37 56 75
}

// A constant input makes the neuron fire.
func Example_glif3() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(120, 1, 1), G.WithInit(G.ValuesOf(float32(2)))) // [T, batch, n]
	run, err := graph.Scan(neurons.GLIF3Step, xs, nil, neurons.DefaultGLIF3Params())
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
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	// Output: 6 16 28 41 54 68 83 98 114
}

// A constant input makes the neuron fire.
func Example_plif() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(40, 1, 1), G.WithInit(G.ValuesOf(float32(1.1)))) // [T, batch, n]
	run, err := graph.Scan(neurons.PLIFStep, xs, nil, neurons.DefaultPLIFParams())
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
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	// Output: 3 7 11 15 19 23 27 31 35 39
}

// A constant input makes the neuron fire.
func Example_lifAlpha() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(80, 1, 1), G.WithInit(G.ValuesOf(float32(0.2)))) // [T, batch, n]
	run, err := graph.Scan(neurons.LIFAlphaStep, xs, nil, neurons.DefaultLIFAlphaParams())
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
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	// Output: 12 18 23 28 33 38 43 48 53 58 63 68 73 78
}

// A value that grows is sent in steps.
func Example_sigmaDelta() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(40, 1, 1), G.WithInit(G.ValuesOf(float32(0.03)))) // [T, batch, n]
	run, err := graph.Scan(neurons.SigmaDeltaStep, xs, nil, neurons.DefaultSigmaDeltaParams())
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
	for t, z := range m.Value(0).Data().([]float32) {
		if z != 0 {
			fmt.Printf("%d: %.2f  ", t, z)
		}
	}
	// Output: 3: 0.12  7: 0.12  11: 0.12  15: 0.12  19: 0.12  23: 0.12  27: 0.12  31: 0.12  35: 0.12  39: 0.12
}
