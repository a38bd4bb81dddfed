package optim_test

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/optim"
)

// A state can be saved, and another optimiser carries on from it.
func ExampleState() {
	g := G.NewGraph()
	w := G.NewScalar(g, tensor.Float64, G.WithName("w"), G.WithValue(1.0))
	if _, err := G.Grad(G.Must(G.Square(w)), w); err != nil {
		log.Fatal(err)
	}
	vm := G.NewTapeMachine(g, G.BindDualValues(w))
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	adam := &optim.Adam{LearningRate: 0.1}
	if err := adam.Step([]G.ValueGrad{w}); err != nil {
		log.Fatal(err)
	}

	var file bytes.Buffer
	if err := gob.NewEncoder(&file).Encode(adam.State()); err != nil {
		log.Fatal(err)
	}
	var state optim.State
	if err := gob.NewDecoder(&file).Decode(&state); err != nil {
		log.Fatal(err)
	}

	resumed := &optim.Adam{LearningRate: 0.1}
	if err := resumed.Restore(state); err != nil {
		log.Fatal(err)
	}
	fmt.Println("steps:", resumed.State().Steps)
	fmt.Printf("m: %.2f\n", state.Slots["w"].Moments["m"].Data())
	// Output:
	// steps: 1
	// m: [0.20]
}
