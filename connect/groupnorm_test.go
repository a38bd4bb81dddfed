package connect_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// groupNormed computes the normalisation of rows from the definition: each has per channels
// of so many places, whose gains are those from the given one on.
func groupNormed(x, gain, bias []float64, per, places int, eps float64) []float64 {
	y := make([]float64, len(x))
	size := per * places
	for at := 0; at < len(x); at += size {
		var mean, variance float64
		for _, v := range x[at : at+size] {
			mean += v / float64(size)
		}
		for _, v := range x[at : at+size] {
			variance += (v - mean) * (v - mean) / float64(size)
		}
		for i, v := range x[at : at+size] {
			c := (at/size*per + i/places) % len(gain)
			y[at+i] = gain[c]*(v-mean)/math.Sqrt(variance+eps) + bias[c]
		}
	}
	return y
}

// TestGroupNorm compares group and layer norm with the definition, and gradients with its
// finite differences.
func TestGroupNorm(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 60 {
		groups, per := 1+r.IntN(4), 1+r.IntN(4)
		shape := tensor.Shape{1 + r.IntN(4), 1 + r.IntN(4), groups * per}
		for range r.IntN(3) {
			shape = append(shape, 1+r.IntN(5))
		}
		affine, places := shape[2:3], shape[3:].TotalSize()
		layer := r.IntN(2) == 0
		if layer {
			affine = shape[len(shape)-1-r.IntN(len(shape)-2):]
			per, places = affine.TotalSize(), 1
		}
		const eps = 1e-3
		seed := uint64(10 * i)
		x, dy := graphtest.Random(shape.TotalSize(), seed), graphtest.Random(shape.TotalSize(), seed+1)
		gain, bias := graphtest.Random(affine.TotalSize(), seed+2), graphtest.Random(affine.TotalSize(), seed+3)
		run := func(dt tensor.Dtype) [][]float64 {
			g := G.NewGraph()
			xn, gn, bn := graphtest.Node(g, dt, "x", shape, x), graphtest.Node(g, dt, "gain", affine, gain), graphtest.Node(g, dt, "bias", affine, bias)
			y, err := connect.LayerNorm(xn, gn, bn, eps)
			if !layer {
				y, err = connect.GroupNorm(xn, gn, bn, groups, eps)
			}
			require.NoError(t, err)
			loss := graphtest.Loss(t, []*G.Node{y}, [][]float64{dy})
			grads, values := graphtest.Grads(t, loss, []*G.Node{xn, gn, bn}, []*G.Node{y})
			return append(values, grads...)
		}
		name := fmt.Sprintf("%d: %v, layer %v, %d groups", i, shape, layer, groups)
		got := run(tensor.Float64)
		graphtest.Close(t, name, groupNormed(x, gain, bias, per, places, eps), got[0], 1e-12)
		args := [3][]float64{x, gain, bias}
		for k, arg := range args {
			graphtest.CheckDirection(t, func(v []float64) float64 {
				with := args
				with[k] = v
				return dot(groupNormed(with[0], with[1], with[2], per, places, eps), dy)
			}, arg, got[1+k], 1e-5)
		}
		for k, v := range run(tensor.Float32) {
			graphtest.Close(t, name+" float32", got[k], v, 2e-4)
		}
	}
}

func TestGroupNormBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	shape := []int{9, 11, 24, 7}
	n := tensor.Shape(shape).TotalSize()
	run := func() [][]float64 {
		g := G.NewGraph()
		x := graphtest.Node(g, tensor.Float32, "x", shape, graphtest.Random(n, 1))
		gain, bias := graphtest.Node(g, tensor.Float32, "gain", []int{24}, graphtest.Random(24, 2)), graphtest.Node(g, tensor.Float32, "bias", []int{24}, graphtest.Random(24, 3))
		y, err := connect.GroupNorm(x, gain, bias, 4, 1e-5)
		require.NoError(t, err)
		grads, values := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{y}, [][]float64{graphtest.Random(n, 4)}), []*G.Node{x, gain, bias}, []*G.Node{y})
		return append(values, grads...)
	}
	want := run()
	for _, procs := range []int{2, 5} {
		runtime.GOMAXPROCS(procs)
		require.Equal(t, want, run())
	}
}

func TestGroupNormErrors(t *testing.T) {
	g := G.NewGraph()
	node := func(name string, shape ...int) *G.Node {
		return graphtest.Node(g, tensor.Float64, name, shape, make([]float64, tensor.Shape(shape).TotalSize()))
	}
	x, six, four := node("x", 2, 3, 6), node("six", 6), node("four", 4)
	for want, f := range map[string]func() (*G.Node, error){
		"connect: group norm: 4 groups of 6 channels, want a number that divides them":                                                        func() (*G.Node, error) { return connect.GroupNorm(x, six, six, 4, 0) },
		"connect: group norm: gain and bias have shapes [4] and [4], want [6] of both":                                                        func() (*G.Node, error) { return connect.GroupNorm(x, four, four, 2, 0) },
		"connect: group norm: eps is -1, want a finite number of at least 0":                                                                  func() (*G.Node, error) { return connect.GroupNorm(x, six, six, 2, -1) },
		"connect: group norm: x has shape [6] of float64, want [T batch c …] of float32 or float64":                                           func() (*G.Node, error) { return connect.GroupNorm(six, six, six, 2, 1) },
		"connect: layer norm: x has shape [2 3 6] of float64, want [T batch …], with the shape of the gain at its end, of float32 or float64": func() (*G.Node, error) { return connect.LayerNorm(x, four, four, 0) },
		"connect: layer norm: operand 1 is nil":                                                                                               func() (*G.Node, error) { return connect.LayerNorm(x, nil, nil, 0) },
	} {
		_, err := f()
		require.EqualError(t, err, want)
	}
}
