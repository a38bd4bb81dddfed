package graph

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/ir"
	ops "github.com/spikegrad/spikegrad/internal/op"
)

// A Builder makes the nodes of a step. It keeps the first error, so that an
// equation is one line; after an error its methods return nil and do nothing.
// The zero value is ready for use.
//
// All operands of a method have one shape; parameters broadcast to it.
type Builder struct {
	err error
}

// NewBuilder returns a Builder for a step with input x and the state that s
// points to (nil for none). It checks that every node of the state is there and
// has the shape and the element type of x.
func NewBuilder(x *G.Node, s any) *Builder {
	b := &Builder{}
	if x == nil {
		b.fail("x is nil")
		return b
	}
	if !isFloat(x.Dtype()) {
		b.fail("x has elements of type %v, want float32 or float64", x.Dtype())
		return b
	}
	if s == nil {
		return b
	}
	v := reflect.ValueOf(s)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		b.fail("state is a %T, want a pointer to a struct of nodes", s)
		return b
	}
	slots, err := slotsOf(v.Type().Elem())
	if err != nil {
		b.err = err
		return b
	}
	for i, n := range nodesOf(v.Elem().Interface(), slots) {
		switch {
		case n == nil:
			b.fail("state %s is nil", slots[i].name)
		case !slices.Equal(n.Shape(), x.Shape()):
			b.fail("x has shape %v, state %s has %v", shapeOf(x), slots[i].name, shapeOf(n))
		case n.Dtype() != x.Dtype():
			b.fail("x has elements of type %v, state %s of %v", x.Dtype(), slots[i].name, n.Dtype())
		}
	}
	return b
}

// Err returns the first error.
func (b *Builder) Err() error { return b.err }

func (b *Builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
}

// Fail keeps an error of the caller's own, unless there is one already.
func (b *Builder) Fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// Check reports whether the operation of that name can go ahead on xs: whether there
// has been no error, none of them is nil, and all are of one graph. If not it keeps
// the error. On a nil Builder nothing can.
func (b *Builder) Check(name string, xs ...*G.Node) bool {
	if b == nil {
		return false
	}
	for i, x := range xs {
		switch {
		case b.err != nil:
			return false
		case x == nil:
			b.fail("%s: operand %d is nil", name, i)
		case x.Graph() != xs[0].Graph():
			b.fail("%s: %s is of another graph than %s; what a step uses must come in through its input, state or parameters",
				name, x.Name(), xs[0].Name())
		}
	}
	return b.err == nil
}

// Apply adds an operation of your own.
func (b *Builder) Apply(op G.Op, in ...*G.Node) *G.Node {
	if op == nil {
		b.fail("apply: the operation is nil")
		return nil
	}
	return b.apply(op, in...)
}

func (b *Builder) apply(op G.Op, in ...*G.Node) *G.Node {
	name := "apply"
	return b.make(&name, func(in ...*G.Node) (n *G.Node, err error) {
		err = guard.Call("", "", nil, func() (err error) {
			if name = op.String(); b.Check(name, in...) {
				n, err = G.ApplyOp(op, in...)
			}
			return err
		})
		return n, err
	}, in...)
}

// make returns the node that f makes of the inputs, unless there is an error. Gorgonia
// takes an operation on one input for the same operation on another where both have the
// same hash of 32 bits, and returns the node of the other: such an input goes through an
// operation that changes nothing but its hash.
func (b *Builder) make(name *string, f func(in ...*G.Node) (*G.Node, error), in ...*G.Node) *G.Node {
	given := in
	for salt := 0; ; salt++ {
		n, err := f(in...)
		switch {
		case err != nil:
			b.fail("%s: %w", *name, err)
			return nil
		case n == nil || b.err != nil:
			return nil
		case slices.Equal(childrenOf(n), in):
			if err := ops.Fits(n); err != nil {
				b.fail("%s: %w", *name, err)
				return nil
			}
			return n
		}
		i := slices.IndexFunc(given, func(x *G.Node) bool { _, lists := x.Op().(ops.Listed); return !lists })
		if i < 0 || salt == mostSalts {
			b.fail("%s: gorgonia takes it for the same of %v, as %v has the same hash: give an input or a parameter another name", *name, childrenOf(n), in)
			return nil
		}
		x, err := G.ApplyOp(sameOp{salt: salt}, given[i])
		if err != nil {
			b.fail("%s: %w", *name, err)
			return nil
		}
		if childrenOf(x)[0] == given[i] { // else of this salt there is one of another input
			in = slices.Clone(given)
			in[i] = x
		}
	}
}

// binary adds an element-wise operation of Gorgonia's on two nodes of one shape.
func (b *Builder) binary(name string, f func(x, y *G.Node) (*G.Node, error), x, y *G.Node) *G.Node {
	if !b.Check(name, x, y) {
		return nil
	}
	switch {
	case !slices.Equal(x.Shape(), y.Shape()):
		b.fail("%s: operands have shapes %v and %v", name, shapeOf(x), shapeOf(y))
		return nil
	case x.Dtype() != y.Dtype():
		b.fail("%s: operands have elements of type %v and %v", name, x.Dtype(), y.Dtype())
		return nil
	}
	return b.make(&name, func(in ...*G.Node) (*G.Node, error) { return f(in[0], in[1]) }, x, y)
}

func (b *Builder) unary(name string, f func(*G.Node) (*G.Node, error), x *G.Node) *G.Node {
	if !b.Check(name, x) {
		return nil
	}
	if !isFloat(x.Dtype()) {
		b.fail("%s: the operand has elements of type %v, want float32 or float64", name, x.Dtype())
		return nil
	}
	return b.make(&name, func(in ...*G.Node) (*G.Node, error) { return f(in[0]) }, x)
}

// Add returns x + y.
func (b *Builder) Add(x, y *G.Node) *G.Node { return b.binary("add", G.Add, x, y) }

// Sub returns x − y.
func (b *Builder) Sub(x, y *G.Node) *G.Node { return b.binary("sub", G.Sub, x, y) }

// Mul returns the element-wise product x y.
func (b *Builder) Mul(x, y *G.Node) *G.Node { return b.binary("mul", G.HadamardProd, x, y) }

// Div returns the element-wise quotient x / y. On a tape machine of Gorgonia's
// a division by zero gives +Inf whatever the signs; keep y away from it.
func (b *Builder) Div(x, y *G.Node) *G.Node { return b.binary("div", G.HadamardDiv, x, y) }

// Neg returns −x.
func (b *Builder) Neg(x *G.Node) *G.Node { return b.unary("neg", G.Neg, x) }

// Abs returns |x|, with derivative 0 at 0.
func (b *Builder) Abs(x *G.Node) *G.Node { return b.unary("abs", G.Abs, x) }

// Square returns x².
func (b *Builder) Square(x *G.Node) *G.Node { return b.unary("square", G.Square, x) }

// Sqrt returns the square root of x.
func (b *Builder) Sqrt(x *G.Node) *G.Node { return b.unary("sqrt", G.Sqrt, x) }

// Inv returns 1/x.
func (b *Builder) Inv(x *G.Node) *G.Node { return b.unary("inv", G.Inverse, x) }

// Exp returns e to the power of x.
func (b *Builder) Exp(x *G.Node) *G.Node { return b.unary("exp", G.Exp, x) }

// Log returns the natural logarithm of x, which is above 0.
func (b *Builder) Log(x *G.Node) *G.Node { return b.unary("log", G.Log, x) }

// Tanh returns the hyperbolic tangent of x.
func (b *Builder) Tanh(x *G.Node) *G.Node { return b.unary("tanh", G.Tanh, x) }

// Sigmoid returns 1/(1 + e to the power of −x).
func (b *Builder) Sigmoid(x *G.Node) *G.Node { return b.unary("sigmoid", G.Sigmoid, x) }

func (b *Builder) mapped(x *G.Node, code ir.Op, c float64) *G.Node {
	return b.apply(mapOp{code: code, c: c}, x)
}

// Relu returns max(x, 0), with derivative 0 at 0.
func (b *Builder) Relu(x *G.Node) *G.Node { return b.mapped(x, ir.OpRelu, 0) }

// Clamp returns min(max(x, lo), hi). The gradient passes where lo ≤ x ≤ hi.
func (b *Builder) Clamp(x *G.Node, lo, hi float64) *G.Node {
	return b.mapped(b.mapped(x, ir.OpMaxC, lo), ir.OpMinC, hi)
}

// AtLeast returns max(x, lo). The gradient passes where x ≥ lo.
func (b *Builder) AtLeast(x *G.Node, lo float64) *G.Node { return b.mapped(x, ir.OpMaxC, lo) }

// AtMost returns min(x, hi). The gradient passes where x ≤ hi.
func (b *Builder) AtMost(x *G.Node, hi float64) *G.Node { return b.mapped(x, ir.OpMinC, hi) }

// Above returns 1 where x > c, else 0, with no gradient.
func (b *Builder) Above(x *G.Node, c float64) *G.Node { return b.mapped(x, ir.OpGtC, c) }

// Not returns 1 − x.
func (b *Builder) Not(x *G.Node) *G.Node { return b.mapped(x, ir.OpRSubC, 1) }

// Detach returns x, with no gradient flowing into it.
func (b *Builder) Detach(x *G.Node) *G.Node { return b.apply(stopOp{}, x) }

// Scale returns p x.
func (b *Builder) Scale(x *G.Node, p Param) *G.Node { return b.ScaleBy(x, 1, p) }

// ScaleBy returns c p x.
func (b *Builder) ScaleBy(x *G.Node, c float64, p Param) *G.Node {
	if v, ok := p.Value(); ok {
		if v*c == 1 {
			return x
		}
		return b.mapped(x, ir.OpMulC, v*c)
	}
	q := b.value(p)
	if c != 1 {
		q = b.mapped(q, ir.OpMulC, c)
	}
	return b.Mul(x, b.like(q, x))
}

// Shift returns x + p.
func (b *Builder) Shift(x *G.Node, p Param) *G.Node {
	if v, ok := p.Value(); ok {
		if v == 0 {
			return x
		}
		return b.mapped(x, ir.OpAddC, v)
	}
	return b.Add(x, b.like(b.value(p), x))
}

// Less returns x − p.
func (b *Builder) Less(x *G.Node, p Param) *G.Node {
	if v, ok := p.Value(); ok {
		return b.Shift(x, Const(-v))
	}
	return b.Sub(x, b.like(b.value(p), x))
}

// From returns p − x.
func (b *Builder) From(p Param, x *G.Node) *G.Node {
	if v, ok := p.Value(); ok {
		return b.mapped(x, ir.OpRSubC, v)
	}
	return b.Sub(b.like(b.value(p), x), x)
}

// Over returns x / p.
func (b *Builder) Over(x *G.Node, p Param) *G.Node {
	if v, ok := p.Value(); ok {
		if v == 0 {
			b.fail("over: division by the constant 0")
			return nil
		}
		return b.mapped(x, ir.OpMulC, 1/v)
	}
	return b.Div(x, b.like(b.value(p), x))
}

// Fill returns a tensor of the shape of x filled with p. It does not read x.
func (b *Builder) Fill(x *G.Node, p Param) *G.Node {
	if !b.Check("fill", x) {
		return nil
	}
	if v, ok := p.Value(); ok {
		return b.apply(&fillOp{signature: signatureOf(G.Nodes{x}, x.Dtype(), x.Shape()), c: v}, x)
	}
	return b.like(b.value(p), x)
}

// like returns p broadcast to the shape of x.
func (b *Builder) like(p, x *G.Node) *G.Node {
	if !b.Check("broadcast", x, p) {
		return nil
	}
	if p.Dtype() != x.Dtype() {
		b.fail("parameter %s has elements of type %v, x of %v", p.Name(), p.Dtype(), x.Dtype())
		return nil
	}
	return b.expand(p, x.Shape())
}

// Euler returns s + dt τ⁻¹ d, one step of Euler's method for ds/dt = τ⁻¹ d.
func (b *Builder) Euler(s *G.Node, dt float64, tauInv Param, d *G.Node) *G.Node {
	return b.Add(s, b.ScaleBy(d, dt, tauInv))
}

// Spike returns f(v − th). Where f has a method Validate() error, that is asked
// first.
func (b *Builder) Spike(f Func, v *G.Node, th Param) *G.Node {
	if guard.IsNil(f) {
		b.Fail(errors.New("spike: the spike function is nil"))
		return nil
	}
	if v, ok := f.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			b.fail("spike: %w", err)
			return nil
		}
	}
	return b.apply(spikeOp{f: f}, b.Less(v, th))
}

// Reset returns (1 − z) v + z reset: v where there is no spike, the reset value
// where there is one.
func (b *Builder) Reset(z, v *G.Node, reset Param) *G.Node {
	kept := b.Mul(b.Not(z), v)
	if reset.Is(0) {
		return kept
	}
	return b.Add(kept, b.Scale(z, reset))
}
