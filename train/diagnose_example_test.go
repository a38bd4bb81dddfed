package train_test

import (
	"context"
	"fmt"
	"log"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// A network whose first weights are too small for its neurons to fire.
func ExampleDiagnose() {
	points, err := data.NewYinYang(200, 42)
	if err != nil {
		log.Fatal(err)
	}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 50, Init: layers.Constant(0.05)},
			layers.Named("hidden", layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams())),
			layers.Linear{Out: 3},
			layers.Named("readout", layers.Lift(neurons.LIStep, neurons.DefaultLIParams())),
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 30, Batch: 50,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	findings, err := train.Diagnose(context.Background(), model, points, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range findings {
		fmt.Println(f.Kind)
		fmt.Println(f.Message)
		fmt.Println(f.Cure)
	}
	// Output:
	// silent layer
	// hidden: none of 50 neurons spikes in 150 samples: the highest voltage is 0.462, the threshold 1.
	// Scale the weights before the layer (layers.Scaled) or the input up, lower VTh, or add layers.Rate with a Lower bound.
}

// The doctor of a trainer looks at the model before the first batch and after every
// epoch, and at the loss. Here the learning rate is far too low.
func ExampleTrainer_doctor() {
	points, err := data.NewYinYang(1000, 42)
	if err != nil {
		log.Fatal(err)
	}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 50, Init: layers.Scaled{Gain: 4}},
			layers.Named("hidden", layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams())),
			layers.Linear{Out: 3},
			layers.Named("readout", layers.Lift(neurons.LIStep, neurons.DefaultLIParams())),
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 30, Batch: 50,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	trainer := train.Trainer{
		Model: model, Data: points, Epochs: 6, Optimiser: &optim.Adam{LearningRate: 1e-8},
		Doctor:    true,
		OnFinding: func(f diagnose.Finding) { fmt.Printf("after %d epochs: %v. %s\n", f.Epoch, f.Kind, f.Cure) },
	}
	if _, err := trainer.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// after 5 epochs: loss does not fall. Raise the learning rate to about 1e-02.
}
