package jit

import (
	"fmt"
	"strings"
)

// A listing is an Assembler for readers: it writes what it is asked for.
type listing struct {
	lines []string
	jumps map[int]int // the line behind each jump, and where that leads
}

var regNames = [...]string{"args", "ptrs", "consts", "spills", "full", "index", "next", "temp"}

func (r Reg) String() string {
	if r < Pointer0 {
		return regNames[r]
	}
	return fmt.Sprintf("r%d", r-Pointer0)
}

// fields are the names of what Args has where.
var fields = map[int32]string{
	AtPtrs: "ptrs", AtStrides: "strides", AtConsts: "consts", AtSpills: "spills", AtBytes: "bytes", AtFull: "full",
	AtSteps: "steps", AtAhead: "ahead",
}

func (v Vec) String() string { return fmt.Sprintf("v%d", uint8(v)) }

func (m Mem) String() string {
	switch {
	case m.Indexed:
		return fmt.Sprintf("[%v + %v]", m.Base, m.Index)
	case m.Base == RegArgs && fields[m.Disp] != "":
		return "[args." + fields[m.Disp] + "]"
	}
	return fmt.Sprintf("[%v + %d]", m.Base, m.Disp)
}

func (o Operand) String() string {
	if o.InMem {
		return o.Mem.String()
	}
	return o.Vec.String()
}

var conditionNames = [...]string{IfNotZero: "not zero", IfBelow: "below", IfNotBelow: "not below"}

func (l *listing) put(format string, args ...any) {
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// rest marks what touches no more than the elements of a vector that is not full.
func rest(tail bool) string {
	if tail {
		return " of the rest"
	}
	return ""
}

func (l *listing) Len() int { return len(l.lines) }

// Bytes returns the lines, with labels where jumps lead.
func (l *listing) Bytes() []byte {
	leads := map[int]bool{}
	for _, to := range l.jumps {
		leads[to] = true
	}
	labels := map[int]int{}
	for i := range len(l.lines) + 1 {
		if leads[i] {
			labels[i] = len(labels) + 1
		}
	}
	var w strings.Builder
	for i, line := range l.lines {
		if n, ok := labels[i]; ok {
			fmt.Fprintf(&w, "L%d:\n", n)
		}
		if to, ok := l.jumps[i+1]; ok {
			line += fmt.Sprintf(" to L%d", labels[to])
		}
		fmt.Fprintf(&w, "\t%s\n", line)
	}
	return []byte(w.String())
}

func (l *listing) LoadInt(to Reg, from Mem)  { l.put("%v = %v", to, from) }
func (l *listing) AddToMem(to Mem, from Reg) { l.put("%v += %v", to, from) }
func (l *listing) AddImm(r Reg, v int32)     { l.put("%v += %d", r, v) }
func (l *listing) ZeroInt(r Reg)             { l.put("%v = 0", r) }
func (l *listing) Decrement(m Mem)           { l.put("%v -= 1", m) }
func (l *listing) CompareInt(a, b Reg)       { l.put("compare %v %v", a, b) }
func (l *listing) CompareMem(a Reg, b Mem)   { l.put("compare %v %v", a, b) }

func (l *listing) Prefetch(m Mem, write bool) {
	l.put("prefetch %v to %s", m, map[bool]string{false: "read", true: "write"}[write])
}

func (l *listing) Jump(c Condition) (jump int) {
	l.put("jump if %s", conditionNames[c])
	return len(l.lines)
}

func (l *listing) Aim(jump, to int) {
	if l.jumps == nil {
		l.jumps = map[int]int{}
	}
	l.jumps[jump] = to
}

func (l *listing) Leave() { l.put("leave") }
func (l *listing) Begin() { l.put("begin") }

func (l *listing) Load(to Vec, from Mem, tail bool)   { l.put("%v = %v%s", to, from, rest(tail)) }
func (l *listing) Store(to Mem, from Vec, tail bool)  { l.put("%v = %v%s", to, from, rest(tail)) }
func (l *listing) Fill(to Vec, from Mem)              { l.put("%v = all %v", to, from) }
func (l *listing) Move(to, from Vec)                  { l.put("%v = %v", to, from) }
func (l *listing) Unary(op Op, to Vec, a Operand)     { l.put("%v = %v %v", to, op, a) }
func (l *listing) Binary(op Op, to, a Vec, b Operand) { l.put("%v = %v %v %v", to, op, a, b) }
func (l *listing) Shift(to, a Vec, by int)            { l.put("%v = shift %v %d", to, a, by) }
func (l *listing) FMA(op Op, to, b Vec, c Operand)    { l.put("%v = %v %v %v %v", to, op, to, b, c) }

func (l *listing) Compare(p Predicate, a Vec, b Operand) { l.put("compare %v %v %v", a, p, b) }
func (l *listing) Flag(to Vec, one Operand)              { l.put("%v = flag %v", to, one) }
func (l *listing) Choose(to, no Vec, yes Operand)        { l.put("%v = choose %v %v", to, no, yes) }
