package neurons_test

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/surrogate"
)

// QIFParams are the parameters of a quadratic integrate-and-fire neuron.
type QIFParams struct {
	TauInv graph.Param // 1/τ, 1/s
	VTh    graph.Param // peak of a spike
	VReset graph.Param // potential after a spike
	Dt     float64     // time step, s
	Spike  graph.Func  // H and its surrogate derivative
}

// QIFState is the state of a quadratic integrate-and-fire neuron.
type QIFState struct {
	V *G.Node // membrane potential
}

// DefaultQIFParams returns τ = 10 ms, v_th = 5, v_reset = −5, dt = 0.5 ms.
func DefaultQIFParams() QIFParams {
	return QIFParams{
		TauInv: graph.Const(100),
		VTh:    graph.Const(5),
		VReset: graph.Const(-5),
		Dt:     5e-4,
		Spike:  surrogate.SuperSpike{Alpha: 10},
	}
}

// Rest returns v = 0.
func (p QIFParams) Rest(x *G.Node) (QIFState, error) {
	var b graph.Builder
	return QIFState{V: b.Fill(x, graph.Const(0))}, b.Err()
}

// QIFStep advances quadratic integrate-and-fire neurons by dt:
//
//	v ← v + dt/τ (v² + x)
//	z = H(v − v_th)
//	v ← (1 − z) v + z v_reset
func QIFStep(x *G.Node, s QIFState, p QIFParams) (z *G.Node, next QIFState, err error) {
	b := graph.NewBuilder(x, &s)
	v := b.Euler(s.V, p.Dt, p.TauInv, b.Add(b.Square(s.V), x))
	z = b.Spike(p.Spike, v, p.VTh)
	next.V = b.Reset(z, v, p.VReset)
	return z, next, b.Err()
}

// A neuron model of one's own is one file: parameters, state, step. graph.Scan
// lifts it in time, layers.Lift makes a layer of it, and
//
//	neurontest.Test(t, models.Of("QIF", QIFStep, DefaultQIFParams()))
//
// holds its values and all its gradients to those of the step, unrolled.
func Example_ownNeuron() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(300, 1, 1), G.WithInit(G.ValuesOf(float32(2))))
	run, err := graph.Scan(QIFStep, xs, nil, DefaultQIFParams())
	if err != nil {
		fmt.Println(err)
		return
	}
	ts, err := spikeTimes(run.Out)
	fmt.Println(ts, err)
	// Output: [19 56 93 130 167 204 241 278] <nil>
}

// spikeTimes runs the graph and returns the steps at which zs, the spikes of one
// neuron, is 1.
func spikeTimes(zs *G.Node) ([]int, error) {
	m, err := machine.New(zs)
	if err != nil {
		return nil, err
	}
	if err := m.Run(); err != nil {
		return nil, err
	}
	var ts []int
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			ts = append(ts, t)
		}
	}
	return ts, nil
}
