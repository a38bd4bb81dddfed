package lower

import "github.com/spikegrad/spikegrad/internal/ir"

// Two element-wise operations of which the second alone uses the first are one
// instruction where there is a kernel for both. The kernels round after each, so
// the numbers are those of the two instructions.

// A fusion says how a value takes in one of its inputs.
type fusion struct {
	op      ir.Op
	a, b, e *value // operands, nil where there is none
	k       factor // of OpMulAddC
	inner   *value // the value that is taken in
}

// A factor is a number of the lowering: one written out, or the value of a scalar.
type factor struct {
	v   float64
	of  *value // nil for v
	neg bool
}

// fuse decides which values are taken in by the one that reads them.
func (l *lowering) fuse() {
	for _, v := range l.order {
		if !v.isLanewise() {
			continue
		}
		f := v.fusionOf()
		if f == nil || f.inner.absorbed || f.inner.fusion != nil {
			continue
		}
		v.fusion, f.inner.absorbed = f, true
	}
}

// fusible reports whether v is element-wise and read once, by a value that could
// take it in.
func (v *value) fusible() bool { return v.changes && v.uses == 1 && v.isLanewise() }

// asNumber returns the number that v is for all lanes, if isNumber.
func (v *value) asNumber() factor {
	switch v.form.Kind {
	case Expand:
		if v.in[0].size == 1 {
			return factor{of: v.in[0]}
		}
	case Fill:
		return factor{v: v.form.Const}
	}
	return factor{of: v}
}

// scaled reports whether v is a fusible k·x, and returns x and k.
func (v *value) scaled() (x *value, k factor, ok bool) {
	if !v.fusible() {
		return nil, k, false
	}
	switch v.form.Op {
	case ir.OpMulC:
		return v.in[0], factor{v: v.form.Const}, true
	case ir.OpMul:
		if v.in[1].isNumber() {
			return v.in[0], v.in[1].asNumber(), true
		}
		if v.in[0].isNumber() {
			return v.in[1], v.in[0].asNumber(), true
		}
	}
	return nil, k, false
}

// takesIn reports whether v is a fusible operation with that code on values that are
// no plain numbers.
func (v *value) takesIn(op ir.Op) bool {
	return v.fusible() && v.form.Op == op && !v.readsNumber()
}

func (v *value) readsNumber() bool {
	for _, c := range v.in {
		if c.isNumber() {
			return true
		}
	}
	return false
}

func (v *value) fusionOf() *fusion {
	if len(v.in) != 2 || v.readsNumber() {
		return nil
	}
	switch v.form.Op {
	case ir.OpAdd:
		for i, c := range v.in {
			other := v.in[1-i]
			if x, k, ok := c.scaled(); ok {
				return &fusion{op: ir.OpMulAddC, a: x, e: other, k: k, inner: c}
			}
			if c.takesIn(ir.OpNeg) {
				return &fusion{op: ir.OpSub, a: other, b: c.in[0], inner: c}
			}
			if c.takesIn(ir.OpMul) {
				return &fusion{op: ir.OpMulAdd, a: c.in[0], b: c.in[1], e: other, inner: c}
			}
		}
	case ir.OpSub:
		c := v.in[1]
		if x, k, ok := c.scaled(); ok {
			k.v, k.neg = -k.v, !k.neg && k.of != nil
			return &fusion{op: ir.OpMulAddC, a: x, e: v.in[0], k: k, inner: c}
		}
		if c.takesIn(ir.OpMul) {
			return &fusion{op: ir.OpMulRSub, a: c.in[0], b: c.in[1], e: v.in[0], inner: c}
		}
	case ir.OpMul:
		for i, c := range v.in {
			if c.fusible() && c.form.Op == ir.OpRSubC && c.form.Const == 1 {
				return &fusion{op: ir.OpOneMinusMul, a: c.in[0], b: v.in[1-i], inner: c}
			}
		}
	}
	return nil
}
