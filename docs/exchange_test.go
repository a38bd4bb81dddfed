package docs_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/nir"
	"github.com/spikegrad/spikegrad/train"
)

func Example_exchange() {
	path := filepath.Join(must(os.MkdirTemp("", "exchange")), "net.nir")
	defer os.RemoveAll(filepath.Dir(path))

	p := neurons.DefaultLIFBoxParams()
	net := layers.Sequential{
		layers.Linear{Out: 8},
		layers.Named("hidden", layers.Lift(neurons.LIFBoxStep, p)),
		layers.Linear{Out: 2},
	}
	m := must(train.Network{Net: append(net, layers.MeanOverTime), Shape: []int{4}, Steps: 10, Batch: 1}.Compile())
	// … a training, then without the readout, which the format does not have:
	g := must(nir.Export(net, []int{4}, m.Tensors(), nir.ExportOptions{}))
	if err := nir.WriteFile(path, g); err != nil {
		panic(err)
	}

	there := must(nir.Import(must(nir.ReadFile(path)), p.Dt, nir.Options{}))
	fmt.Print(there.Report())
	again := must(train.Network{Net: layers.Sequential{there, layers.MeanOverTime}, Shape: []int{4}, Steps: 10, Batch: 1}.Compile())
	fmt.Println(again.Params()[0].Name())
	// Output:
	// all: units: times are in seconds, a step is 0.001 s
	// hidden: integration: Euler's method: v ← v + dt/τ ((v_leak − v) + gain x), dt/τ = 0.1
	// hidden: input: gain = r = 1
	// hidden: start: v = v_leak
	// hidden: reset: a spike where v > v_threshold, then v ← v_reset in the same step
	// 0.0.linear.w
}
