package c

import (
	"errors"
	"fmt"
	"strings"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/plain"
	"github.com/spikegrad/spikegrad/layers"
)

// An assembly puts the two files together.
type assembly struct {
	*writer
	built
}

func newAssembly(prefix string, bits int, b built) *assembly {
	a := &assembly{built: b, writer: &writer{constants: newConstants(prefix), bits: bits, helpers: map[string]bool{}}}
	a.blame = a.layerOf
	a.moving[b.x] = true
	for _, s := range b.Carry.States {
		a.moving[s.In] = true
	}
	return a
}

// code writes the network.
func (a *assembly) code() (*Code, error) {
	outs := a.Outputs
	if len(outs) == 0 {
		outs = []layers.Output{{Node: a.y}}
	}
	c := &Code{Prefix: a.prefix, Inputs: a.x.Shape().TotalSize()}
	for _, o := range outs {
		h := Head{o.Name, c.Outputs, o.Node.Shape().TotalSize()}
		c.Outputs += h.Size
		if h.Name != "" {
			c.Heads = append(c.Heads, h)
		}
	}
	if err := a.step(outs); err != nil {
		return nil, err
	}
	step := a.body.String()
	a.body.Reset()
	if err := a.reset(); err != nil {
		return nil, err
	}
	reset := a.body.String()
	c.Constants = a.bytes
	c.Header = []byte(a.header(c))
	c.Source = []byte(a.source(step, reset))
	return c, nil
}

// step writes the statements of a time step.
func (a *assembly) step(outs []layers.Output) error {
	s := lower.Step{Leaves: map[*G.Node]lower.Leaf{a.x: {Kind: lower.LeafStream, Stream: ir.Stream{Kind: ir.StreamX}}}, Batch: 1, Rows: 1}
	var places []place
	at := 0
	for i, o := range outs {
		s.Roots = append(s.Roots, lower.Root{Node: o.Node, Kind: ir.SlotStream, Stream: ir.Stream{Kind: ir.StreamOut, Index: i}})
		places = append(places, place{name: "out", offset: at})
		at += o.Node.Shape().TotalSize()
	}
	for i, st := range a.Carry.States {
		if st == nil || st.In == nil || st.Out == nil || !st.Out.Shape().Eq(st.In.Shape()) {
			return errors.New("a state has no node that leaves a time step: the layer that enters one sets its Out")
		}
		s.Leaves[st.In] = lower.Leaf{Kind: lower.LeafState, Index: i}
		s.Roots = append(s.Roots, lower.Root{Node: st.Out, Kind: ir.SlotOut, Index: i})
	}
	s.States = len(a.Carry.States)
	// In evaluation statistics are those that are known, and stay: a layer that is shared has them from its use before.
	seen := map[*G.Node]bool{}
	var all G.Nodes
	for _, r := range s.Roots {
		ops.Upstream(r.Node, seen, &all)
	}
	for _, n := range all {
		if o, ok := n.Op().(plain.Plainer); ok {
			switch o.Plain().(type) {
			case plain.NormStats:
				s.Leaves[n] = lower.Leaf{Kind: lower.LeafParam}
			case plain.NormNext:
				a.given[n] = ops.Children(n)[1]
			}
		}
	}
	p, _, err := lower.Lower(s, nil)
	if err != nil {
		return err
	}
	a.indent = 1
	return a.program(&frame{
		stream: func(s ir.Stream) place {
			if s.Kind == ir.StreamX {
				return place{name: "in"}
			}
			return places[s.Index]
		},
		state: func(i int, _ bool) place { return place{name: fmt.Sprintf("s->s%d", i)} },
	}, p)
}

// reset writes the statements that put states to rest.
func (a *assembly) reset() error {
	a.indent = 1
	for i, st := range a.Carry.States {
		x, err := a.floats(st.Rest)
		if err != nil {
			return fmt.Errorf("state %s at rest: %w", st.Name, err)
		}
		from := ""
		if v, ok := uniform(x); ok {
			from = number(v)
		} else {
			from = a.array("at rest: "+st.Name, x) + "[i]"
		}
		a.line("for (long i = 0; i < %d; i++) {\ns->s%d[i] = %s;\n}", len(x), i, from)
	}
	return nil
}

func (a *assembly) header(c *Code) string {
	var b strings.Builder
	name, large := a.prefix, strings.ToUpper(a.prefix)
	fmt.Fprintf(&b, "#ifndef %s_H\n#define %s_H\n\n", large, large)
	fmt.Fprintf(&b, "/* Numbers at each time step. */\n#define %s_INPUTS %d\n#define %s_OUTPUTS %d\n", large, c.Inputs, large, c.Outputs)
	for i, h := range c.Heads {
		fmt.Fprintf(&b, "/* %s */\n#define %s_HEAD%d %d\n#define %s_HEAD%d_SIZE %d\n", comment(h.Name), large, i, h.Offset, large, i, h.Size)
	}
	fmt.Fprintf(&b, "\n/* What goes from one time step to the next, and memory between layers. */\ntypedef struct {\n")
	for i, st := range a.Carry.States {
		n := st.In.Shape().TotalSize()
		fmt.Fprintf(&b, "    float s%d[%d]; /* %s */\n", i, n, comment(st.Name))
		c.State += 4 * n
	}
	if work := max(a.work, 0); work > 0 {
		fmt.Fprintf(&b, "    float work[%d];\n", work)
		c.State += 4 * work
	} else if c.State == 0 {
		b.WriteString("    char none;\n")
		c.State = 1
	}
	fmt.Fprintf(&b, "} %s_state;\n\n", name)
	fmt.Fprintf(&b, "/* Starts a sequence. */\nvoid %s_reset(%s_state *s);\n\n", name, name)
	fmt.Fprintf(&b, "/* Takes one time step: in has %s_INPUTS numbers, out %s_OUTPUTS. They must not overlap. */\nvoid %s_step(%s_state *s, const float *in, float *out);\n\n#endif\n", large, large, name, name)
	return b.String()
}

func (a *assembly) source(step, reset string) string {
	var b strings.Builder
	name := a.prefix
	fmt.Fprintf(&b, "#include <math.h>\n\n#include \"%s.h\"\n\n", name)
	b.WriteString("/* Each operation rounds: a product and a sum are not contracted. */\n#ifdef __clang__\n#pragma STDC FP_CONTRACT OFF\n#endif\n\n")
	b.WriteString(a.written())
	b.WriteString(a.text.String())
	fmt.Fprintf(&b, "void %s_reset(%s_state *s)\n{\n    (void)s;\n%s}\n\n", name, name, reset)
	fmt.Fprintf(&b, "void %s_step(%s_state *s, const float *in, float *out)\n{\n    (void)s;\n    (void)in;\n%s}\n", name, name, step)
	return b.String()
}
