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

// One layer looks at two halves of an image, and has its kernels once.
func ExampleShared() {
	half := func(of int) layers.Layer {
		return layers.Func(func(x *G.Node) (*G.Node, error) { return G.Slice(x, nil, nil, nil, nil, G.S(4*of, 4*of+4)) })
	}
	eye := layers.Shared("eye", layers.Conv2D{Out: 6, Kernel: 3})
	net := layers.Concat{layers.Sequential{half(0), eye}, layers.Sequential{half(1), eye}}
	x := G.NewTensor(G.NewGraph(), tensor.Float32, 5, G.WithName("x"), G.WithShape(5, 2, 1, 8, 8)) // [T batch c h w]
	b := layers.NewBuild(1)
	y, err := net.Apply(b, x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.Shape())
	for _, p := range b.Params {
		fmt.Println(p.Name(), p.Shape())
	}
	// Output:
	// (5, 2, 12, 6, 2)
	// eye.conv.w (6, 1, 3, 3)
	// eye.conv.b (6)
}

// A reservoir: neurons of which each has ten inputs, and which are connected by chance.
func ExampleRecurrentThrough() {
	net := layers.Sequential{
		layers.Named("in", layers.Linear{Out: 200, Pattern: layers.FanIn(10)}),
		layers.Named("reservoir", layers.RecurrentThrough(layers.BackSparse{Pattern: layers.Chance(0.1)}, neurons.LIFStep, neurons.DefaultLIFParams())),
	}
	x := G.NewTensor(G.NewGraph(), tensor.Float32, 3, G.WithName("x"), G.WithShape(5, 2, 40)) // [T batch n]
	b := layers.NewBuild(1)
	if _, err := net.Apply(b, x); err != nil {
		log.Fatal(err)
	}
	fmt.Println(b.Params[0].Name(), b.Params[0].Shape())
	fmt.Println(b.Params[2].Name(), "about 4000:", b.Params[2].Shape()[0] > 3700 && b.Params[2].Shape()[0] < 4300)
	// Output:
	// in.linear.w (2000)
	// reservoir.recurrent.w about 4000: true
}

// A block of Spikformer: attention and a map of each token, each with a way around it.
func ExampleSelfAttention() {
	fire := layers.Lift(neurons.LIFBoxStep, neurons.DefaultLIFBoxParams())
	token := func(out int) layers.Layer {
		return layers.Sequential{layers.Conv1D{Out: out, Kernel: 1, NoBias: true}, layers.BatchNorm{}, fire}
	}
	block := layers.Sequential{
		layers.Named("attention", layers.Residual{Body: layers.SelfAttention{Neurons: fire, Heads: 4}}),
		layers.Named("mlp", layers.Residual{Body: layers.Sequential{token(64), token(16)}}),
	}
	x := G.NewTensor(G.NewGraph(), tensor.Float32, 5, G.WithName("x"), G.WithShape(4, 2, 16, 7, 7)) // [T batch c h w]
	b := layers.NewBuild(1)
	y, err := layers.Sequential{layers.Tokens, layers.Named("block", block)}.Apply(b, x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.Shape(), b.Params[0].Name())
	// Output: (4, 2, 16, 49) block.attention.body.q.conv.w
}
