package c

import (
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/lower"
	"github.com/spikegrad/spikegrad/internal/plain"
)

// sparse writes a map by the connections of each input.
func (c *call) sparse(o plain.Sparse) error {
	var v [3][]float32 // weights, inputs, outputs
	for i := range v {
		var err error
		if v[i], err = c.floats(1 + i); err != nil {
			return err
		}
	}
	start, to := make([]int, o.In+1), make([]int, o.Edges)
	for k := range v[1] {
		from := int(v[1][k])
		if to[k] = int(v[2][k]); from < 0 || from >= o.In || to[k] < 0 || to[k] >= o.Out || k > 0 && v[1][k] < v[1][k-1] {
			return c.refuse("connection %d is from %d to %d, want them in order, of %d inputs and %d outputs", k, from, to[k], o.In, o.Out)
		}
		start[from+1]++
	}
	for i := range o.In {
		start[i+1] += start[i]
	}
	bias, err := c.bias(4)
	if err != nil {
		return err
	}
	x, err := c.pointer(0)
	if err != nil {
		return err
	}
	w := c.f.w
	weights := w.weights(what(c.in[1]), v[0], o.Out, func(k int) int { return to[k] })
	w.line("for (long r = 0; r < %d; r++) {\n%s(%s, %s, %s, %s, %s, %s, %d, %d);\n}", o.Rows, w.helper("sparse"),
		row(x, o.In, o.Rows), w.longs("where the connections of an input begin", start), w.longs("outputs of connections", to), weights, bias, row(c.dst.pointer(), o.Out, o.Rows), o.In, o.Out)
	return nil
}

// row returns the address of row r of an array.
func row(pointer string, width, rows int) string {
	if rows == 1 {
		return pointer
	}
	return fmt.Sprintf("%s + r * %d", pointer, width)
}

// product writes products of matrices that may both change.
func (c *call) product(o plain.Product) error {
	var p [2]place
	for i := range p {
		var err error
		if p[i], err = c.at(i); err != nil {
			return err
		}
	}
	a, b := fmt.Sprintf("i * %d + k", o.K), fmt.Sprintf("k * %d + j", o.N)
	if o.TransA {
		a = fmt.Sprintf("k * %d + i", o.M)
	}
	if o.TransB {
		b = fmt.Sprintf("j * %d + k", o.K)
	}
	c.f.w.line(`for (long r = 0; r < %d; r++) {
for (long i = 0; i < %d; i++) {
for (long j = 0; j < %d; j++) {
float sum = 0.0f;
for (long k = 0; k < %d; k++) {
const float t = %s * %s;
sum += t;
}
%s = sum;
}
}
}`, o.Count, o.M, o.N, o.K, p[0].at(fmt.Sprintf("r * %d + %s", o.M*o.K, a)), p[1].at(fmt.Sprintf("r * %d + %s", o.K*o.N, b)), c.dst.at(fmt.Sprintf("(r * %d + i) * %d + j", o.M, o.N)))
	return nil
}

// matmul writes the product of two matrices of which the second changes.
func (c *call) matmul(form lower.Form) error {
	shape, a := c.node.Shape(), c.in[0].Shape()
	o := plain.Product{Count: 1, M: shape[0], N: shape[1], K: a[1], TransA: form.TransA, TransB: form.TransB}
	if form.TransA {
		o.K = a[0]
	}
	return c.product(o)
}

// window writes what a readout makes of one time step.
func (c *call) window(o plain.Window) error {
	x, err := c.at(0)
	if err != nil {
		return err
	}
	now := x.at("i")
	if o.Entered {
		enter, err := c.at(len(c.in) - 1)
		if err != nil {
			return err
		}
		switch before := enter.at("i"); o.Join {
		case plain.Sum:
			now = before + " + " + now
		case plain.Max:
			now = fmt.Sprintf("%s > %s ? %s : %s", now, before, now, before)
		}
	}
	c.f.w.line("for (long i = 0; i < %d; i++) {\n%s = %s;\n}", o.N, c.dst.at("i"), now)
	return nil
}

// bySample writes a loop over samples and, in it, over the elements of each: what becomes of
// x, an element, and of n, which belongs to the sample.
func (c *call) bySample(samples, width, x, n int, f func(x, n string) string) error {
	at, err := c.at(x)
	if err != nil {
		return err
	}
	each := "0.0f"
	if n >= 0 {
		number, err := c.at(n)
		if err != nil {
			return err
		}
		each = number.at("r")
	}
	i := fmt.Sprintf("r * %d + i", width)
	c.f.w.line("for (long r = 0; r < %d; r++) {\nfor (long i = 0; i < %d; i++) {\n%s = %s;\n}\n}", samples, width, c.dst.at(i), f(at.at(i), each))
	return nil
}

func (c *call) perStep(o plain.PerStep) error {
	return c.bySample(o.Samples, o.N, 1, 0, func(x, n string) string { return fmt.Sprintf("%s * (1.0f / %s)", x, n) })
}

func (c *call) stamp(o plain.Stamp) error {
	before := -1
	if o.Before {
		before = 1
	}
	return c.bySample(o.Samples, o.N, 0, before, func(z, n string) string { return fmt.Sprintf("%s != 0.0f ? -%s : -INFINITY", z, n) })
}

// broadcast repeats a value of the shape from over to, or reduced is the reverse: sums.
func (c *call) broadcast(from, to tensor.Shape, reduced bool) error {
	x, err := c.at(0)
	if err != nil {
		return err
	}
	var small, large []string // where an element is
	var kept, summed []string // loops
	strides := func(s tensor.Shape) []int {
		all := make([]int, len(s))
		for k, n := len(s)-1, 1; k >= 0; k-- {
			all[k] = n
			n *= s[k]
		}
		return all
	}
	sf, st := strides(from), strides(to)
	for k, d := range to {
		if d == 1 {
			continue
		}
		v := fmt.Sprintf("i%d", k)
		head := fmt.Sprintf("for (long %s = 0; %s < %d; %s++) {", v, v, d, v)
		large = append(large, fmt.Sprintf("%s * %d", v, st[k]))
		if j := k - (len(to) - len(from)); j >= 0 && from[j] == d {
			small = append(small, fmt.Sprintf("%s * %d", v, sf[j]))
			kept = append(kept, head)
		} else {
			summed = append(summed, head)
		}
	}
	index := func(parts []string) string {
		if len(parts) == 0 {
			return "0"
		}
		return strings.Join(parts, " + ")
	}
	w := c.f.w
	if !reduced {
		for _, l := range slices.Concat(kept, summed) {
			w.line("%s", l)
		}
		w.line("%s = %s;", c.dst.at(index(large)), x.at(index(small)))
		for range len(kept) + len(summed) {
			w.line("}")
		}
		return nil
	}
	for _, l := range kept {
		w.line("%s", l)
	}
	w.line("{\ndouble sum = 0.0;")
	for _, l := range summed {
		w.line("%s", l)
	}
	w.line("sum += (double)%s;", x.at(index(large)))
	for range summed {
		w.line("}")
	}
	w.line("%s = (float)sum;\n}", c.dst.at(index(small)))
	for range kept {
		w.line("}")
	}
	return nil
}
