package lower

import (
	"fmt"
	"strings"

	"github.com/spikegrad/spikegrad/internal/ir"
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

// Add notes a stage that comes after lowering.
func (t *Trace) Add(pass, text string) { t.add(pass, func() string { return text }) }

// printValues lists the values that change from step to step, and what reads each
// as often.
func (l *lowering) printValues() string {
	numbers := map[*value]int{}
	for i, v := range l.order {
		numbers[v] = i
	}
	var b strings.Builder
	for i, v := range l.order {
		var in []string
		for _, c := range v.in {
			if n, ok := numbers[c]; ok {
				in = append(in, fmt.Sprintf("v%d", n))
			} else {
				in = append(in, name(c.node))
			}
		}
		fmt.Fprintf(&b, "  v%d = %s", i, name(v.node))
		if v.leaf == nil {
			fmt.Fprintf(&b, " of %s", strings.Join(in, ", "))
		}
		fmt.Fprintf(&b, ": %s, %d elements, read %d times\n", v.kind(), v.size, v.uses)
	}
	return b.String()
}

// kind says in a word what a value is to the passes.
func (v *value) kind() string {
	switch {
	case v.leaf != nil && v.leaf.Kind == LeafState:
		return fmt.Sprintf("state %d", v.leaf.Index)
	case v.leaf != nil:
		return "sequence " + v.leaf.Stream.String()
	case v.alias() != v:
		return "alias"
	case v.isLanewise():
		return v.form.Op.String()
	case v.isRowProduct():
		return ir.OpRows.String()
	}
	return fmt.Sprintf("%v (%s)", ir.OpCall, v.whyNotLanewise())
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
	for _, v := range l.order {
		if f := v.fusion; f != nil {
			fmt.Fprintf(&b, "  %v and %v are %v\n", f.inner.form.Op, v.form.Op, f.op)
		}
	}
	if b.Len() == 0 {
		return "  nothing to fuse\n"
	}
	return b.String()
}
