package train_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/train"
)

// classifier returns a network whose last layer has as many outputs as there are
// classes.
func classifier(classes int) (*train.Model, error) {
	return train.Network{
		Net: layers.Sequential{
			layers.Named("in", layers.Linear{Out: 20}),
			layers.Named("hidden", layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(), layers.LearnEach("TauMemInv"))),
			layers.Named(fmt.Sprintf("%d classes", classes), layers.Linear{Out: classes}),
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 10, Batch: 50,
	}.Compile()
}

// The weights of one network, learnt time constants among them, become those of
// another, as far as both have them.
func ExampleModel_LoadPartial() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "weights.safetensors")

	three, err := classifier(3)
	if err != nil {
		log.Fatal(err)
	}
	if err := three.SaveWeights(path); err != nil {
		log.Fatal(err)
	}
	ten, err := classifier(10)
	if err != nil {
		log.Fatal(err)
	}
	rest, err := ten.LoadPartial(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("as they were:", rest.Missing)
	fmt.Println("not used:", rest.Unused)
	// Output:
	// as they were: [10 classes.linear.w 10 classes.linear.b]
	// not used: [3 classes.linear.w 3 classes.linear.b]
}
