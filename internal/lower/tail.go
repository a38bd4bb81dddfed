package lower

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/ir"
)

// A Tail is the part of a parameter's gradient that is linear in values that
// change, so that it can be computed once, from their sums over time.
type Tail struct {
	Node *G.Node
	Acc  int // accumulator, −1 for an inner node
	In   []*Tail
}

// tail finds the values whose sums over time v needs, adds them to the roots, and
// returns how to compute v from the sums.
func (l *lowering) tail(v *value) *Tail {
	if !v.changes { // T times the value
		return l.accumulate(v, nil)
	}
	if v.leaf == nil && v.form.Kind == MatMul && v.form.TransA && !v.form.TransB && v.in[0].changes && v.in[1].changes {
		return l.accumulate(v, v.in)
	}
	if v.leaf != nil || !v.isLinear() {
		return l.accumulate(v, nil)
	}
	t := &Tail{Node: v.node, Acc: -1}
	for _, c := range v.in {
		if c.changes {
			t.In = append(t.In, l.tail(c))
		} else {
			t.In = append(t.In, &Tail{Node: c.node, Acc: -1})
		}
	}
	return t
}

// isLinear reports whether v is linear in its inputs that change: in the only one, or
// as a sum of all.
func (v *value) isLinear() bool {
	linear, sum := v.form.Linear, false
	switch v.form.Kind {
	case Lanewise:
		facts := v.form.Op.Facts()
		linear, sum = facts.Linear, facts.Sum
	case Alias, Expand:
		linear = ir.A
	}
	if sum {
		return v.in[0].changes && v.in[1].changes && v.in[0].size == v.in[1].size
	}
	var changing ir.Operands
	for i, c := range v.in {
		if c.changes {
			if changing != 0 {
				return false
			}
			changing = 1 << i
		}
	}
	return linear&changing != 0
}

// accumulate adds up v over time. Of a product aᵀ·b both sides are kept at each time
// step, for one product over all of them at the end.
func (l *lowering) accumulate(v *value, sides []*value) *Tail {
	for i, have := range l.sums {
		if have == v {
			return &Tail{Node: v.node, Acc: i}
		}
	}
	acc := ir.Acc{Name: name(v.node), Size: v.size, Product: sides != nil}
	i := len(l.sums)
	l.sums = append(l.sums, v)
	if !acc.Product {
		l.roots = append(l.roots, Root{Node: v.node, Kind: ir.SlotAcc, Index: i})
	} else {
		for _, a := range l.p.Accs {
			if a.Product {
				acc.Stash++
			}
		}
		a, b := sides[0].node.Shape(), sides[1].node.Shape()
		acc.Rows, acc.M, acc.N = a[0], a[1], b[1]
		l.roots = append(l.roots,
			Root{Node: sides[0].node, Kind: ir.SlotStream, Stream: ir.Stream{Kind: ir.StreamStashA, Index: acc.Stash}},
			Root{Node: sides[1].node, Kind: ir.SlotStream, Stream: ir.Stream{Kind: ir.StreamStashB, Index: acc.Stash}})
	}
	l.p.Accs = append(l.p.Accs, acc)
	return &Tail{Node: v.node, Acc: i}
}
