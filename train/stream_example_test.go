package train_test

import (
	"fmt"
	"log"

	"github.com/spikegrad/spikegrad/train"
)

// A network listens to a signal as it comes, one time step after the other.
func ExampleModel_Step() {
	m, err := train.Network{Net: small(), Shape: []int{4}, Steps: 12, Batch: 32, Seed: 1}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	s, err := m.Rest(1) // one signal
	if err != nil {
		log.Fatal(err)
	}
	for t := range 3 {
		y, err := m.Step(s, []float32{1, 2, 0, 1})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("step %d: %.3f\n", t, y.Data())
	}
	// Output:
	// step 0: [0.011 -0.003 -0.004]
	// step 1: [0.066 -0.003 0.002]
	// step 2: [0.151 -0.003 0.020]
}
