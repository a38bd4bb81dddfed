package neurons_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// A second of the network of E. M. Izhikevich, IEEE Trans. Neural Networks 14 (2003), 1569:
// 800 excitatory and 200 inhibitory neurons, no two alike, all connected and driven by
// noise. Nothing is trained: parameters have values for each neuron, and so has the state
// that the network starts from.
func ExampleRecurrent() {
	const n, excitatory, steps, perMs = 1000, 800, 2000, 2
	r := rand.New(rand.NewPCG(1, 2))
	var a, bs, c, d, noise, v0 [n]float64
	w := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(n, n))
	weights := w.Float64s()
	for i := range n {
		u, weight := r.Float64(), 0.5
		a[i], bs[i], c[i], d[i], noise[i] = 0.02, 0.2, -65+15*u*u, 8-6*u*u, 5
		if i >= excitatory {
			a[i], bs[i], c[i], d[i], noise[i], weight = 0.02+0.08*u, 0.25-0.05*u, -65, 2, 2, -1
		}
		v0[i] = -70 + 10*r.Float64()
		for j := range n {
			weights[i*n+j] = perMs * weight * r.Float64() // a spike lasts for a step, a current of the paper for 1 ms
		}
	}
	x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(steps, 1, n))
	for t := range steps {
		for i := range n {
			x.Float64s()[t*n+i] = noise[i] * r.NormFloat64()
			if t%perMs > 0 {
				x.Float64s()[t*n+i] = x.Float64s()[(t-1)*n+i]
			}
		}
	}

	g := G.NewGraph()
	xs, err := graph.Input(g, "xs", x)
	if err != nil {
		log.Fatal(err)
	}
	wn, err := graph.Input(g, "w", w)
	if err != nil {
		log.Fatal(err)
	}
	var b graph.Builder
	p := neurons.NewIzhikevichParams(0, 0, 0, 0, 0, 0)
	p.A, p.B, p.C, p.D = b.Each(xs, "a", a[:]...), b.Each(xs, "b", bs[:]...), b.Each(xs, "c", c[:]...), b.Each(xs, "d", d[:]...)
	p.Dt, p.TauInv = 1e-3/perMs, graph.Const(1000) // the equations count in ms
	still := b.Constant(xs, 0, 1, n)               // no spikes yet
	v := b.Fill(still, b.Each(xs, "v0", v0[:]...))
	s := wrap.RecurrentState[neurons.IzhikevichState]{Inner: neurons.IzhikevichState{V: v, U: b.Scale(v, p.B)}, Z: still}
	if b.Err() != nil {
		log.Fatal(b.Err())
	}
	run, err := graph.Scan(wrap.Recurrent(neurons.IzhikevichStep), xs, &s, wrap.RecurrentParams[neurons.IzhikevichState, neurons.IzhikevichParams]{Inner: p, W: wn})
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
	var spikes [2]float64
	for i, z := range m.Value(0).Data().([]float64) {
		spikes[i%n/excitatory] += z
	}
	for i, kind := range []string{"excitatory", "inhibitory"} {
		rate := spikes[i] / []float64{excitatory, n - excitatory}[i] // in 1 s
		fmt.Printf("%s neurons fire at 5 to 15 Hz: %v\n", kind, rate > 5 && rate < 15)
	}
	// Output:
	// excitatory neurons fire at 5 to 15 Hz: true
	// inhibitory neurons fire at 5 to 15 Hz: true
}
