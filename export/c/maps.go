package c

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/ir"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/plain"
)

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

// longs writes a constant array of whole numbers.
func (w *writer) longs(about string, x []int) string {
	return enter(w.constants, "long", about, x, 4, func(v int) string { return fmt.Sprint(v) })
}
