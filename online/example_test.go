package online_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/online"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// echoes are sequences of spikes; the target at each step is the mean of the last five.
type echoes struct{}

func (echoes) Len() int     { return 32 }
func (echoes) Shape() []int { return []int{200, 1} }

func (echoes) Sample(i int, x []float32) (int, error) {
	r := rand.New(rand.NewPCG(1, uint64(i)))
	for t := range x {
		if r.IntN(4) == 0 {
			x[t] = 1
		}
	}
	return 0, nil
}

func (e echoes) Target(i int, y []float32) error {
	x := make([]float32, len(y))
	if _, err := e.Sample(i, x); err != nil {
		return err
	}
	for t := range y {
		y[t] = 0
		for _, v := range x[max(0, t-4) : t+1] {
			y[t] += v / 5
		}
	}
	return nil
}

// A recurrent network follows its input. The weights change after every tenth of the 200 time steps, and ten
// steps are all that is in memory.
func ExampleEProp() {
	p := neurons.DefaultLIFParams()
	p.VTh, p.TauMemInv, p.TauSynInv = graph.Const(0.3), graph.Const(200), graph.Const(500)
	q := neurons.DefaultLIParams()
	q.TauMemInv, q.TauSynInv = graph.Const(300), graph.Const(900)
	m, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 40, Init: layers.Scaled{Gain: 5}}, layers.Recurrent(neurons.LIFStep, p),
			layers.Linear{Out: 1}, layers.Lift(neurons.LIStep, q),
		},
		Shape: []int{1}, Steps: 200, Batch: 8, Loss: loss.MeanSquared{Sequence: true}, Seed: 1,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	t := train.Trainer{
		Model: m, Data: echoes{}, Epochs: 10, Seed: 1, Optimiser: &optim.Adam{LearningRate: 1e-3},
		Learning: online.EProp{Every: 10},
	}
	r, err := t.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	last := r.History[9].Train.Loss
	fmt.Printf("%d changes of the weights; the error is below a third of the variance: %t\n", 10*4*20, last < 0.0375/3)
	// Output: 800 changes of the weights; the error is below a third of the variance: true
}

// A network learns while it serves: it follows a stream that does not end, and when what it is to follow turns over,
// it learns that too. What it needs is the memory of one time step.
func ExampleLearner() {
	p := neurons.DefaultLIFParams()
	p.VTh, p.TauMemInv, p.TauSynInv = graph.Const(0.3), graph.Const(200), graph.Const(500)
	q := neurons.DefaultLIParams()
	q.TauMemInv, q.TauSynInv = graph.Const(100), graph.Const(1000)
	m, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 40, Init: layers.Scaled{Gain: 5}}, layers.Lift(neurons.LIFStep, p),
			layers.Linear{Out: 1}, layers.Lift(neurons.LIStep, q),
		},
		Shape: []int{1}, Steps: 1, Batch: 1, Loss: loss.MeanSquared{Sequence: true}, Seed: 1,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	t := train.Trainer{Model: m, Learning: online.EProp{Every: 1}, Optimiser: &optim.Adam{LearningRate: 3e-4}}
	l, err := t.Live()
	if err != nil {
		log.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	rate, sign, sum := 0., 1., 0.
	for k := range 12000 {
		z := float64(r.IntN(4) / 3) // a spike, one time in four
		rate += 0.1 * (z - rate)
		if k == 6000 {
			sign = -1 // from now on the opposite is wanted
		}
		_, loss, err := l.Step([]float32{float32(z)}, []float32{float32(sign * rate)})
		if err != nil {
			log.Fatal(err)
		}
		if sum += loss; k%3000 == 2999 {
			fmt.Printf("steps %5d to %5d: mean squared error %.3f\n", k-2999, k, sum/3000)
			sum = 0
		}
	}
	// Output:
	// steps     0 to  2999: mean squared error 0.003
	// steps  3000 to  5999: mean squared error 0.001
	// steps  6000 to  8999: mean squared error 0.005
	// steps  9000 to 11999: mean squared error 0.001
}
