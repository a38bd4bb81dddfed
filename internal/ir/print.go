package ir

import (
	"fmt"
	"strings"
)

// String returns the program as text, which is its definition for people: what it
// names, then an instruction a line. Registers are r0, r1 …; x[t], out[t], dx[t] … are
// sequences at the present time step; s0 is state 0 as it enters the step and s0' as
// it leaves it; p0 is value 0 of those that do not change, sum0 is sum 0 over time.
func (p *Program) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "rows: %d, lanes: %d\n", p.Rows, p.Lanes)
	for i, v := range p.Values {
		fmt.Fprintf(&b, "p%d: %s, %d\n", i, v.Name, v.Size)
	}
	for i, m := range p.Mats {
		t := ""
		if m.Trans {
			t = "ᵀ"
		}
		fmt.Fprintf(&b, "W%d: p%d%s, %d×%d\n", i, m.Value, t, m.K, m.N)
	}
	for i, f := range p.Funcs {
		fmt.Fprintf(&b, "f%d: %s\n", i, f)
	}
	for i, a := range p.Accs {
		fmt.Fprintf(&b, "sum%d: %s, %d", i, a.Name, a.Size)
		if a.Product {
			fmt.Fprintf(&b, " = A%dᵀ·B%d over time", a.Stash, a.Stash)
		}
		b.WriteByte('\n')
	}
	for _, l := range p.Lines {
		fmt.Fprintf(&b, "line%d: of s%d\n", l.Stream, l.State)
	}
	for i := range p.Instrs {
		b.WriteString(p.Format(&p.Instrs[i]))
		b.WriteByte('\n')
	}
	return b.String()
}

// Format returns an instruction as text.
func (p *Program) Format(ins *Instr) string {
	var args []string
	switch ins.Op {
	case OpFunc:
		args = append(args, fmt.Sprintf("f%d", ins.C))
	case OpCall:
		args = append(args, p.Calls[ins.C].Name)
		for _, a := range p.Calls[ins.C].Args {
			if a.Slot < 0 {
				args = append(args, fmt.Sprintf("p%d", a.Value))
			}
		}
	}
	for _, s := range p.Operands(ins) {
		args = append(args, p.slotName(s))
	}
	if ins.Op == OpRows {
		args = append(args, fmt.Sprintf("W%d", ins.C))
	}
	if ins.Op.Facts().Const {
		args = append(args, p.constName(ins.C))
	}
	return fmt.Sprintf("  %-6s = %s %s", p.slotName(ins.Dst), ins.Op, strings.Join(args, ", "))
}

func (p *Program) slotName(i int32) string {
	s := p.Slots[i]
	switch s.Kind {
	case SlotStream:
		return s.Stream.String() + "[t]"
	case SlotFull:
		return fmt.Sprintf("p%d", s.Index)
	case SlotAcc:
		return fmt.Sprintf("sum%d", s.Index)
	case SlotIn:
		return fmt.Sprintf("s%d", s.Index)
	case SlotOut:
		return fmt.Sprintf("s%d'", s.Index)
	}
	return fmt.Sprintf("r%d", s.Index)
}

// String returns the name of the sequence.
func (s Stream) String() string {
	switch s.Kind {
	case StreamX:
		return "x"
	case StreamOut:
		return "out"
	case StreamTrace:
		return fmt.Sprintf("trace%d", s.Index)
	case StreamGradOut:
		return "dout"
	case StreamGradTrace:
		return fmt.Sprintf("dtrace%d", s.Index)
	case StreamGradX:
		return "dx"
	case StreamStashA:
		return fmt.Sprintf("A%d", s.Index)
	case StreamLine:
		return fmt.Sprintf("line%d", s.Index)
	case StreamGradLine:
		return fmt.Sprintf("dline%d", s.Index)
	}
	return fmt.Sprintf("B%d", s.Index)
}

func (p *Program) constName(i int32) string {
	c := p.Consts[i]
	name := fmt.Sprint(c.V)
	if c.Value >= 0 {
		name = fmt.Sprintf("p%d", c.Value)
	}
	if c.Neg {
		return "−" + name
	}
	return name
}
