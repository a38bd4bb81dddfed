package jit

import (
	"fmt"
	"strings"
)

// opNames are how operations print.
var opNames = [...]string{
	Add: "add", Sub: "sub", Mul: "mul", Div: "div", Max: "max", Min: "min", And: "and", Or: "or", Xor: "xor",
	Scale: "scale", Sqrt: "sqrt", Floor: "floor", Ceil: "ceil", Nearest: "nearest", FMA: "fma", FNMA: "fnma",
	Shift: "shift", Flag: "flag", Select: "select", load: "load", constant: "const", store: "store",
}

func (o Op) String() string {
	if int(o) < len(opNames) {
		return opNames[o]
	}
	return fmt.Sprintf("op(%d)", uint8(o))
}

var predicates = map[Predicate]string{
	Eq: "==", Unordered: "unordered", Ne: "!=", Different: "<>", Lt: "<", Le: "<=", Ge: ">=", Gt: ">",
}

func (p Predicate) String() string {
	if s, ok := predicates[p]; ok {
		return s
	}
	return fmt.Sprintf("predicate(%#x)", uint8(p))
}

// String returns the operations of one time step on one lane, one a line:
//
//	%0 = load p0
//	%1 = const c0
//	%2 = mul %0 %1
//	store p0 %2
//
// Constants of which the Frame has not the value are given by their bits.
func (b *Builder) String() string {
	var w strings.Builder
	for i, in := range b.instrs {
		if in.op != store {
			fmt.Fprintf(&w, "%%%d = ", i)
		}
		fmt.Fprint(&w, in.op)
		switch in.op {
		case load, store:
			fmt.Fprintf(&w, " p%d", in.ptr)
		case constant:
			if k := in.k - b.nConsts; k >= 0 {
				fmt.Fprintf(&w, " %#x", b.literals[k])
			} else {
				fmt.Fprintf(&w, " c%d", in.k)
			}
		case Flag, Select:
			fmt.Fprintf(&w, " %v", in.pred)
		}
		for _, a := range in.args {
			fmt.Fprintf(&w, " %%%d", a)
		}
		if in.op == Shift {
			fmt.Fprintf(&w, " %d", in.k)
		}
		w.WriteByte('\n')
	}
	return w.String()
}

// Listing returns the loops that Compile writes, as the instructions that any processor
// is asked for: with the registers of values and places, what is loaded and parked, and
// the jumps. It is empty where there is no code.
func (b *Builder) Listing() string {
	if b.target == nil {
		return ""
	}
	t := *b.target
	t.New = func(int) Assembler { return &listing{} }
	c := *b
	c.target = &t
	a, _ := assemble(&c)
	return string(a.Bytes())
}
