package surrogate

import (
	"fmt"

	"github.com/spikegrad/spikegrad/graph"
)

// ByName returns the spike function that Norse calls by that name: heaviside,
// super, triangle, tanh, heavi_erfc or circ, with the given α (or k). A
// heaviside has none. An error says that there is no such function, or that α
// is not a positive, finite number.
func ByName(name string, alpha float64) (graph.Func, error) {
	var f graph.Func
	switch name {
	case "heaviside":
		f = Heaviside{}
	case "super":
		f = SuperSpike{Alpha: alpha}
	case "triangle":
		f = Triangle{Alpha: alpha}
	case "tanh":
		f = Tanh{K: alpha}
	case "heavi_erfc":
		f = Erfc{K: alpha}
	case "circ":
		f = Circ{Alpha: alpha}
	default:
		return nil, fmt.Errorf("surrogate: no spike function %q, want heaviside, super, triangle, tanh, heavi_erfc or circ", name)
	}
	if err := Check(f); err != nil {
		return nil, err
	}
	return f, nil
}
