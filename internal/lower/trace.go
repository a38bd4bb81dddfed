package lower

import (
	"fmt"
	"strings"
)

// A Trace holds what a step was after each pass, as text.
type Trace struct{ Stages []Stage }

// A Stage is a pass by name and what it left.
type Stage struct{ Pass, Text string }

func (t *Trace) add(pass string, text func() string) {
	if t != nil {
		t.Stages = append(t.Stages, Stage{pass, text()})
	}
}

// numbers numbers the values that change from step to step, in their order.
func (l *lowering) numbers() map[*value]int {
	numbers := map[*value]int{}
	for i, v := range l.order {
		numbers[v] = i
	}
	return numbers
}

// printValues lists the values that change from step to step, what each is, and how
// often it is read.
func (l *lowering) printValues() string {
	numbers := l.numbers()
	var b strings.Builder
	for i, v := range l.order {
		fmt.Fprintf(&b, "  v%d = %s", i, v.what())
		for k, c := range v.in {
			sep := ", "
			if k == 0 {
				sep = " of "
			}
			if n, ok := numbers[c]; ok {
				fmt.Fprintf(&b, "%sv%d", sep, n)
			} else {
				fmt.Fprintf(&b, "%s%s", sep, name(c.node))
			}
		}
		fmt.Fprintf(&b, ": %d elements, read by %d\n", v.size, v.uses)
	}
	return b.String()
}

// what says what a value is to the passes.
func (v *value) what() string {
	switch {
	case v.leaf != nil && v.leaf.Kind == LeafState:
		return fmt.Sprintf("state %d (%s)", v.leaf.Index, name(v.node))
	case v.leaf != nil:
		return "sequence " + v.leaf.Stream.String()
	case v.alias() != v:
		return "alias (" + name(v.node) + ")"
	case v.isRowProduct():
		return "rows"
	case !v.isLanewise():
		return fmt.Sprintf("call (%s; %s)", name(v.node), v.whyNotLanewise())
	}
	return name(v.node)
}

func (l *lowering) printRows() string {
	lanes, products := l.obstacles(l.Batch)
	s := fmt.Sprintf("  %d rows", l.p.Rows)
	if lanes != "" {
		s += fmt.Sprintf("\n  not one for each element: %s", lanes)
		if products != "" {
			s += fmt.Sprintf("\n  not one for each sample: %s", products)
		}
	}
	return s + "\n"
}

func (l *lowering) printFusions() string {
	var b strings.Builder
	numbers := l.numbers()
	for i, v := range l.order {
		if f := v.fusion; f != nil {
			fmt.Fprintf(&b, "  v%d and v%d, %v and %v, are %v\n", numbers[f.inner], i, f.inner.form.Op, v.form.Op, f.op)
		}
	}
	if b.Len() == 0 {
		return "  nothing to fuse\n"
	}
	return b.String()
}
