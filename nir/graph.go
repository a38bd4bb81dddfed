package nir

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/spikegrad/spikegrad/internal/limit"
)

// A Graph is a network: nodes by name, and edges between them. What reaches a node by
// several edges adds up.
type Graph struct {
	Nodes    map[string]*Node
	Edges    []Edge
	Metadata Metadata
}

// An Edge hands the output of a node to another one.
type Edge struct{ From, To string }

// A Node is one computation: its type, as "LIF", and the arrays that the type asks for,
// by name. A node of the type "NIRGraph" has a graph instead.
type Node struct {
	Type     string
	Params   map[string]Array
	Graph    *Graph
	Metadata Metadata
}

// Metadata are notes that change no result: each an Array or Metadata again.
type Metadata map[string]any

// An Array is numbers or strings, row by row. Without a shape it is one element.
type Array struct {
	Shape []int
	Data  any // []float32, []float64, []int64, []bool or []string
}

// Of returns an array of the elements; without a shape, of one element.
func Of[E float32 | float64 | int64 | bool | string](data []E, shape ...int) Array {
	return Array{Shape: shape, Data: data}
}

// Len returns the number of elements, 0 of what is no array.
func (a Array) Len() int {
	switch v := a.Data.(type) {
	case []float32:
		return len(v)
	case []float64:
		return len(v)
	case []int64:
		return len(v)
	case []bool:
		return len(v)
	case []string:
		return len(v)
	}
	return 0
}

// Floats returns the numbers of an array.
func (a Array) Floats() ([]float64, error) {
	out := make([]float64, a.Len())
	switch v := a.Data.(type) {
	case []float32:
		for i, x := range v {
			out[i] = float64(x)
		}
	case []float64:
		copy(out, v)
	case []int64:
		for i, x := range v {
			out[i] = float64(x)
		}
	default:
		return nil, fmt.Errorf("elements are a %T, want numbers", a.Data)
	}
	return out, nil
}

// Ints returns the whole numbers of an array.
func (a Array) Ints() ([]int, error) {
	v, ok := a.Data.([]int64)
	if !ok {
		return nil, fmt.Errorf("elements are a %T, want whole numbers", a.Data)
	}
	out := make([]int, len(v))
	for i, x := range v {
		if x < math.MinInt32 || x > math.MaxInt32 {
			return nil, fmt.Errorf("element %d is %d, want less than 2³¹", i, x)
		}
		out[i] = int(x)
	}
	return out, nil
}

// validate returns an error unless the elements are as many as the shape says.
func (a Array) validate() error {
	if a.Data == nil {
		return errors.New("it has no elements")
	}
	n, err := limit.Elements(a.Shape...)
	if err != nil {
		return err
	}
	if n != a.Len() {
		return fmt.Errorf("%d elements for the shape %v", a.Len(), a.Shape)
	}
	if fs, err := a.Floats(); err == nil {
		for i, f := range fs {
			if math.IsNaN(f) || math.IsInf(f, 0) {
				return fmt.Errorf("element %d is %v, want a finite number", i, f)
			}
		}
	}
	return nil
}

// names returns the names of the nodes, sorted.
func (g *Graph) names() []string {
	names := make([]string, 0, len(g.Nodes))
	for name := range g.Nodes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// edges returns the edges, each once, sorted.
func (g *Graph) edges() []Edge {
	es := slices.Clone(g.Edges)
	slices.SortFunc(es, compareEdges)
	return slices.Compact(es)
}
