package train_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/train"
)

// A network is trained with batch norm, and used without.
func ExampleModel_Tensors() {
	n := train.Network{
		Net:   layers.Sequential{layers.Linear{Out: 8, NoBias: true}, layers.BatchNorm{}, lif(), layers.Linear{Out: 2}, layers.MeanOverTime},
		Shape: []int{2}, Steps: 10, Batch: 4,
	}
	m, err := n.Compile()
	if err != nil {
		log.Fatal(err)
	}
	d, err := data.New([]int{2}, []float32{0, 1, 1, 0, 0, 2, 2, 0}, []int{0, 1, 0, 1})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := (&train.Trainer{Model: m, Data: d, Epochs: 20}).Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	if n.Net, err = layers.Fold(n.Net, n.Shape, m.Tensors()); err != nil {
		log.Fatal(err)
	}
	folded, err := n.Compile()
	if err != nil {
		log.Fatal(err)
	}
	a, err := m.Predict(context.Background(), d, nil)
	if err != nil {
		log.Fatal(err)
	}
	b, err := folded.Predict(context.Background(), d, nil)
	if err != nil {
		log.Fatal(err)
	}
	off := 0.0
	for i, y := range a.Data().([]float32) {
		off = math.Max(off, math.Abs(float64(y-b.Data().([]float32)[i])))
	}
	fmt.Println(len(m.Tensors()), "tensors, folded", len(folded.Tensors()))
	fmt.Println("the same within 1e-5:", off < 1e-5)
	// Output:
	// 7 tensors, folded 4
	// the same within 1e-5: true
}
