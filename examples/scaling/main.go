// Scaling measures how a training by several processes pays: the seconds, the bytes and the calls of a step, of
// which each process computes a part.
//
//	go build ./examples/scaling
//	./scaling
//	GOMAXPROCS=1 mpirun -n 2 ./scaling
//
// A step has -shares batches, whatever the number of processes, so that they all run one training. It also says what
// a model of the network between processes predicts: of this step, and of steps in which each of 8, 64 and 512
// processes has one batch, over links with the -delay and the -bandwidth that are given. docs/parallel.md has the model.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/mpi"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

func main() {
	name := flag.String("workload", "ff", "network: ff, wide, deep, or small, for a try")
	shares := flag.Int("shares", 4, "batches of a step, which the processes share")
	steps := flag.Int("steps", 12, "steps to measure, behind two that are not")
	delay := flag.Duration("delay", 20*time.Microsecond, "of a message, for the model")
	bandwidth := flag.Float64("bandwidth", 10, "Gbit/s of a link, for the model")
	show.Parse("scaling measures what a training step by several processes takes, computes and sends.")
	err := run(*name, *shares, *steps, link{delay.Seconds(), *bandwidth * 1e9 / 8})
	if err != nil {
		fmt.Fprintln(os.Stderr, "scaling:", err)
		os.Exit(1)
	}
}

func run(name string, shares, steps int, l link) error {
	w, ok := workloads[name]
	if !ok || steps < 1 {
		return fmt.Errorf("the workload is %q and there are %d steps, want ff, wide, deep or small, and at least one step", name, steps)
	}
	if shares < 1 || l.delay < 0 || !(l.bandwidth > 0) {
		return fmt.Errorf("there are %d batches a step and links of %.3g ms and %.3g Gbit/s, want at least one batch, no negative delay and a bandwidth above 0",
			shares, 1e3*l.delay, 8e-9*l.bandwidth)
	}
	world, err := mpi.World()
	if err != nil {
		return err
	}
	const warm = 2
	r, took, parameters, err := measure(w, world, shares, warm+steps)
	if err != nil {
		return err // without Close: the launcher ends the others
	}
	if world.Rank() == 0 {
		n, step := world.Size(), median(took[warm:])
		with := r.each(warm)
		c := cost{batch: (step - with.seconds) * float64(n) / float64(shares), gradient: 4 * parameters, said: with.bytes - 4*parameters}
		fmt.Println(world)
		fmt.Printf("%s: %d parameters, %d × %d samples a step, %d threads in each of %d processes\n", name, parameters, shares, w.batch, runtime.GOMAXPROCS(0), n)
		fmt.Printf("%.1f ms a step (median of %d), %.1f ms of it with the others; %.1f kB and %d calls of each process a step\n",
			1e3*step, steps, 1e3*with.seconds, float64(with.bytes)/1e3, with.calls)
		fmt.Printf("over links of %.3g ms and %.3g Gbit/s the model gives %.1f ms with the others", 1e3*l.delay, 8e-9*l.bandwidth, 1e3*l.step(n, c))
		for _, n := range []int{8, 64, 512} {
			fmt.Printf("; %d processes, a batch each: %.1f ms, %.0f %%", n, 1e3*(c.batch+l.step(n, c)), 100*c.batch/(c.batch+l.step(n, c)))
		}
		fmt.Println()
	}
	return world.Close()
}

// measure trains for some steps, and returns what went through the reducer, how long each step took, and the
// number of parameters.
func measure(w workload, of train.Reducer, shares, steps int) (r *meter, took []float64, parameters int, err error) {
	m, err := train.Network{Net: w.net, Shape: w.shape, Steps: w.steps, Batch: w.batch, Seed: 22}.Compile()
	if err != nil {
		return nil, nil, 0, err
	}
	for _, p := range m.Params() {
		parameters += p.Value().Shape().TotalSize()
	}
	r = &meter{Reducer: of}
	began := time.Now()
	t := train.Trainer{
		Model: m, Data: newSpikes(w, shares*w.batch*steps), Epochs: 1, Accumulate: shares, Reduce: r,
		Optimiser: &optim.Adam{LearningRate: 1e-3},
		OnBatch: func(b train.Batch) {
			if (b.Batch+1)%shares == 0 {
				took = append(took, time.Since(began).Seconds())
				r.next()
				began = time.Now()
			}
		},
	}
	_, err = t.Run(context.Background())
	return r, took, parameters, err
}

// median returns the middle one of some numbers.
func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	return xs[len(xs)/2]
}
