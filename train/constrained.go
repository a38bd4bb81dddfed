package train

import (
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/weights"
)

// Of a parameter with a constraint there are two tensors: what is learnt, which optimisers,
// checkpoints and copies of a network have, and the values that the network makes of it,
// which people, reports and files of weights have.

// Constraint returns the constraint within which the parameter is learnt. The zero value is
// none.
func (p *Parameter) Constraint() graph.Constraint { return p.keep }

// Values returns a copy of what the network makes of the parameter: of Value what its
// constraint makes of that, and without one the same.
func (p *Parameter) Values() *tensor.Dense { return weights.Applied(p.keep, p.value) }

// weight returns what files hold of the parameter.
func (p *Parameter) weight() weights.Weight {
	return weights.Weight{Name: p.name, Value: p.value, Keep: p.keep}
}

// weightsOf returns what files hold of ps.
func weightsOf(ps []*Parameter) []weights.Weight {
	ws := make([]weights.Weight, len(ps))
	for i, p := range ps {
		ws[i] = p.weight()
	}
	return ws
}
