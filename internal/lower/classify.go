package lower

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/op"
)

// A value is a node with all that the passes ask about it.
type value struct {
	node    *G.Node
	form    Form
	in      []*value
	leaf    *Leaf
	size    int
	changes bool  // depends on anything but the parameters
	number  int32 // of a value that does not change, −1 where the program has none

	uses     int   // how often it is read in a step; falls as instructions are written
	slot     int32 // −1 where it has none yet
	fusion   *fusion
	absorbed bool // by the fusion of the one that reads it: it needs no instruction of its own
	first    int  // the root that it is computed to, −1 for a register
}

// value classifies n, once.
func (l *lowering) value(n *G.Node) *value {
	if v, ok := l.values[n]; ok {
		return v
	}
	v := &value{node: n, size: n.Shape().TotalSize(), slot: -1, number: -1, first: -1}
	l.values[n] = v
	if lf, ok := l.Leaves[n]; ok {
		v.leaf, v.changes = &lf, lf.Kind != LeafParam
		return v
	}
	v.form = FormOf(n.Op())
	for _, c := range op.Children(n) {
		in := l.value(c)
		v.in = append(v.in, in)
		v.changes = v.changes || in.changes && v.form.Kind != Fill
	}
	return v
}

// visit puts the values that v needs at each time step in order, and counts how
// often each is read.
func (l *lowering) visit(v *value) {
	if !v.changes {
		return
	}
	v.uses++
	if v.uses > 1 {
		return
	}
	for _, c := range v.in {
		l.visit(c)
	}
	l.order = append(l.order, v)
}

// alias returns the value whose elements v shares: detached and reshaped values are
// their inputs.
func (v *value) alias() *value {
	for v.leaf == nil && v.form.Kind == Alias {
		v = v.in[0]
	}
	return v
}

// isNumber reports whether v does not change and is one number for all lanes.
func (v *value) isNumber() bool {
	return !v.changes && (v.form.Kind == Fill || v.size == 1 || v.form.Kind == Expand && v.in[0].size == 1)
}

// isLanewise reports whether v maps lane to lane.
func (v *value) isLanewise() bool { return v.leaf == nil && v.whyNotLanewise() == "" }

// whyNotLanewise says why v does not map lane to lane, "" if it does.
func (v *value) whyNotLanewise() string {
	if v.form.Kind != Lanewise {
		return "it is not element-wise"
	}
	for i, c := range v.in {
		switch {
		case !c.isNumber() && c.size != v.size:
			return "its operands have different sizes"
		case c.isNumber() && i == 0 && len(v.in) == 2 && v.form.Op.Facts().Left == ir.OpNone:
			return "there is no instruction for a number on the left"
		}
	}
	return ""
}

// isRowProduct reports whether v multiplies a value that changes by a matrix that
// does not, so that each row of the result needs one row of the value.
func (v *value) isRowProduct() bool {
	return v.leaf == nil && v.form.Kind == MatMul && !v.form.TransA && v.in[0].changes && !v.in[1].changes
}
