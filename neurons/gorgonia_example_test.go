package neurons_test

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// PlainQIFStep is QIFStep with Gorgonia's functions in place of the Builder's,
// but for the spike, whose surrogate Gorgonia does not have, and for Fill, which
// makes a node of a parameter, constant or learnt.
func PlainQIFStep(x *G.Node, s QIFState, p QIFParams) (z *G.Node, next QIFState, err error) {
	b := graph.NewBuilder(x, &s)
	rate, reset := b.Fill(x, p.TauInv), b.Fill(x, p.VReset)
	dt, one := b.Fill(x, graph.Const(p.Dt)), b.Fill(x, graph.Const(1))
	if b.Err() != nil {
		return nil, next, b.Err()
	}
	square, err := G.Square(s.V)
	if err != nil {
		return nil, next, err
	}
	drive, err := G.Add(square, x)
	if err != nil {
		return nil, next, err
	}
	slope, err := G.HadamardProd(rate, drive)
	if err != nil {
		return nil, next, err
	}
	rise, err := G.HadamardProd(dt, slope)
	if err != nil {
		return nil, next, err
	}
	v, err := G.Add(s.V, rise)
	if err != nil {
		return nil, next, err
	}
	z = b.Spike(p.Spike, v, p.VTh)
	if b.Err() != nil {
		return nil, next, b.Err()
	}
	silent, err := G.Sub(one, z)
	if err != nil {
		return nil, next, err
	}
	kept, err := G.HadamardProd(silent, v)
	if err != nil {
		return nil, next, err
	}
	to, err := G.HadamardProd(z, reset)
	if err != nil {
		return nil, next, err
	}
	next.V, err = G.Add(kept, to)
	return z, next, err
}

// A step written with Gorgonia's own functions is as good as one written with a
// graph.Builder: a scan reads the nodes and not who made them.
func Example_plainGorgonia() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(300, 1, 1), G.WithInit(G.ValuesOf(float32(2))))
	run, err := graph.Scan(PlainQIFStep, xs, nil, DefaultQIFParams())
	if err != nil {
		fmt.Println(err)
		return
	}
	ts, err := spikeTimes(run.Out)
	fmt.Println(ts, err)
	// Output: [19 56 93 130 167 204 241 278] <nil>
}
