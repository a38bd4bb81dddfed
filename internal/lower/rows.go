package lower

import "fmt"

// chooseRows decides into how many independent rows a time step falls.
func (l *lowering) chooseRows(batch int) {
	notLanes, notProducts := l.obstacles(batch)
	switch {
	case notLanes == "" && len(l.Lines) == 0:
		l.p.Rows = 1 // where there is nothing to compute
		if len(l.order) > 0 {
			l.p.Rows = max(1, l.order[0].size)
		} else if len(l.roots) > 0 {
			l.p.Rows = max(1, l.value(l.roots[0].Node).size)
		}
	case notProducts == "":
		l.p.Rows = batch
	default:
		l.p.Rows = 1
	}
}

// obstacles says what keeps a step from falling into lanes, and what from falling
// into samples; "" if nothing does. It also finds the widest value.
func (l *lowering) obstacles(batch int) (lanes, products string) {
	width := 0
	note := func(to *string, v *value, why string) {
		if *to == "" {
			*to = fmt.Sprintf("%s: %s", name(v.node), why)
		}
	}
	consider := func(v *value) {
		if width == 0 {
			width = v.size
		} else if v.size != width {
			note(&lanes, v, fmt.Sprintf("it has %d elements, others have %d", v.size, width))
		}
		shape := v.node.Shape()
		for batch > 1 && len(shape) > 1 && shape[0] == 1 { // a sequence of one step
			shape = shape[1:]
		}
		if len(shape) == 0 || shape[0] != batch {
			note(&products, v, fmt.Sprintf("its shape %v does not begin with the batch, %d", []int(shape), batch))
		}
		l.p.Lanes = max(l.p.Lanes, v.size)
	}
	for _, v := range l.order {
		consider(v)
		if v.leaf != nil || v.alias() != v || v.isLanewise() {
			continue
		}
		note(&lanes, v, v.whyNotLanewise())
		if !v.isRowProduct() {
			note(&products, v, "it is no product of rows by a matrix that does not change")
		}
	}
	for _, r := range l.roots {
		if v := l.value(r.Node); !v.changes {
			consider(v)
		}
	}
	return lanes, products
}
