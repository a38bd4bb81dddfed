package randstep

import (
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/readout"
)

// The operations here join lanes, or change the shape.

// largest is how many neurons products are drawn for.
const largest = 40

// matrix reports whether the time step is a matrix that products are drawn for.
func (d *drawer) matrix() bool { return len(d.shape) == 2 && d.shape[1] <= largest }

// product draws a product by weights among lanes, or of two values.
func (d *drawer) product() int {
	x := d.some(d.shape)
	v := d.values[x]
	n := d.shape[len(d.shape)-1]
	m := v.magnitude()
	y := value{shape: d.shape, lo: -m, hi: m, byStates: v.byStates, byAll: v.byAll + m}
	if n > largest || len(d.shape) < 2 {
		return -1
	}
	d.rough = true
	switch kind := d.below(6); {
	case kind == 0:
		d.w = true
		return d.put(y, []int{x}, nil, func(e *env) *G.Node {
			return gorgonia(func(x *G.Node) (*G.Node, error) { return connect.Linear(x, e.w, nil) })(e.Builder, e.v[0])
		}, "linear(%v, w)")
	case !d.matrix():
		return -1
	case kind == 1:
		d.u = true
		return d.put(y, []int{x}, nil, func(e *env) *G.Node { return e.MatMul(e.v[0], e.u) }, "matmul(%v, u)")
	case kind == 2:
		d.w = true
		return d.put(y, []int{x}, nil, func(e *env) *G.Node {
			return gorgonia2(G.Mul)(e.Builder, e.v[0], e.w)
		}, "G.Mul(%v, w)")
	case kind == 3 && d.shape[0] == n:
		z := d.some(d.shape)
		b := d.values[z]
		k := float64(n)
		y.lo, y.hi = -k*m*b.magnitude(), k*m*b.magnitude()
		y.byStates = k * (v.byStates*b.magnitude() + b.byStates*m)
		y.byAll = k * (v.byAll*b.magnitude() + b.byAll*m)
		return d.put(y, []int{x, z}, nil, func(e *env) *G.Node { return e.MatMul(e.v[0], e.v[1]) }, "matmul(%v, %v)")
	}
	d.w = true
	return d.put(y, []int{x}, nil, func(e *env) *G.Node { return e.MatMul(e.v[0], e.w) }, "matmul(%v, w)")
}

// reduction draws a sum over axes, made a mean, or a value made as large as a time
// step again.
func (d *drawer) reduction() int {
	x := d.such(func(v value) bool { return !same(v.shape, d.shape) && op.Broadcasts(v.shape, d.shape) })
	if x >= 0 && d.onceIn(2) {
		v := d.values[x]
		v.shape = d.shape
		return d.put(v, []int{x}, nil, func(e *env) *G.Node { return e.Expand(e.v[0], d.shape) }, "expand(%v)")
	}
	x = d.some(d.shape)
	to := of(d.Draws, tensor.Shape{1}, tensor.Shape{}, d.column(), d.shape[len(d.shape)-1:])
	v := d.values[x]
	v.shape = to
	share := float64(to.TotalSize()) / float64(d.shape.TotalSize())
	if d.onceIn(4) && len(to) > 0 { // a state may add up what it is
		c := v.times(1 / share)
		c.shape = to
		if n := d.put(c, []int{x}, nil, func(e *env) *G.Node { return e.Reduce(e.v[0], to) }, "reduce(%v)"); n >= 0 {
			return n
		}
	}
	return d.put(v, []int{x}, nil, func(e *env) *G.Node {
		y := e.Reduce(e.v[0], to)
		return e.ScaleBy(y, share, graph.Const(1))
	}, "mean over axes(%v)")
}

// reshaped draws a value in another shape and back again, with something between.
func (d *drawer) reshaped() int {
	x := d.some(d.shape)
	flat := tensor.Shape{d.shape.TotalSize()}
	if len(d.shape) == 1 {
		flat = tensor.Shape{1, d.shape[0]}
	}
	var y int
	if d.onceIn(2) {
		v := d.values[x]
		v.shape = flat
		if y = d.put(v, []int{x}, nil, func(e *env) *G.Node { return e.Reshape(e.v[0], flat...) }, "reshape(%v)"); y < 0 {
			return -1
		}
		if d.onceIn(2) {
			y = max(y, d.apply(&unaries[d.below(8)], y))
		}
	} else {
		v := d.values[x]
		v.shape = flat
		if y = d.put(v, []int{x}, nil, func(e *env) *G.Node {
			return gorgonia(func(x *G.Node) (*G.Node, error) { return G.Reshape(x, flat) })(e.Builder, e.v[0])
		}, "G.Reshape(%v)"); y < 0 {
			return -1
		}
		if d.onceIn(2) {
			y = max(y, d.binary())
			if !same(d.values[y].shape, flat) {
				return y
			}
		}
	}
	v := d.values[y]
	v.shape = d.shape
	return d.put(v, []int{y}, nil, func(e *env) *G.Node {
		return gorgonia(func(x *G.Node) (*G.Node, error) { return G.Reshape(x, d.shape) })(e.Builder, e.v[0])
	}, "G.Reshape back(%v)")
}

// scalar draws an operation of Gorgonia's on a value and a scalar: a constant, or the
// mean of all elements.
func (d *drawer) scalar() int {
	x := d.some(d.shape)
	v := d.values[x]
	f := []struct {
		name string
		f    func(x []float64) float64
		node func(x, y *G.Node) (*G.Node, error)
	}{
		{"G.Sub", func(x []float64) float64 { return x[0] - x[1] }, G.Sub},
		{"G.HadamardProd", func(x []float64) float64 { return x[0] * x[1] }, G.HadamardProd},
		{"G.Add", func(x []float64) float64 { return x[0] + x[1] }, G.Add},
	}[d.below(3)]
	switch d.below(3) {
	case 0:
		c := of(d.Draws, 0.5, -0.25, 1.5)
		return d.put(over(f.f, d.shape, v, value{lo: c, hi: c}), []int{x}, nil, func(e *env) *G.Node {
			k := G.NewConstant(c)
			if e.v[0].Dtype() == tensor.Float32 {
				k = G.NewConstant(float32(c))
			}
			return gorgonia2(f.node)(e.Builder, e.v[0], k)
		}, f.name+"(%[2]v, constant %[1]v)", c)
	case 1:
		y := d.such(func(v value) bool { return v.shape.IsScalar() })
		if y < 0 {
			return -1
		}
		return d.put(over(f.f, d.shape, v, d.values[y]), []int{x, y}, nil, func(e *env) *G.Node {
			return gorgonia2(f.node)(e.Builder, e.v[0], e.v[1])
		}, f.name+"(%v, %v)")
	}
	// A mean is a rough sum on a Gorgonia whose loops differ, but the same on all paths.
	m := v.within(tensor.Shape{}, v.lo, v.hi)
	return d.put(m, []int{x}, nil, func(e *env) *G.Node {
		return gorgonia(func(x *G.Node) (*G.Node, error) { return G.Mean(x) })(e.Builder, e.v[0])
	}, "G.Mean(%v)")
}

// sample draws an operation that does with each sample what a number says.
func (d *drawer) sample() int {
	x := d.some(d.shape)
	v := d.values[x]
	if d.onceIn(2) {
		d.count = true
		return d.put(v, []int{x}, nil, func(e *env) *G.Node { return readout.PerStep(e.Builder, e.v[0], e.count) }, "perStep(%v, count)")
	}
	y := d.some(d.shape)
	w := d.values[y]
	d.which = true
	return d.put(value{
		shape: d.shape, lo: math.Min(v.lo, w.lo), hi: math.Max(v.hi, w.hi),
		byStates: max(v.byStates, w.byStates), byAll: max(v.byAll, w.byAll),
	}, []int{x, y}, nil, func(e *env) *G.Node { return readout.Choose(e.Builder, e.which, e.v[0], e.v[1]) }, "choose(which, %v, %v)")
}
