package lower

import (
	G "gorgonia.org/gorgonia"
)

// mostDear is how many dear values are kept at most, as they share the cache with the
// states.
const mostDear = 4

// Dear returns the nodes that both the states and the gradients of a step need, in the
// order in which they are computed, as far as they are worth keeping on the way back:
// to compute the states between two kept ones (rematerialisation) takes them, and so
// does the slope, and reading one from the cache is cheaper than computing it again.
func Dear(states, gradients Step) G.Nodes {
	f, b := newLowering(states), newLowering(gradients)
	for _, r := range states.Roots {
		f.visit(f.value(r.Node))
	}
	for _, n := range gradients.Sums {
		if n != nil {
			b.visit(b.value(n))
		}
	}
	for _, r := range gradients.Roots {
		b.visit(b.value(r.Node))
	}
	var kept G.Nodes
	for _, v := range f.order {
		read := b.values[v.node] != nil && b.values[v.node].uses > 0
		if read && len(kept) < mostDear && v.isLanewise() && v.form.Op.Facts().Dear {
			kept = append(kept, v.node)
		}
	}
	return kept
}
