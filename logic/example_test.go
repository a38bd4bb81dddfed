package logic_test

import (
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/logic"
	"github.com/spikegrad/spikegrad/machine"
)

// trains returns the input of one spike train.
func trains(g *G.ExprGraph, name string, z ...float32) *G.Node {
	n, err := graph.Input(g, name, tensor.New(tensor.WithShape(len(z), 1), tensor.WithBacking(z)))
	if err != nil {
		log.Fatal(err)
	}
	return n
}

// show computes a node and prints its elements.
func show(n *G.Node) {
	m, err := machine.New(n)
	if err != nil {
		log.Fatal(err)
	}
	if err := m.Run(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Value(0).Data())
}

// A gate works on whole spike trains, [T, batch, …].
func ExampleXor() {
	g := G.NewGraph()
	x, y := trains(g, "x", 0, 1, 0, 1), trains(g, "y", 0, 0, 1, 1)
	var b graph.Builder
	z := logic.Xor(&b, x, y)
	if err := b.Err(); err != nil {
		log.Fatal(err)
	}
	show(z)
	// Output: [0 1 1 0]
}

// A C element goes up when both inputs are, and down when neither is.
func ExampleMullerCs() {
	g := G.NewGraph()
	y, err := logic.MullerCs(
		trains(g, "x1", 0, 1, 1, 0, 0, 1),
		trains(g, "x2", 1, 0, 1, 1, 0, 0))
	if err != nil {
		log.Fatal(err)
	}
	show(y)
	// Output: [0 0 1 1 0 0]
}

// Of each burst, the first spike.
func ExampleRisingEdges() {
	z, err := logic.RisingEdges(trains(G.NewGraph(), "z", 0, 1, 1, 1, 0, 1))
	if err != nil {
		log.Fatal(err)
	}
	show(z)
	// Output: [0 1 0 0 0 1]
}
