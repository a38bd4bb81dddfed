package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

// A workload is a network to train, of the sizes of docs/benchmarks.md.
type workload struct {
	net          layers.Sequential
	shape        []int
	steps, batch int
	rate         float64 // of the input, spikes per time step
}

var workloads = map[string]workload{
	"small": {dense(64, 32), []int{100}, 20, 8, 0.05},
	"ff":    {dense(512, 512), []int{784}, 100, 64, 0.05},
	"wide":  {dense(2048, 2048), []int{2312}, 50, 64, 0.02},
	"deep":  {deep(), []int{3, 32, 32}, 8, 16, 0.5},
}

// dense is a network of linear maps. The gains make some neurons fire.
func dense(hidden ...int) (net layers.Sequential) {
	for _, n := range hidden {
		net = append(net, layers.Linear{Out: n, NoBias: true, Init: layers.Scaled{Gain: 8}}, layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()))
	}
	return append(net, layers.Linear{Out: 10, NoBias: true}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime)
}

// deep is a network of six convolutions of 3×3.
func deep() (net layers.Sequential) {
	for _, out := range []int{64, 128, 256} {
		for range 2 {
			net = append(net, layers.Conv2D{Out: out, Kernel: 3, Conv: connect.Conv{Pad: 1}, NoBias: true, Init: layers.Scaled{Gain: 8}},
				layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()))
		}
		net = append(net, layers.Pool{Size: 2})
	}
	return append(net, layers.Flatten, layers.Linear{Out: 10, NoBias: true}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime)
}

// spikes is a data set of random spikes. It has a batch of samples in memory, and has them again and again.
type spikes struct {
	w   workload
	len int
	x   [][]float32
}

func newSpikes(w workload, n int) *spikes {
	d, r := &spikes{w: w, len: n}, rand.New(rand.NewPCG(11, 33))
	size := w.steps
	for _, n := range w.shape {
		size *= n
	}
	for range w.batch {
		x := make([]float32, size)
		for i := range x {
			if r.Float64() < w.rate {
				x[i] = 1
			}
		}
		d.x = append(d.x, x)
	}
	return d
}

func (d *spikes) Len() int     { return d.len }
func (d *spikes) Shape() []int { return append([]int{d.w.steps}, d.w.shape...) }

// Sample has the labels 0, …, 9 in turn.
func (d *spikes) Sample(i int, x []float32) (int, error) {
	if i < 0 || i >= d.len {
		return 0, fmt.Errorf("sample %d asked for, want 0 to %d", i, d.len-1)
	}
	copy(x, d.x[i%len(d.x)])
	return i % 10, nil
}
