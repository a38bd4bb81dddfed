package c

import (
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
