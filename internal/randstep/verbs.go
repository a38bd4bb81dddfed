package randstep

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// A builder makes the node of an operation.
type builder func(e *env) *G.Node

// verb draws an operation; if it is not tame enough another one.
func (d *drawer) verb() {
	lanewise := []func() int{
		d.binary, d.unary, d.withParam, d.spike, d.ternary, d.binary, d.unary, d.withParam, d.binary, d.unary, d.withParam,
		d.jump, d.withNumber, d.withNumber, d.constant, d.alive,
	}
	joint := []func() int{d.product, d.reduction, d.reshaped, d.flow, d.call, d.scalar, d.sample, d.flow, d.product}
	if d.verbs == nil {
		d.verbs = []func() int{lanewise[d.below(len(lanewise))]}
	}
	for range 6 {
		from := lanewise
		switch {
		case d.onceIn(4):
			from = d.verbs
		case !d.alone && d.onceIn(3):
			from = joint
		}
		if from[d.below(len(from))]() >= 0 {
			return
		}
	}
	d.apply(&unaries[1], d.any())
}

func (d *drawer) unary() int {
	u := &unaries[d.below(len(unaries))]
	if d.onceIn(2) {
		u = d.often
	}
	return d.apply(u, d.any())
}

func (d *drawer) apply(u *unary, n int) int {
	v := d.values[n]
	if u.name == "G.InverseSqrt" && v.shape.IsScalar() || d.plain && !u.coded() {
		return -1 // Gorgonia has no inverse square root of a scalar
	}
	if d.mode == Tame && (u.kind == positive && v.lo < aside || u.kind == pole && !v.apart()) {
		return -1
	}
	i := d.put(over(func(x []float64) float64 { return u.f(x[0]) }, v.shape, v), []int{n}, nil, func(e *env) *G.Node {
		if u.kind == bent {
			e.mind(e.v[0])
		}
		return u.node(e.Builder, e.v[0])
	}, u.name+"(%v)")
	if i >= 0 {
		d.rough = d.rough || u.rough
	}
	return i
}

func (b binary) build() builder {
	return func(e *env) *G.Node { return b.node(e.Builder, e.v[0], e.v[1]) }
}

func (d *drawer) binary() int {
	b := binaries[of(d.Draws, 0, 0, 1, 2, 2, 3, 4)]
	x := d.any()
	y := d.some(d.values[x].shape)
	if d.plain && b.rough || d.mode == Tame && !b.defined(d.values[x], d.values[y]) {
		return -1
	}
	v := over(func(x []float64) float64 { return b.f(x[0], x[1]) }, d.values[x].shape, d.values[x], d.values[y])
	n := d.put(v, []int{x, y}, nil, b.build(), b.name+"(%v, %v)")
	if n >= 0 {
		d.rough = d.rough || b.rough
	}
	return n
}

// jump draws a function whose value jumps, without a gradient.
func (d *drawer) jump() int {
	x := d.any()
	v := d.values[x]
	if d.onceIn(2) {
		c := comparisons[d.below(len(comparisons))]
		return d.put(flag(v.shape, 0, 1), []int{x, d.some(v.shape)}, nil, func(e *env) *G.Node {
			e.mind(e.Sub(e.v[0], e.v[1]))
			return gorgonia2(func(x, y *G.Node) (*G.Node, error) { return c.node(x, y, true) })(e.Builder, e.v[0], e.v[1])
		}, c.name+"(%v, %v)")
	}
	s := steps[d.below(len(steps))]
	f := flag(v.shape, -1, 1)
	if s.whole {
		f.lo, f.hi = math.Floor(v.lo), math.Ceil(v.hi)
	}
	return d.put(f, []int{x}, nil, func(e *env) *G.Node {
		if s.whole {
			e.mind(e.Sub(e.v[0], gorgonia(G.Floor)(e.Builder, e.v[0])))
			e.mind(e.Sub(e.v[0], gorgonia(G.Ceil)(e.Builder, e.v[0])))
		} else {
			e.mind(e.v[0])
		}
		return gorgonia(s.node)(e.Builder, e.v[0])
	}, s.name+"(%v)")
}

// spike draws a spike function, or Above.
func (d *drawer) spike() int {
	x := d.any()
	v := d.values[x]
	if d.onceIn(5) {
		c := d.number()
		return d.put(flag(v.shape, 0, 1), []int{x}, nil, func(e *env) *G.Node {
			e.mind(e.Shift(e.v[0], graph.Const(-c)))
			return e.Above(e.v[0], c)
		}, "above %v (%v)", c)
	}
	s := spikes[d.below(len(spikes))]
	r := d.param(v.shape)
	z := v.within(v.shape, -1, 1)
	z.byAll += d.valueOf(r).byAll
	n := d.put(z, []int{x}, []ref{r}, func(e *env) *G.Node {
		e.mind(e.Less(e.v[0], e.p[0]))
		return e.Spike(s.f, e.v[0], e.p[0])
	}, "spike %T%v(%v, %v)", s.f, s.f)
	if n >= 0 {
		d.rough = d.rough || s.rough
	}
	return n
}

// withParam draws an operation on a value and a parameter.
func (d *drawer) withParam() int {
	x := d.any()
	v := d.values[x]
	r := d.param(v.shape)
	p := d.valueOf(r)
	c := d.number()
	put := func(name string, f func(x []float64) float64, build builder) int {
		return d.put(over(f, v.shape, v, p), []int{x}, []ref{r}, build, name+"(%v, %v)")
	}
	switch d.below(6) {
	case 0:
		return put("scale", func(x []float64) float64 { return x[0] * x[1] }, func(e *env) *G.Node { return e.Scale(e.v[0], e.p[0]) })
	case 1:
		return put("shift", func(x []float64) float64 { return x[0] + x[1] }, func(e *env) *G.Node { return e.Shift(e.v[0], e.p[0]) })
	case 2:
		return put("less", func(x []float64) float64 { return x[0] - x[1] }, func(e *env) *G.Node { return e.Less(e.v[0], e.p[0]) })
	case 3:
		return put("from", func(x []float64) float64 { return x[1] - x[0] }, func(e *env) *G.Node { return e.From(e.p[0], e.v[0]) })
	case 4:
		if r.index < 0 && r.c == 0 {
			return -1 // refused
		}
		return put("over", func(x []float64) float64 { return x[0] / x[1] }, func(e *env) *G.Node { return e.Over(e.v[0], e.p[0]) })
	}
	return d.put(over(func(x []float64) float64 { return c * x[0] * x[1] }, v.shape, v, p), []int{x}, []ref{r},
		func(e *env) *G.Node { return e.ScaleBy(e.v[0], c, e.p[0]) }, "scaleBy %v (%v, %v)", c)
}

// ternary draws Reset, Euler, or a limit.
func (d *drawer) ternary() int {
	x := d.any()
	shape := d.values[x].shape
	y, r := d.some(shape), d.param(shape)
	vx, vy, p := d.values[x], d.values[y], d.valueOf(r)
	switch d.below(5) {
	case 0:
		return d.put(over(func(x []float64) float64 { return (1-x[0])*x[1] + x[0]*x[2] }, shape, vx, vy, p), []int{x, y}, []ref{r},
			func(e *env) *G.Node { return e.Reset(e.v[0], e.v[1], e.p[0]) }, "reset(%v, %v, %v)")
	case 1:
		dt := of(d.Draws, 0.1, 1, -0.3)
		return d.put(over(func(x []float64) float64 { return x[0] + dt*x[2]*x[1] }, shape, vx, vy, p), []int{x, y}, []ref{r},
			func(e *env) *G.Node { return e.Euler(e.v[0], dt, e.p[0], e.v[1]) }, "euler %v (%v, %v, %v)", dt)
	case 2:
		return d.clamped(x, -0.7137, of(d.Draws, 0.3127, 2))
	case 3:
		c := d.number()
		return d.put(over(func(x []float64) float64 { return max(x[0], c) }, shape, vx), []int{x}, nil, func(e *env) *G.Node {
			e.mind(e.Shift(e.v[0], graph.Const(-c)))
			return e.AtLeast(e.v[0], c)
		}, "atLeast %v (%v)", c)
	}
	c := d.number()
	return d.put(over(func(x []float64) float64 { return min(x[0], c) }, shape, vx), []int{x}, nil, func(e *env) *G.Node {
		e.mind(e.Shift(e.v[0], graph.Const(-c)))
		return e.AtMost(e.v[0], c)
	}, "atMost %v (%v)", c)
}

func (d *drawer) clamped(x int, lo, hi float64) int {
	v := d.values[x]
	return d.put(over(func(x []float64) float64 { return min(max(x[0], lo), hi) }, v.shape, v), []int{x}, nil, func(e *env) *G.Node {
		e.mind(e.Shift(e.v[0], graph.Const(-lo)))
		e.mind(e.Shift(e.v[0], graph.Const(-hi)))
		return e.Clamp(e.v[0], lo, hi)
	}, "clamp %v %v (%v)", lo, hi)
}

func (d *drawer) scaled(x int, c float64) int {
	return d.put(d.values[x].times(c), []int{x}, nil,
		func(e *env) *G.Node { return e.Scale(e.v[0], graph.Const(c)) }, "scale %v (%v)", c)
}

// constant draws a value that does not change over time.
func (d *drawer) constant() int {
	x := d.any()
	shape := d.values[x].shape
	if shape.IsScalar() {
		return -1
	}
	if d.onceIn(2) {
		c := d.number()
		return d.put(value{shape: shape, lo: c, hi: c}, []int{x}, nil,
			func(e *env) *G.Node { return e.Constant(e.v[0], c, shape...) }, "constant %v like %v", c)
	}
	r := d.param(shape)
	p := d.valueOf(r)
	p.shape = shape
	return d.put(p, []int{x}, []ref{r}, func(e *env) *G.Node { return e.Fill(e.v[0], e.p[0]) }, "fill(like %v, %v)")
}

// withNumber draws an operation on a value and a number, which stands on either side.
func (d *drawer) withNumber() int {
	x := d.any()
	v := d.values[x]
	if v.shape.IsScalar() {
		return -1
	}
	c, left := d.number(), d.onceIn(2)
	sides := func(x, number *G.Node) (a, b *G.Node) {
		if left {
			return number, x
		}
		return x, number
	}
	if k := d.below(len(binaries) + len(comparisons)); k >= len(binaries) {
		compare := comparisons[k-len(binaries)]
		return d.put(flag(v.shape, 0, 1), []int{x}, nil, func(e *env) *G.Node {
			e.mind(e.Shift(e.v[0], graph.Const(-c)))
			a, b := sides(e.v[0], e.Constant(e.v[0], c, v.shape...))
			return gorgonia2(func(x, y *G.Node) (*G.Node, error) { return compare.node(x, y, true) })(e.Builder, a, b)
		}, compare.name+" with %v, on the left: %t (%v)", c, left)
	} else {
		b := binaries[k]
		if d.plain && b.rough {
			return -1
		}
		numbers := value{lo: c, hi: c}
		first, second := v, numbers
		if left {
			first, second = numbers, v
		}
		if d.mode == Tame && !b.defined(first, second) {
			return -1
		}
		n := d.put(over(func(x []float64) float64 { return b.f(x[0], x[1]) }, v.shape, first, second), []int{x}, nil, func(e *env) *G.Node {
			x, y := sides(e.v[0], e.Constant(e.v[0], c, v.shape...))
			return b.node(e.Builder, x, y)
		}, b.name+" with %v, on the left: %t (%v)", c, left)
		d.rough = d.rough || n >= 0 && b.rough
		return n
	}
}

// defined reports whether b keeps away from where it has no values or is steep.
func (b binary) defined(x, y value) bool {
	return b.name != "div" && b.name != "G.Pow" || b.name == "div" && y.apart() || b.name == "G.Pow" && x.lo >= aside
}

// alive draws some values that all stay alive until they are averaged, in another
// order.
func (d *drawer) alive() int {
	x := d.some(d.shape)
	k := min(10+d.below(61), max(10, 300/d.steps))
	first := d.below(256)
	var all []int
	for i := range k {
		from, c := x, 0.25+float64((i*37+first)%64)/128
		if i%3 == 1 && i > 3 {
			from = all[i/2]
		}
		n := d.scaled(from, c)
		if n < 0 {
			return -1
		}
		all = append(all, n)
	}
	sum := all[first%k]
	for i := 1; i < k; i++ {
		y, w := all[(first+i*73)%k], 1/float64(i+1)
		a, b := d.values[sum], d.values[y]
		v := value{
			shape: d.shape, lo: min(a.lo, b.lo), hi: max(a.hi, b.hi),
			byStates: max(a.byStates, b.byStates), byAll: max(a.byAll, b.byAll),
		}
		sum = d.put(v, []int{sum, y}, nil, func(e *env) *G.Node {
			return e.Add(e.Scale(e.v[0], graph.Const(1-w)), e.Scale(e.v[1], graph.Const(w)))
		}, "mean with weight %.3g (%v, %v)", w)
	}
	return sum
}
