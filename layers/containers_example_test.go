package layers_test

import (
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

// A residual block with batch norm, and two heads.
func ExampleResidual() {
	fire := layers.Lift(neurons.LIFBoxStep, neurons.DefaultLIFBoxParams())
	conv := func(name string) layers.Layer {
		return layers.Named(name, layers.Sequential{
			layers.Named("conv", layers.Conv2D{Out: 8, Kernel: 3, NoBias: true, Conv: connect.Conv{Pad: 1}}),
			layers.Named("norm", layers.BatchNorm{}), fire,
		})
	}
	net := layers.Sequential{
		conv("stem"),
		layers.Named("block", layers.Residual{Body: layers.Sequential{conv("a"), conv("b")}, Join: layers.JoinIAnd}),
		layers.Flatten,
		layers.Named("heads", layers.Heads{
			layers.Named("class", layers.Sequential{layers.Linear{Out: 10}, layers.MeanOverTime}),
			layers.Named("angle", layers.Sequential{layers.Linear{Out: 1}, layers.MeanOverTime}),
		}),
	}
	x := G.NewTensor(G.NewGraph(), tensor.Float32, 5, G.WithName("x"), G.WithShape(4, 16, 1, 7, 7)) // [T batch c h w]
	b := layers.NewBuild(1)
	if _, err := net.Apply(b, x); err != nil {
		log.Fatal(err)
	}
	for _, o := range b.Outputs {
		fmt.Println(o.Name, o.Node.Shape())
	}
	fmt.Println(b.Params[3].Name(), b.Buffers[2].Node.Name())
	// Output:
	// class (16, 10)
	// angle (16, 1)
	// block.body.a.conv.w block.body.a.norm.mean
}
