package c

import (
	"fmt"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
)

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
