package c

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/plain"
)

// A call is an operation that is no element-wise one, with what it reads and writes.
type call struct {
	f    *frame
	node *G.Node
	in   G.Nodes
	from []*source // of the inputs that change, nil for others
	dst  place
	def  *def
}

// called writes an instruction that is none on elements.
func (f *frame) called(i int) error {
	ins := &f.p.Instrs[i]
	d := f.of[i]
	if ins.Op == ir.OpRows {
		return f.rows(ins, f.read[i][0], d)
	}
	n := f.p.Calls[ins.C]
	c := &call{f: f, node: n, in: ops.Children(n), dst: d.place, def: d}
	k := 0
	for _, a := range f.p.Program.Calls[ins.C].Args {
		var s *source
		if a.Slot >= 0 {
			s = &f.read[i][k]
			k++
		}
		c.from = append(c.from, s)
	}
	return c.write(plainOf(f.p, ins))
}

// write writes the operation that is this in plain data.
func (c *call) write(what any) error {
	switch o := what.(type) {
	case lower.Loop:
		return c.loop(o)
	case lower.Result:
		return nil // the loop has written it
	case plain.Linear:
		return c.linear(o)
	case plain.Sparse:
		return c.sparse(o)
	case plain.Product:
		return c.product(o)
	case plain.Conv:
		return c.conv(o)
	case plain.Windows:
		return c.windows(o)
	case plain.Norm:
		return c.norm(o)
	case plain.GroupNorm:
		return c.groupNorm(o)
	case plain.Window:
		return c.window(o)
	case plain.PerStep:
		return c.perStep(o)
	case plain.Stamp:
		return c.stamp(o)
	case plain.Delay:
		return c.delay(o)
	case plain.Reduce:
		return c.broadcast(c.node.Shape(), c.in[0].Shape(), true)
	}
	switch form := lower.FormOf(c.node.Op()); {
	case form.Kind == lower.Expand:
		return c.broadcast(c.in[0].Shape(), c.node.Shape(), false)
	case form.Kind == lower.MatMul:
		return c.matmul(form)
	case ops.GorgoniaName(c.node.Op()) == "concatOp":
		return c.concat()
	}
	return c.refuse("%v is no operation that can be written in C", c.node.Op())
}

func (c *call) refuse(format string, args ...any) error {
	n := c.node
	if c.f.node != nil {
		n = c.f.node
	}
	return c.f.w.refuse(n, format, args...)
}

// at returns where input i is: one that does not change is in a constant array.
func (c *call) at(i int) (place, error) {
	if c.from[i] != nil {
		return c.f.source(*c.from[i])
	}
	x, err := c.floats(i)
	if err != nil {
		return place{}, err
	}
	return place{name: c.f.w.array(what(c.in[i]), x)}, nil
}

// pointer returns the address of input i.
func (c *call) pointer(i int) (string, error) {
	at, err := c.at(i)
	return at.pointer(), err
}

// floats returns the elements of input i, which must not change.
func (c *call) floats(i int) ([]float32, error) {
	if c.from[i] != nil {
		return nil, c.refuse("%v: input %d, %s, changes from step to step, want a constant", c.node.Op(), i, what(c.in[i]))
	}
	return c.f.floats(c.in[i])
}

// bias returns the address of a bias that is input i, a null pointer if there is none or it
// is 0.
func (c *call) bias(i int) (string, error) {
	if i >= len(c.in) {
		return "0", nil
	}
	x, err := c.floats(i)
	if err != nil {
		return "", err
	}
	if v, ok := uniform(x); ok && v == 0 {
		return "0", nil
	}
	return c.pointer(i)
}

// rows writes rows of a times a matrix that does not change.
func (f *frame) rows(ins *ir.Instr, from source, d *def) error {
	m := f.p.Mats[ins.C]
	n := f.p.Values[m.Value]
	w, err := f.floats(n)
	if err != nil {
		return err
	}
	if m.Trans {
		w = transposed(w, m.N, m.K)
	}
	x, err := f.source(from)
	if err != nil {
		return err
	}
	count := d.size / m.N
	f.w.linear(x, d.place, "0", f.w.weights(what(n), w, m.N, func(i int) int { return i % m.N }), count, m.K, m.N)
	return nil
}

// transposed returns a matrix of n rows as one of m.
func transposed(w []float32, n, m int) []float32 {
	t := make([]float32, len(w))
	for i := range n {
		for j := range m {
			t[j*n+i] = w[i*m+j]
		}
	}
	return t
}

// linear writes a linear map of so many rows.
func (w *writer) linear(x, y place, bias, weights string, rows, in, out int) {
	h := w.helper("linear")
	if rows == 1 {
		w.line("%s(%s, %s, %s, %s, %d, %d);", h, x.pointer(), weights, bias, y.pointer(), in, out)
		return
	}
	w.line("for (long r = 0; r < %d; r++) {\n%s(%s + r * %d, %s, %s, %s + r * %d, %d, %d);\n}", rows, h, x.pointer(), in, weights, bias, y.pointer(), out, in, out)
}

func (c *call) linear(o plain.Linear) error {
	w, err := c.floats(1)
	if err != nil {
		return err
	}
	bias, err := c.bias(2)
	if err != nil {
		return err
	}
	x, err := c.at(0)
	if err != nil {
		return err
	}
	c.f.w.linear(x, c.dst, bias, c.f.w.weights(what(c.in[1]), w, o.Out, func(i int) int { return i % o.Out }), o.Rows, o.In, o.Out)
	return nil
}

func (c *call) conv(o plain.Conv) error {
	w, err := c.floats(1)
	if err != nil {
		return err
	}
	bias, err := c.bias(2)
	if err != nil {
		return err
	}
	x, err := c.pointer(0)
	if err != nil {
		return err
	}
	// Kernels [group, out, in, height, width] are stored with what a pixel is added to last.
	g, out, in, taps := o.Groups, o.Out, o.In, o.Y.Kernel*o.X.Kernel
	first, last := in, out
	if o.Transposed {
		first, last = out, in
	}
	stored := make([]float32, len(w))
	for i := range w {
		t, rest := i%taps, i/taps
		a, b, group := rest%in, rest/in%out, rest/in/out // of the input and the output of the convolution
		if o.Transposed {
			a, b = b, a
		}
		stored[((group*first+a)*taps+t)*last+b] = w[i]
	}
	channel := func(i int) int { return i/(first*taps*last)*last + i%last }
	weights := c.f.w.weights(what(c.in[1]), stored, g*last, channel)
	name := "conv"
	if o.Transposed {
		name = "transposed"
	}
	h := c.f.w.helper(name)
	shape := c.f.w.shape(o)
	size := [2]int{g * in * o.Y.In * o.X.In, g * out * o.Y.Out * o.X.Out}
	if o.Transposed {
		size[0], size[1] = size[1], size[0]
	}
	if o.Samples == 1 {
		c.f.w.line("%s(&%s, %s, %s, %s, %s);", h, shape, x, weights, bias, c.dst.pointer())
		return nil
	}
	c.f.w.line("for (long r = 0; r < %d; r++) {\n%s(&%s, %s + r * %d, %s, %s, %s + r * %d);\n}", o.Samples, h, shape, x, size[0], weights, bias, c.dst.pointer(), size[1])
	return nil
}

// windows writes a pooling, or its reverse.
func (c *call) windows(o plain.Windows) error {
	x, err := c.pointer(0)
	if err != nil {
		return err
	}
	axis := func(spans []plain.Span) string {
		var all []int
		for _, s := range spans {
			all = append(all, s.At, s.N, s.Step, s.All)
		}
		return c.f.w.longs("windows along an axis: first, number, step, number with padding", all)
	}
	name := [...]string{plain.Sum: "sums", plain.Mean: "means", plain.Max: "maxima"}[o.Join]
	if o.Spread {
		name = "spread"
	}
	c.f.w.line("%s(%s, %s, %d, %d, %d, %s, %d, %s, %d);", c.f.w.helper(name), x, c.dst.pointer(), o.Planes, o.H, o.W, axis(o.Rows), len(o.Rows), axis(o.Cols), len(o.Cols))
	return nil
}

// norm writes a batch norm in evaluation.
func (c *call) norm(o plain.Norm) error {
	if o.Steps > 1 {
		return c.refuse("batch norm has values of its own for each time step, want one for all")
	}
	stats := ops.Children(c.in[3]) // x, rows, training, mean, variance
	var v [5][]float32             // training, mean, variance, gain, bias
	for i, n := range []*G.Node{stats[2], stats[3], stats[4], c.in[1], c.in[2]} {
		var err error
		if v[i], err = c.f.floats(n); err != nil {
			return err
		}
	}
	if v[0][0] != 0 {
		return c.refuse("batch norm is in training, want evaluation")
	}
	by := make([]float32, o.Channels)
	for i := range by {
		by[i] = float32(1/math.Sqrt(float64(v[2][i])+o.Eps)) * float32(o.Scale) * v[3][i]
	}
	x, err := c.pointer(0)
	if err != nil {
		return err
	}
	w := c.f.w
	w.line("%s(%s, %s, %s, %s, %s, %d, %d);", w.helper("norm"), x, w.array("mean of a batch norm", v[1]), w.array("factor of a batch norm", by), w.array("bias of a batch norm", v[4]), c.dst.pointer(), o.Channels, o.Places)
	return nil
}

func (c *call) groupNorm(o plain.GroupNorm) error {
	var p [3]string
	for i := range p {
		var err error
		if p[i], err = c.pointer(i); err != nil {
			return err
		}
	}
	c.f.w.line("%s(%s, %s, %s, %s, %d, %d, %d, %d, %v);", c.f.w.helper("groups"), p[0], p[1], p[2], c.dst.pointer(), o.Rows, o.Groups, o.Channels/o.Groups, o.Places, o.Eps)
	return nil
}

// loop writes the step of neurons.
func (c *call) loop(o lower.Loop) error {
	if o.Steps != 1 {
		return c.refuse("a scan of %d time steps, want one", o.Steps)
	}
	states := o.Step.States
	for i, p := range o.Params {
		if c.from[1+states+i] != nil {
			return c.refuse("its parameter %s changes from step to step, want a constant", what(c.in[1+states+i]))
		}
		c.f.w.given[p] = c.in[1+states+i]
	}
	p, _, err := lower.Lower(o.Step, nil)
	if err != nil {
		return c.refuse("%w", err)
	}
	x, err := c.at(0)
	if err != nil {
		return err
	}
	in, out := make([]place, states), make([]place, states)
	for i := range states {
		if c.from[1+i] == nil {
			return c.refuse("its state %d starts from rest at each time step, want it carried: layers.Build.Enter does", i)
		}
		if in[i], err = c.f.source(*c.from[1+i]); err != nil {
			return err
		}
	}
	base := c.f.w.base
	defer func() { c.f.w.base = base }()
	y, copies := c.results(lower.Result{}, o.Step.Roots[0].Node.Shape().TotalSize())
	for i := range out {
		var more []string
		out[i], more = c.results(lower.Result{State: true, Index: i}, c.in[1+i].Shape().TotalSize())
		copies = append(copies, more...)
	}
	c.f.w.work = max(c.f.w.work, c.f.w.base)
	c.f.w.line("/* %s */", comment(c.f.w.blame(c.node)))
	f := &frame{
		node: c.node,
		stream: func(s ir.Stream) place {
			if s.Kind == ir.StreamX {
				return x
			}
			return y
		},
		state: func(i int, leaves bool) place {
			if leaves {
				return out[i]
			}
			return in[i]
		},
	}
	if err := c.f.w.program(f, p); err != nil {
		return err
	}
	for _, text := range copies {
		c.f.w.line("%s", text)
	}
	return nil
}

// results returns where a loop writes one of its results, in memory to spare if nobody asks
// for it; and what copies it to where else it is wanted.
func (c *call) results(what lower.Result, size int) (first place, copies []string) {
	for j, d := range c.f.of {
		r, ok := plainOf(c.f.p, &c.f.p.Instrs[j]).(lower.Result)
		switch {
		case !ok || r != what || c.f.read[j][0].def != c.def:
		case first.name == "":
			first = d.place
		default:
			copies = append(copies, fmt.Sprintf("for (long i = 0; i < %d; i++) {\n%s = %s;\n}", size, d.place.at("i"), first.at("i")))
		}
	}
	if first.name == "" {
		first = place{name: "s->work", offset: c.f.w.base}
		c.f.w.base += size
	}
	return first, copies
}

// concat joins its inputs along the axis in which they differ from the result.
func (c *call) concat() error {
	shape := c.node.Shape()
	axis := 0
	for axis < len(shape)-1 && c.in[0].Shape()[axis] == shape[axis] {
		axis++
	}
	outer, inner := shape[:axis].TotalSize(), shape[axis+1:].TotalSize()
	if axis == 0 {
		outer = 1
	}
	if axis == len(shape)-1 {
		inner = 1
	}
	at := c.dst
	for i, n := range c.in {
		x, err := c.at(i)
		if err != nil {
			return err
		}
		width := n.Shape()[axis] * inner
		c.f.w.line("for (long r = 0; r < %d; r++) {\nfor (long i = 0; i < %d; i++) {\n%s = %s;\n}\n}", outer, width, at.at(fmt.Sprintf("r * %d + i", shape[axis]*inner)), x.at(fmt.Sprintf("r * %d + i", width)))
		at.offset += width
	}
	return nil
}

// longs writes a constant array of whole numbers.
func (w *writer) longs(about string, x []int) string {
	return enter(w.constants, "long", about, x, 4, func(v int) string { return fmt.Sprint(v) })
}
