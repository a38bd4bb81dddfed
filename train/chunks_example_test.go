package train_test

import (
	"context"
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/train"
)

// delay is a layer by which each step sees the one before it.
type delay struct{}

// Apply enters what the last step of a window was.
func (delay) Apply(b *layers.Build, x *G.Node) (*G.Node, error) {
	var g graph.Builder
	shape := x.Shape() // [T batch …]
	last, err := b.Enter("last", g.Constant(x, 0, shape[1:]...))
	if err != nil {
		return nil, err
	}
	steps := []*G.Node{last.From()}
	for t := range shape[0] {
		steps = append(steps, g.At(x, t))
	}
	last.Out = b.Vouch(steps[shape[0]])
	return b.Vouch(g.Stack(steps[:shape[0]]...)), g.Err()
}

// A sum over the first axis would be that of a segment. A layer of one's own that
// reads over time uses the readouts of layers, or methods of Build.
func ExampleNetwork_overTime() {
	sum := layers.Func(func(x *G.Node) (*G.Node, error) { return encode.Sum(x, 0) })
	for _, readout := range []layers.Layer{sum, layers.SpikeCount} {
		m, err := train.Network{
			Net: layers.Sequential{delay{}, layers.Named("count", readout)}, Shape: []int{2}, Steps: 6, Batch: 1,
			Segment: 2,
		}.Compile()
		if err != nil {
			fmt.Println(err)
			continue
		}
		d, err := data.New([]int{2}, []float32{1, 3}, []int{0})
		if err != nil {
			log.Fatal(err)
		}
		y, err := m.Predict(context.Background(), d, nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(y.Data())
	}
	// Output:
	// train: network: layer count: reduce[1 1 2] reads whole sequences of one length; use the readouts of package layers, and methods such as Build.SumOverTime in layers of your own
	// [5 15]
}
