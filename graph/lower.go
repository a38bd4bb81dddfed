package graph

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
)

// A leaf says what an input node of a step graph stands for.
type leaf struct {
	kind  leafKind
	index int
}

type leafKind uint8

const (
	leafParam  leafKind = iota // does not change over time
	leafStream                 // a sequence, read at the present time step
	leafState                  // a carried state
)

// A root is a node to compute at each time step, and where it goes.
type root struct {
	node *G.Node
	kind slotKind // slotStream, slotOut or slotAcc
	strm stream
	i    int // state or accumulator
}

// lowering turns the nodes of a step graph into a program.
type lowering struct {
	leaves  map[*G.Node]leaf
	streams map[*G.Node]stream
	p       *program
	varies  map[*G.Node]bool
	slot    map[*G.Node]int32
	uses    map[*G.Node]int
	free    map[int][]int32 // registers to use again, by width
	nreg    int
	order   []*G.Node

	fusions  map[*G.Node]fusion
	absorbed map[*G.Node]bool // by a fusion: they need no instruction of their own
}

func newLowering(leaves map[*G.Node]leaf, streams map[*G.Node]stream, states int) *lowering {
	l := &lowering{
		leaves: leaves, streams: streams, p: &program{},
		varies: map[*G.Node]bool{}, slot: map[*G.Node]int32{}, uses: map[*G.Node]int{},
		free: map[int][]int32{}, fusions: map[*G.Node]fusion{}, absorbed: map[*G.Node]bool{},
	}
	l.p.states = make([]carry, states)
	for i := range l.p.states {
		l.p.states[i] = carry{in: -1, out: -1}
	}
	return l
}

// lower makes the program that computes the roots, and the sums over time of
// the parameters' gradients in sums. batch is the length of the first axis of a
// time step; rows, if it is not 0, is how many rows the program must fall into.
func lower(roots []root, sums []*G.Node, leaves map[*G.Node]leaf, streams map[*G.Node]stream, states, batch, rows int) (*program, []*tail, error) {
	l := newLowering(leaves, streams, states)
	tails := make([]*tail, len(sums))
	for i, n := range sums {
		if n != nil {
			tails[i] = l.tail(n, &roots)
		}
	}
	for _, r := range roots {
		l.visit(r.node)
	}
	l.chooseRows(roots, batch)
	if rows > 0 {
		l.p.rows = rows
	}
	l.planFusions()
	if err := l.emit(roots); err != nil {
		return nil, nil, err
	}
	return l.p, tails, nil
}

// changes reports whether n depends on anything but the parameters.
func (l *lowering) changes(n *G.Node) bool {
	if v, ok := l.varies[n]; ok {
		return v
	}
	v := false
	if lf, ok := l.leaves[n]; ok {
		v = lf.kind != leafParam
	} else if _, ok := n.Op().(*fillOp); !ok {
		for _, c := range childrenOf(n) {
			v = l.changes(c) || v
		}
	}
	l.varies[n] = v
	return v
}

// visit puts the nodes that n needs at each time step in order, and counts how
// often each is used.
func (l *lowering) visit(n *G.Node) {
	if !l.changes(n) {
		return
	}
	l.uses[n]++
	if l.uses[n] > 1 {
		return
	}
	if !l.isLeaf(n) {
		for _, c := range childrenOf(n) {
			l.visit(c)
		}
	}
	l.order = append(l.order, n)
}

func (l *lowering) isLeaf(n *G.Node) bool {
	_, ok := l.leaves[n]
	return ok
}

// alias returns the input whose elements n shares: detached and reshaped values
// are their inputs.
func (l *lowering) alias(n *G.Node) *G.Node {
	for n.Op() != nil {
		if _, ok := n.Op().(stopOp); !ok && !isReshape(n.Op()) {
			break
		}
		n = childrenOf(n)[0]
	}
	return n
}

// opcodeOf returns the element-wise opcode of a node, opNone if it is none.
func opcodeOf(n *G.Node) opcode {
	switch op := n.Op().(type) {
	case mapOp:
		return op.code
	case spikeOp:
		if _, ok := op.f.(heaviside); ok && !op.slope {
			return opGtC
		}
		return opFunc
	}
	return elementwise(n.Op())
}

func size(n *G.Node) int { return n.Shape().TotalSize() }

// isRowProduct reports whether n multiplies a value that changes by a matrix
// that does not, so that each row of the result needs one row of the value.
func (l *lowering) isRowProduct(n *G.Node) bool {
	op, ok := n.Op().(matOp)
	if !ok || op.transA {
		return false
	}
	in := childrenOf(n)
	return l.changes(in[0]) && !l.changes(in[1])
}

// isLanewise reports whether n maps lane to lane.
func (l *lowering) isLanewise(n *G.Node) bool {
	code := opcodeOf(n)
	if code == opNone {
		return false
	}
	for i, c := range childrenOf(n) {
		if _, ok := l.number(c); ok {
			if code == opPow && i == 0 {
				return false
			}
		} else if size(c) != size(n) {
			return false
		}
	}
	return true
}

// chooseRows decides into how many independent rows a time step falls.
func (l *lowering) chooseRows(roots []root, batch int) {
	lanes, products := true, true
	width := 0
	consider := func(n *G.Node) {
		if s := size(n); width == 0 {
			width = s
		} else if s != width {
			lanes = false
		}
		if shape := n.Shape(); len(shape) == 0 || shape[0] != batch {
			products = false
		}
		l.p.lanes = max(l.p.lanes, size(n))
	}
	for _, n := range l.order {
		consider(n)
		if l.isLeaf(n) || l.alias(n) != n || l.isLanewise(n) {
			continue
		}
		lanes = false
		if !l.isRowProduct(n) {
			products = false
		}
	}
	for _, r := range roots {
		if !l.changes(r.node) {
			consider(r.node)
		}
	}
	switch {
	case lanes:
		l.p.rows = width
	case products:
		l.p.rows = batch
	default:
		l.p.rows = 1
	}
}

func (l *lowering) addSlot(d slotDesc) int32 {
	l.p.slots = append(l.p.slots, d)
	return int32(len(l.p.slots) - 1)
}

func (l *lowering) width(n *G.Node) int { return size(n) / l.p.rows }

// full returns the slot of a value that does not change over time.
func (l *lowering) full(n *G.Node) int32 {
	if s, ok := l.slot[n]; ok {
		return s
	}
	s := l.addSlot(slotDesc{kind: slotFull, index: l.fullNumber(n), width: l.width(n)})
	l.slot[n] = s
	return s
}

func (l *lowering) fullNumber(n *G.Node) int {
	if i := slices.Index(l.p.fulls, n); i >= 0 {
		return i
	}
	l.p.fulls = append(l.p.fulls, n)
	return len(l.p.fulls) - 1
}

// number reports whether n does not change and is one number for all lanes, and
// returns that number.
func (l *lowering) number(n *G.Node) (constant, bool) {
	if l.changes(n) {
		return constant{}, false
	}
	switch op := n.Op().(type) {
	case expandOp:
		if c := childrenOf(n)[0]; size(c) == 1 {
			return constant{node: c}, true
		}
	case *fillOp:
		return constant{v: op.c}, true
	}
	return constant{node: n}, size(n) == 1
}

func (l *lowering) constant(c constant) int32 {
	if i := slices.Index(l.p.consts, c); i >= 0 {
		return int32(i)
	}
	l.p.consts = append(l.p.consts, c)
	return int32(len(l.p.consts) - 1)
}

// operand returns the slot that holds n.
func (l *lowering) operand(n *G.Node) int32 {
	if !l.changes(n) {
		return l.full(n)
	}
	return l.slot[l.alias(n)]
}

// release gives back the register of n after its last use.
func (l *lowering) release(n *G.Node) {
	if !l.changes(n) {
		return
	}
	l.uses[n]--
	if l.uses[n] > 0 {
		return
	}
	if a := l.alias(n); a != n {
		l.release(childrenOf(n)[0])
		return
	}
	s := l.slot[n]
	if d := l.p.slots[s]; d.kind == slotReg {
		l.free[d.width] = append(l.free[d.width], s)
	}
}

// register returns a slot of scratch memory.
func (l *lowering) register(width int) int32 {
	if f := l.free[width]; len(f) > 0 {
		l.free[width] = f[:len(f)-1]
		return f[len(f)-1]
	}
	l.nreg++
	return l.addSlot(slotDesc{kind: slotReg, index: l.nreg - 1, width: width})
}

// sink returns the slot that a root is written to.
func (l *lowering) sink(r root) int32 {
	w := l.width(r.node)
	switch r.kind {
	case slotStream:
		return l.addSlot(slotDesc{kind: slotStream, strm: r.strm, width: w})
	case slotAcc:
		return l.addSlot(slotDesc{kind: slotAcc, index: r.i, width: w})
	}
	s := l.addSlot(slotDesc{kind: slotOut, index: r.i, width: w})
	l.p.states[r.i].out, l.p.states[r.i].width = s, w
	return s
}

// emit writes the instructions.
func (l *lowering) emit(roots []root) error {
	// The first sink of a value is where it is computed to; the others get copies.
	first := map[*G.Node]int{}
	sinks := make([]int32, len(roots))
	for i, r := range roots {
		sinks[i] = l.sink(r)
		n := l.alias(r.node)
		if _, ok := first[n]; !ok && r.kind != slotAcc && l.changes(n) && !l.isLeaf(n) {
			first[n] = i
		}
	}
	for _, n := range l.order {
		if err := l.emitNode(n, first, sinks); err != nil {
			return err
		}
	}
	for i, r := range roots {
		n := l.alias(r.node)
		if j, ok := first[n]; ok && j == i {
			continue
		}
		if c, ok := l.number(r.node); ok {
			code := opFill
			if r.kind == slotAcc {
				code = opAddC
			}
			l.p.instrs = append(l.p.instrs, instr{code: code, dst: sinks[i], a: sinks[i], c: l.constant(c)})
			continue
		}
		src := l.operand(r.node)
		if r.kind == slotAcc {
			l.p.instrs = append(l.p.instrs, instr{code: opAdd, dst: sinks[i], a: sinks[i], b: src})
		} else {
			l.p.instrs = append(l.p.instrs, instr{code: opCopy, dst: sinks[i], a: src})
		}
	}
	return nil
}

func (l *lowering) emitNode(n *G.Node, first map[*G.Node]int, sinks []int32) error {
	if lf, ok := l.leaves[n]; ok {
		switch lf.kind {
		case leafStream:
			l.slot[n] = l.addSlot(slotDesc{kind: slotStream, strm: l.streams[n], width: l.width(n)})
		case leafState:
			s := l.addSlot(slotDesc{kind: slotIn, index: lf.index, width: l.width(n)})
			l.p.states[lf.index].in, l.p.states[lf.index].width = s, l.width(n)
			l.slot[n] = s
		}
		return nil
	}
	if l.alias(n) != n || l.absorbed[n] {
		return nil
	}
	in := childrenOf(n)
	w := l.width(n)
	dst := func() int32 {
		if i, ok := first[n]; ok {
			return sinks[i]
		}
		return l.register(w)
	}
	switch {
	case l.isLanewise(n):
		var ins instr
		if f := l.fusions[n]; f.inner != nil {
			ins, in = l.fused(f)
		} else {
			ins = l.lanewise(n, opcodeOf(n), in)
		}
		// Operands may share memory with the result, so they are given back first.
		for _, c := range in {
			l.release(c)
		}
		ins.dst = dst()
		l.slot[n] = ins.dst
		l.p.instrs = append(l.p.instrs, ins)
	case l.isRowProduct(n):
		op := n.Op().(matOp)
		k, cols := flip(in[1].Shape(), op.transB)
		l.p.mats = append(l.p.mats, matInstr{w: l.fullNumber(in[1]), trans: op.transB, k: k, n: cols})
		ins := instr{code: opRows, a: l.operand(in[0]), c: int32(len(l.p.mats) - 1), dst: dst()}
		l.slot[n] = ins.dst
		l.p.instrs = append(l.p.instrs, ins)
		l.release(in[0])
	default:
		if !isFloat(n.Dtype()) {
			return fmt.Errorf("%v gives elements of type %v inside a step, want float32 or float64 (comparisons have a form that does)", n.Op(), n.Dtype())
		}
		if op, ok := n.Op().(*linearOp); ok {
			op.l.stepwise = true
		}
		call := callInstr{op: n.Op(), node: n}
		for _, c := range in {
			if l.changes(c) {
				call.args = append(call.args, arg{slot: l.operand(c), node: c})
			} else {
				call.args = append(call.args, arg{slot: -1, node: c})
			}
		}
		l.p.calls = append(l.p.calls, call)
		ins := instr{code: opCall, c: int32(len(l.p.calls) - 1), dst: dst()}
		l.slot[n] = ins.dst
		l.p.instrs = append(l.p.instrs, ins)
		for _, c := range in {
			l.release(c)
		}
	}
	return nil
}

// withConst maps an opcode on two values to those with a constant on the right
// and on the left.
var withConst = map[opcode]struct{ right, left opcode }{
	opAdd: {opAddC, opAddC}, opSub: {opAddC, opRSubC}, opMul: {opMulC, opMulC}, opDiv: {opDivC, opRDivC},
	opPow: {opPowC, opNone}, opGt: {opGtC, opLtC}, opGe: {opGeC, opLeC}, opLt: {opLtC, opGtC},
	opLe: {opLeC, opGeC}, opEq: {opEqC, opEqC}, opNe: {opNeC, opNeC},
}

// lanewise makes the instruction of an element-wise node, all but its result.
func (l *lowering) lanewise(n *G.Node, code opcode, in G.Nodes) instr {
	ins := instr{code: code}
	switch op := n.Op().(type) {
	case mapOp:
		ins.a = l.operand(in[0])
		ins.c = l.constant(constant{v: op.c})
		return ins
	case spikeOp:
		ins.a = l.operand(in[0])
		if code == opFunc {
			ins.fn = op.eval()
		} else {
			ins.c = l.constant(constant{})
		}
		return ins
	}
	if len(in) == 1 {
		ins.a = l.operand(in[0])
		return ins
	}
	if c, ok := l.number(in[1]); ok {
		c.neg = code == opSub
		ins.code, ins.a, ins.c = withConst[code].right, l.operand(in[0]), l.constant(c)
		return ins
	}
	if c, ok := l.number(in[0]); ok {
		ins.code, ins.a, ins.c = withConst[code].left, l.operand(in[1]), l.constant(c)
		return ins
	}
	ins.a, ins.b = l.operand(in[0]), l.operand(in[1])
	return ins
}

// A tail is the part of a parameter's gradient that is linear in values that
// change, so that it can be computed once, from their sums over time.
type tail struct {
	node *G.Node
	acc  int // accumulator, −1 for an inner node
	in   []*tail
}

// tail finds the values whose sums over time the gradient n needs, adds them to
// the roots, and returns how to compute n from the sums.
func (l *lowering) tail(n *G.Node, roots *[]root) *tail {
	if !l.changes(n) {
		return l.accumulate(n, roots) // T times the value
	}
	if _, isLeaf := l.leaves[n]; isLeaf {
		return l.accumulate(n, roots)
	}
	in := childrenOf(n)
	var linear bool
	switch op := n.Op().(type) {
	case mapOp:
		linear = op.code == opMulC
	case reduceOp, expandOp, insertOp, extractOp:
		linear = true
	case phiGradOp:
		linear = !l.changes(in[0])
	case matOp:
		if op.transA && !op.transB && l.changes(in[0]) && l.changes(in[1]) {
			return l.product(n, in, roots)
		}
	default:
		switch elementwise(n.Op()) {
		case opNeg:
			linear = true
		case opAdd, opSub:
			linear = l.changes(in[0]) && l.changes(in[1]) && size(in[0]) == size(in[1])
		case opMul:
			linear = l.changes(in[0]) != l.changes(in[1])
		case opDiv:
			linear = l.changes(in[0]) && !l.changes(in[1])
		}
		linear = linear || isSum(n.Op()) || isReshape(n.Op())
	}
	if !linear {
		return l.accumulate(n, roots)
	}
	t := &tail{node: n, acc: -1}
	for _, c := range in {
		if l.changes(c) {
			t.in = append(t.in, l.tail(c, roots))
		} else {
			t.in = append(t.in, &tail{node: c, acc: -1})
		}
	}
	return t
}

func (l *lowering) accumulate(n *G.Node, roots *[]root) *tail {
	for i, a := range l.p.accs {
		if a.node == n {
			return &tail{node: n, acc: i}
		}
	}
	i := len(l.p.accs)
	l.p.accs = append(l.p.accs, accumulator{node: n})
	*roots = append(*roots, root{node: n, kind: slotAcc, i: i})
	return &tail{node: n, acc: i}
}

// product keeps both sides of aᵀ·b at each time step, for one product over all
// of them at the end.
func (l *lowering) product(n *G.Node, in G.Nodes, roots *[]root) *tail {
	for i, a := range l.p.accs {
		if a.node == n {
			return &tail{node: n, acc: i}
		}
	}
	i := len(l.p.accs)
	stash := 0
	for _, a := range l.p.accs {
		if a.product {
			stash++
		}
	}
	l.p.accs = append(l.p.accs, accumulator{node: n, product: true, stash: stash, m: in[0].Shape()[1], n: in[1].Shape()[1]})
	*roots = append(*roots,
		root{node: in[0], kind: slotStream, strm: stream{streamStashA, stash}},
		root{node: in[1], kind: slotStream, strm: stream{streamStashB, stash}})
	return &tail{node: n, acc: i}
}
