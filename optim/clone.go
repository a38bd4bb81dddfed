package optim

import "fmt"

// Clone returns an optimiser with the settings of o that remembers nothing. An error says that o
// is none of this package, or Groups of one that is not.
func Clone(o Optimiser) (Optimiser, error) {
	switch o := o.(type) {
	case *SGD:
		return &SGD{LearningRate: o.LearningRate, Momentum: o.Momentum, Nesterov: o.Nesterov, WeightDecay: o.WeightDecay}, nil
	case *Adam:
		return &Adam{LearningRate: o.LearningRate, Beta1: o.Beta1, Beta2: o.Beta2, Epsilon: o.Epsilon, WeightDecay: o.WeightDecay, Decoupled: o.Decoupled}, nil
	case *RMSProp:
		return &RMSProp{LearningRate: o.LearningRate, Decay: o.Decay, Epsilon: o.Epsilon, Momentum: o.Momentum}, nil
	case *Averaged:
		of, err := Clone(o.inner())
		return &Averaged{Of: of, Decay: o.Decay, From: o.From, Every: o.Every}, err
	case *Groups:
		all, of := o.all()
		clones := make([]Optimiser, len(all))
		for i := range all {
			var err error
			if clones[i], err = Clone(all[i]); err != nil {
				return nil, err
			}
		}
		g := &Groups{Default: clones[0], Of: append([]Group(nil), o.Of...)}
		for i, k := range of {
			if k > 0 {
				g.Of[i].Optimiser = clones[k]
			}
		}
		return g, nil
	}
	return nil, fmt.Errorf("optim: clone: the optimiser is a %T, want one of this package", o)
}
