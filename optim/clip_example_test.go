package optim_test

import (
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/optim"
)

// The gradients of 3a − 4b have a norm of 5 between them, and then of 1.
func ExampleClipNorm() {
	g := G.NewGraph()
	a := G.NewScalar(g, tensor.Float64, G.WithName("a"), G.WithValue(1.0))
	b := G.NewScalar(g, tensor.Float64, G.WithName("b"), G.WithValue(2.0))
	loss := G.Must(G.Sub(G.Must(G.Mul(G.NewConstant(3.0), a)), G.Must(G.Mul(G.NewConstant(4.0), b))))
	if _, err := G.Grad(loss, a, b); err != nil {
		log.Fatal(err)
	}
	vm := G.NewTapeMachine(g, G.BindDualValues(a, b))
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}

	norm, err := optim.ClipNorm([]G.ValueGrad{a, b}, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("norm:", norm)
	for _, p := range []*G.Node{a, b} {
		grad, err := p.Grad()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %.1f\n", p.Name(), grad.Data())
	}
	// Output:
	// norm: 5
	// a: 0.6
	// b: -0.8
}
