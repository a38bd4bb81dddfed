package main

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/machine"
)

// A runner runs n neurons on the inputs xs [T, n] and returns the named states
// after every step, [T, n]. Under the name "out" it returns the outputs.
type runner func(xs []float64, n int, states ...string) (map[string][]float64, error)

// model returns the runner of a step with the given parameters.
func model[S any, P graph.Params[S]](step graph.Step[S, P], p P) runner {
	return network(step, func(*gorgonia.ExprGraph, int) (P, error) { return p, nil })
}

// network returns the runner of a step whose parameters hold nodes for n neurons.
func network[S any, P graph.Params[S]](step graph.Step[S, P], params func(g *gorgonia.ExprGraph, n int) (P, error)) runner {
	return func(xs []float64, n int, states ...string) (map[string][]float64, error) {
		g := gorgonia.NewGraph()
		x, err := input(g, "xs", xs, len(xs)/n, 1, n)
		if err != nil {
			return nil, err
		}
		p, err := params(g, n)
		if err != nil {
			return nil, err
		}
		run, err := graph.Scan(step, x, nil, p)
		if err != nil {
			return nil, err
		}
		nodes := gorgonia.Nodes{run.Out}
		for _, s := range states {
			trace, err := run.Trace(s)
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, trace)
		}
		m, err := machine.New(nodes...)
		if err != nil {
			return nil, err
		}
		if err := m.Run(); err != nil {
			return nil, err
		}
		out := map[string][]float64{}
		for i, name := range append([]string{"out"}, states...) {
			values, ok := m.Value(i).Data().([]float64)
			if !ok {
				return nil, fmt.Errorf("%s is a %T", name, m.Value(i).Data())
			}
			out[name] = slices.Clone(values)
		}
		return out, nil
	}
}

func input(g *gorgonia.ExprGraph, name string, values []float64, shape ...int) (*gorgonia.Node, error) {
	return graph.Input(g, name, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(slices.Clone(values))))
}

// blocks returns a matrix [n, n] with copies of a small one along its diagonal:
// the weights of many little networks that do not know of each other.
func blocks(g *gorgonia.ExprGraph, name string, n int, small [][]float64) (*gorgonia.Node, error) {
	k := len(small)
	w := make([]float64, n*n)
	for i := range n {
		for j := i / k * k; j < i/k*k+k; j++ {
			w[i*n+j] = small[i%k][j%k]
		}
	}
	return input(g, name, w, n, n)
}
