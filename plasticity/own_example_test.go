package plasticity_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/plasticity"
)

// Oja is a rule of one's own:
//
//	w ← w + η (x y − y² w)
//
// E. Oja, J. Math. Biol. 15 (1982), 267.
type Oja struct {
	Eta graph.Param // η
	W   graph.Param // weights to start from
}

// OjaState is the state of Oja's synapses.
type OjaState struct {
	W *G.Node // [n_pre, 1]
}

func (p Oja) Rest(pre, post *G.Node) (OjaState, error) {
	var b graph.Builder
	return OjaState{W: b.Fill(b.Reshape(pre, pre.Shape()[1], 1), p.W)}, b.Err()
}

func (p Oja) Update(x, y *G.Node, s OjaState) (OjaState, error) {
	var b graph.Builder
	x = b.Reshape(x, s.W.Shape()...)
	y = b.Expand(y, s.W.Shape())
	change := b.Sub(b.Mul(x, y), b.Mul(b.Square(y), s.W))
	return OjaState{W: b.Add(s.W, b.Scale(change, p.Eta))}, b.Err()
}

func (p Oja) Current(x *G.Node, s OjaState) (*G.Node, error) {
	var b graph.Builder
	return b.MatMul(x, s.W), b.Err()
}

// Linear is a neuron without a state, whose output is its input.
type Linear struct{}

func (Linear) Rest(*G.Node) (struct{}, error) { return struct{}{}, nil }

func LinearStep(x *G.Node, s struct{}, _ Linear) (*G.Node, struct{}, error) { return x, s, nil }

// A rule of one's own drives neurons like the ones of the package. With Oja's rule
// the weights of a linear neuron become the first principal component of the inputs.
func ExampleLearner() {
	const steps = 1000
	x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(steps, 1, 2))
	rng := rand.New(rand.NewPCG(1, 0))
	for t := range steps {
		a, b := rng.NormFloat64(), 0.3*rng.NormFloat64()
		x.Float64s()[2*t], x.Float64s()[2*t+1] = 0.8*a-0.6*b, 0.6*a+0.8*b
	}
	xs := G.NodeFromAny(G.NewGraph(), x, G.WithName("xs"))
	rule := Oja{Eta: graph.Const(0.003), W: graph.Const(0.1)}
	sim, err := plasticity.NewSimulation(plasticity.PlasticStep, xs, nil, plasticity.NewPlasticParams(LinearStep, Linear{}, rule, 1))
	if err != nil {
		log.Fatal(err)
	}
	for range 10 {
		if err := sim.Run(); err != nil {
			log.Fatal(err)
		}
	}
	w, err := sim.State("Synapses.W")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.1f\n", w.Float64s())
	// Output:
	// [0.8 0.6]
}
