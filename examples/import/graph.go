package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/surrogate"
)

const (
	features = 32  // units before and behind the spiking layers
	hidden   = 100 // spiking neurons
	steps    = 20  // of 1 ms
	batch    = 50
	classes  = 3
)

// A program is somebody's Gorgonia graph, with what trains it.
type program struct {
	g          *G.ExprGraph
	x, want    *G.Node // inputs: points [batch, 4], their classes [batch, 3] as 0 and 1
	learnables G.Nodes // theirs and ours
	vm         G.VM
	solver     G.Solver
	lossNow    G.Value // the loss in the last run of vm

	build   *layers.Build    // what the spiking layers added
	answers *machine.Machine // computes the outputs, and the spikes, and no gradients
}

// spiking returns the layers that are imported. They are the same that a
// train.Network would take.
func spiking() layers.Layer {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return layers.Named("spiking", layers.Sequential{
		layers.Linear{Out: hidden, Init: layers.Scaled{Gain: 4}},
		layers.Named("neurons", layers.Lift(neurons.LIFStep, p,
			layers.LearnEach("TauMemInv"), layers.Constrain(graph.Exp, "TauMemInv"),
			layers.Regularise(layers.Rate{Upper: 0.1, Weight: 1}))),
		layers.Linear{Out: features},
		layers.Named("readout", layers.Lift(neurons.LIStep, neurons.DefaultLIParams())),
		layers.MaxOverTime,
	})
}

// newProgram makes the graph: two dense layers of Gorgonia's with spiking layers
// between them, a loss, and the gradients.
func newProgram(seed uint64) (*program, error) {
	p := &program{g: G.NewGraph(), solver: G.NewAdamSolver(G.WithLearnRate(5e-3))}
	p.x = G.NewMatrix(p.g, tensor.Float32, G.WithName("points"), G.WithShape(batch, 4))
	p.want = G.NewMatrix(p.g, tensor.Float32, G.WithName("classes"), G.WithShape(batch, classes))
	r := rand.New(rand.NewPCG(seed, 0))
	front, err := p.dense(r, "front", p.x, 4, features)
	if err != nil {
		return nil, err
	}
	if front, err = G.Tanh(front); err != nil {
		return nil, err
	}
	middle, err := p.layers(front, seed)
	if err != nil {
		return nil, err
	}
	out, err := p.dense(r, "back", middle, features, classes)
	if err != nil {
		return nil, err
	}
	loss, err := p.cost(out)
	if err != nil {
		return nil, err
	}
	// One call for all nodes: a second one on this graph would fail.
	if _, err := G.Grad(loss, p.learnables...); err != nil {
		return nil, err
	}
	// The value of an inner node has to be read by a node of its own.
	G.Read(loss, &p.lossNow)
	p.vm = G.NewTapeMachine(p.g, G.BindDualValues(p.learnables...))
	p.answers, err = machine.New(out, p.build.Activities[0].Out)
	return p, err
}

// dense returns x W + b, of Gorgonia's operations alone.
func (p *program) dense(r *rand.Rand, name string, x *G.Node, in, out int) (*G.Node, error) {
	// Gorgonia's initialisers draw from a generator of their own; this one has a seed.
	values := make([]float32, in*out)
	if err := draw(r, in, out, values); err != nil {
		return nil, err
	}
	w := G.NewMatrix(p.g, tensor.Float32, G.WithName(name+".w"), G.WithShape(in, out),
		G.WithValue(tensor.New(tensor.WithShape(in, out), tensor.WithBacking(values))))
	b := G.NewVector(p.g, tensor.Float32, G.WithName(name+".b"), G.WithShape(out), G.WithInit(G.Zeroes()))
	p.learnables = append(p.learnables, w, b)
	y, err := G.Mul(x, w)
	if err != nil {
		return nil, err
	}
	return G.BroadcastAdd(y, b, nil, []byte{0})
}

// draw fills values with the first weights of a dense layer.
func draw(r *rand.Rand, in, out int, values []float32) error {
	w := make([]float64, len(values))
	if err := (layers.Scaled{Gain: 1}).Draw(r, []int{in, out}, w); err != nil {
		return err
	}
	for i, v := range w {
		values[i] = float32(v)
	}
	return nil
}

// layers puts the spiking layers behind x [batch, features]. They want a sequence:
// x is a constant current.
func (p *program) layers(x *G.Node, seed uint64) (*G.Node, error) {
	var b graph.Builder
	current := b.Expand(b.Reshape(x, 1, batch, features), []int{steps, batch, features})
	if err := b.Err(); err != nil {
		return nil, err
	}
	p.build = layers.NewBuild(seed)
	y, err := spiking().Apply(p.build, current)
	if err != nil {
		return nil, err
	}
	p.learnables = append(p.learnables, p.build.Params...)
	return y, nil
}

// cost returns the mean squared error of the outputs and the penalties of the
// spiking layers.
func (p *program) cost(out *G.Node) (*G.Node, error) {
	wrong, err := G.Sub(out, p.want)
	if err != nil {
		return nil, err
	}
	square, err := G.Square(wrong)
	if err != nil {
		return nil, err
	}
	cost, err := G.Mean(square)
	for _, penalty := range p.build.Penalties {
		if err != nil {
			return nil, err
		}
		cost, err = G.Add(cost, penalty.Node)
	}
	return cost, err
}

// epoch trains on each of the points once, in the given order, and returns the
// mean loss.
func (p *program) epoch(ctx context.Context, d data.Dataset, order []int) (mean float64, err error) {
	batches := len(order) / batch
	for b := range batches {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if _, err := p.load(d, order[b*batch:(b+1)*batch]); err != nil {
			return 0, err
		}
		if err := p.vm.RunAll(); err != nil {
			return 0, err
		}
		// A step also sets the gradients to zero, which would add up otherwise.
		if err := p.solver.Step(G.NodesToValueGrads(p.learnables)); err != nil {
			return 0, err
		}
		mean += float64(p.lossNow.Data().(float32)) / float64(batches)
		// Without a Reset the next RunAll would do nothing.
		p.vm.Reset()
	}
	return mean, nil
}

// load gives the inputs the values of a batch of points, and returns their labels.
func (p *program) load(d data.Dataset, some []int) (labels []int, err error) {
	x, want := make([]float32, batch*4), make([]float32, batch*classes)
	for b, i := range some {
		label, err := d.Sample(i, x[4*b:4*b+4])
		if err != nil {
			return nil, err
		}
		labels, want[b*classes+label] = append(labels, label), 1
	}
	if err := G.Let(p.x, tensor.New(tensor.WithShape(batch, 4), tensor.WithBacking(x))); err != nil {
		return nil, err
	}
	return labels, G.Let(p.want, tensor.New(tensor.WithShape(batch, classes), tensor.WithBacking(want)))
}

// accuracy returns the share of the points whose largest output is that of their
// class. A machine of package graph computes nothing but the outputs; on the tape
// machine, gradients would be computed and add up.
func (p *program) accuracy(d data.Dataset) (float64, error) {
	right, n := 0, d.Len()/batch*batch
	for from := 0; from < n; from += batch {
		labels, err := p.load(d, span(from, batch))
		if err != nil {
			return 0, err
		}
		if err := p.answers.Run(); err != nil {
			return 0, err
		}
		out, ok := p.answers.Value(0).Data().([]float32)
		if !ok {
			return 0, fmt.Errorf("the outputs are %T, want numbers of type float32", p.answers.Value(0).Data())
		}
		for b, label := range labels {
			row, best := out[b*classes:(b+1)*classes], 0
			for c, v := range row {
				if v > row[best] {
					best = c
				}
			}
			if best == label {
				right++
			}
		}
	}
	return float64(right) / float64(n), nil
}

// span returns the n numbers from a given one.
func span(from, n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = from + i
	}
	return s
}
