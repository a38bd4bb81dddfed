package connect

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/delays"
	"github.com/spikegrad/spikegrad/internal/limit"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// MaxDelay is how many time steps a delay has at most.
const MaxDelay = 1 << 12

// Delays say how late values arrive: at the positions At, in time steps, which are cut off
// at 0 and at Max. What comes in at step t arrives at step t + k with the weight κ(k), for
// k = 0 to Max. These weights sum to 1 and depend on the position p and the Width σ:
//
//	σ > 0   κ(k) ∝ exp(−(k − p)²/2σ²)     a Gaussian
//	σ = 0   κ(k) = 1 at p, rounded        whole steps; half a step is rounded up
//
// and with Interpolate, where σ is not 0, κ(k) = max(0, 1 − |k − p|): the two steps beside p.
//
// I. Hammouamri, I. Khalfaoui-Hassani and T. Masquelier, ICLR (2024).
type Delays struct {
	At          *G.Node // positions; their shape is that of what is delayed
	Max         int     // the longest delay, 1 to MaxDelay
	Width       *G.Node // [1], σ in time steps, at least 0; has no gradient
	Interpolate bool    // between two steps in the place of a Gaussian

	// Enter [batch, Max, n] is what earlier windows of a sequence have set in motion: in k
	// what arrives at step k of this one. Nil means nothing.
	Enter *G.Node
}

// A Delayed is a sequence of which each value is a sum of earlier ones.
type Delayed struct {
	Y  *G.Node // [T, batch, …]
	d  *delay
	in G.Nodes
}

// Delay returns the sequence x [T, batch, c, …] with each channel delayed by its own time, of
// d.At [c]:
//
//	y(t) = Σ_k κ(k) x(t − k)
//
// Values before the first step are 0, or what entered. The cost is that of the elements of x
// that are not zero, times the steps at which κ is not.
//
// Gradients are exact, also those of the positions. Where one is beyond 0 or Max its gradient is
// kept if a step against it leads back, and is else 0; with whole steps all are 0.
func Delay(x *G.Node, d Delays) (Delayed, error) {
	l, in, err := d.inputs("delay", x, nil, nil, 1)
	if err != nil {
		return Delayed{}, err
	}
	s := x.Shape()
	if len(s) < 3 || !d.At.Shape().Eq(tensor.Shape{s[2]}) {
		return Delayed{}, fmt.Errorf("connect: delay: x has shape %v and the positions %v, want [T batch c …] and [c]", []int(s), ops.ShapeOf(d.At))
	}
	l.in, l.out, l.places = s[2:].TotalSize(), s[2:].TotalSize(), s[3:].TotalSize()
	return l.node(x, in, s)
}

// DelayedLinear returns a linear map of x [T, batch, in] by w [in, out] in which each connection
// has its own delay, of d.At [in, out]:
//
//	y(t) = Σ_i Σ_k w(i) κ(i, k) x_i(t − k) + b
//
// bias [out] may be nil. It follows the spikes: they are added to currents of later steps
// as they come, and no sequence of all delays is made. Where that takes more additions, as with a Gaussian and
// spikes that are not few, it goes by frequencies: its sums are then rounded in another way, and the cost
// does not depend on how many spikes there are. It does not do so for y if something enters: windows of a sequence have
// the bits of the whole. See Delay for the gradients.
func DelayedLinear(x, w, bias *G.Node, d Delays) (Delayed, error) {
	l, in, err := d.inputs("delayed linear", x, w, bias, 2)
	if err != nil {
		return Delayed{}, err
	}
	s, ws := x.Shape(), w.Shape()
	switch {
	case len(s) != 3 || len(ws) != 2 || s[2] != ws[0] || !d.At.Shape().Eq(ws):
		return Delayed{}, fmt.Errorf("connect: delayed linear: x has shape %v, w %v and the positions %v, want [T batch in] and twice [in out]", []int(s), []int(ws), ops.ShapeOf(d.At))
	case bias != nil && !bias.Shape().Eq(tensor.Shape{ws[1]}):
		return Delayed{}, fmt.Errorf("connect: delayed linear: the bias has shape %v, want [%d]", ops.ShapeOf(bias), ws[1])
	}
	l.in, l.out, l.places = ws[0], ws[1], 1
	return l.node(x, in, tensor.Shape{s[0], s[1], ws[1]})
}

// inputs checks what all delays need.
func (d Delays) inputs(name string, x, w, bias *G.Node, axes int) (*delay, G.Nodes, error) {
	l := &delay{name: name, max: d.Max, interpolate: d.Interpolate, has: map[delayInput]int{}}
	var in G.Nodes
	var b graph.Builder
	for i, n := range []*G.Node{delayX: x, delayAt: d.At, delayWidth: d.Width, delayW: w, delayBias: bias, delayEnter: d.Enter} {
		required := delayInput(i) <= delayWidth || delayInput(i) == delayW && axes == 2
		if n == nil && !required {
			continue
		}
		if !b.Check(name, n) {
			return nil, nil, fmt.Errorf("connect: %w", b.Err())
		}
		if !ops.IsFloat(x.Dtype()) || n.Dtype() != x.Dtype() {
			return nil, nil, fmt.Errorf("connect: %s: x has elements of type %v, %s of %v, want float32 or float64 of all", name, x.Dtype(), n.Name(), n.Dtype())
		}
		l.has[delayInput(i)] = len(in)
		in = append(in, n)
	}
	switch s := x.Shape(); {
	case d.Max < 1 || d.Max > MaxDelay:
		return nil, nil, fmt.Errorf("connect: %s: the longest delay is %d, want 1 to %d time steps", name, d.Max, MaxDelay)
	case len(s) < 3 || slices.Min(s) < 1:
		return nil, nil, fmt.Errorf("connect: %s: x has shape %v, want [T batch …] with axes of at least 1", name, []int(s))
	case !d.Width.Shape().Eq(tensor.Shape{1}):
		return nil, nil, fmt.Errorf("connect: %s: the width has shape %v, want [1]", name, ops.ShapeOf(d.Width))
	}
	l.dt, l.steps, l.batch = x.Dtype(), x.Shape()[0], x.Shape()[1]
	return l, in, nil
}

// node adds the operation.
func (l *delay) node(x *G.Node, in G.Nodes, shape tensor.Shape) (Delayed, error) {
	if i, ok := l.has[delayEnter]; ok && !in[i].Shape().Eq(l.later()) {
		return Delayed{}, fmt.Errorf("connect: %s: what entered has shape %v, want %v", l.name, ops.ShapeOf(in[i]), []int(l.later()))
	}
	// What is kept beside the sequences: what leaves, places in it, and weights of all steps.
	for _, axes := range []tensor.Shape{l.later(), {max(l.batch, 128), l.steps + l.max}, {l.in, l.max + 1}} {
		if _, err := limit.Within(maxRows, axes...); err != nil {
			return Delayed{}, fmt.Errorf("connect: %s: with delays of up to %d steps there are too many values: %w", l.name, l.max, err)
		}
	}
	l.x = x.Shape()
	if l.given = listsOf(x, l.in); l.given != nil {
		in[0] = l.given.token
	}
	if l.dt == tensor.Float32 {
		l.run = &delayRun[float32]{delay: l, run: delays.Run[float32]{Plan: l.plan()}}
	} else {
		l.run = &delayRun[float64]{delay: l, run: delays.Run[float64]{Plan: l.plan()}}
	}
	var b graph.Builder
	y := b.Apply(&delayOp{Signature: ops.SignatureOf(in, l.dt, shape), d: l, kind: delayY}, in...)
	return Delayed{Y: y, d: l, in: in}, b.Err()
}

// Leave returns what the sequence has set in motion that arrives behind its last step, as
// [batch, Max, n]: what enters the next window.
func (y Delayed) Leave() (*G.Node, error) {
	if y.d == nil {
		return nil, fmt.Errorf("connect: delay: it was not made by Delay or DelayedLinear")
	}
	var b graph.Builder
	in := append(slices.Clone(y.in), y.Y)
	n := b.Apply(&delayOp{Signature: ops.SignatureOf(in, y.d.dt, y.d.later()), d: y.d, kind: delayLeave}, in...)
	return n, b.Err()
}

// A delay is one use of Delay or of DelayedLinear: what its nodes share.
type delay struct {
	name         string
	dt           tensor.Dtype
	steps, batch int
	in, out      int // elements of a sample at one step
	places       int // elements of a channel
	max          int
	interpolate  bool
	x            tensor.Shape
	has          map[delayInput]int // where inputs are; those that there are not are missing
	given        *spikeInput        // has the lists of x; nil if x is dense
	run          interface {
		do(op *delayOp, in []G.Value) (G.Value, error)
	}
}

// later is the shape of what arrives behind the last step.
func (l *delay) later() tensor.Shape { return tensor.Shape{l.batch, l.max, l.out} }

// plan says what is delayed.
func (l *delay) plan() delays.Plan {
	return delays.Plan{Steps: l.steps, Batch: l.batch, In: l.in, Out: l.out, Places: l.places, Max: l.max, Matrix: l.matrix(), Interpolate: l.interpolate}
}

// matrix reports whether there are weights.
func (l *delay) matrix() bool { _, ok := l.has[delayW]; return ok }

// delayInput names an input of delayY and delayLeave.
type delayInput int

const (
	delayX delayInput = iota
	delayAt
	delayWidth
	delayW
	delayBias
	delayEnter
)

// delayKind names one of the values of a delay.
type delayKind uint8

const (
	delayY      delayKind = iota // from the inputs
	delayLeave                   // from the inputs and y, which has computed it
	delayDX                      // from a gradient, positions, width and weights
	delayDAt                     // from x, a gradient, positions, width, weights and y, after which the lists of x are there
	delayDW                      // from delayDAt, which has computed it
	delayDBias                   // from the gradient of y
	delayDEnter                  // from a gradient
)

type delayOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	d       *delay
	kind    delayKind
	ofLeave bool // the gradient is that of delayLeave, not that of y
	beside  any  // what delayDAt has computed for delayDW; there, its operation
}

func (op *delayOp) String() string {
	name := [...]string{"", "what is behind the end of ", "gradient of x of ", "gradient of the positions of ", "gradient of the weights of ", "gradient of the bias of ", "gradient of what enters "}[op.kind]
	return fmt.Sprintf("%s%s by up to %d steps", name, op.d.name, op.d.max)
}

func (op *delayOp) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "spikegrad delay %d %t %p", op.kind, op.ofLeave, op.d)
}
func (op *delayOp) Hashcode() uint32 { return ops.Hashcode(op) }

// Lends: y may be lent; dx is written where it is wanted.
func (op *delayOp) Lends() any {
	if op.kind != delayY {
		return nil
	}
	return op
}
func (op *delayOp) PlacedBy() (int, bool) { return ops.Itself, op.kind == delayDX }
func (op *delayOp) Follows(k int) bool {
	return op.kind == delayLeave || op.kind == delayDW || op.kind == delayDAt && k == len(op.In)-1
}

// Connects: each element of x meets a row of w.
func (op *delayOp) Connects(in G.Nodes) (x, w *G.Node, fanOut []int) {
	if op.kind != delayY || !op.d.matrix() {
		return nil, nil, nil
	}
	return valuesOf(op.d.given, in[delayX]), in[op.d.has[delayW]], slices.Repeat([]int{op.d.out}, op.d.in)
}

// Goes: within a scan x goes in, and what entered is on its way.
func (op *delayOp) Goes() (in, state int) {
	if i, ok := op.d.has[delayEnter]; ok && op.kind == delayY && op.d.given == nil {
		return op.d.has[delayX], i
	}
	return 0, -1
}

// Ends: what leaves is a state.
func (op *delayOp) Ends() int {
	if op.kind != delayLeave {
		return -1
	}
	return len(op.In) - 1
}

// Whole returns a line for a sequence of so many steps in the place of one.
func (op *delayOp) Whole(steps int) any {
	l := op.d
	if _, bias := l.has[delayBias]; bias || l.steps != 1 {
		return nil
	}
	in := delays.Inputs{All: len(l.has), At: l.has[delayAt], Width: l.has[delayWidth], W: -1}
	if l.matrix() {
		in.W = l.has[delayW]
	}
	p := l.plan()
	p.Steps = steps
	if l.dt == tensor.Float32 {
		return wholeDelay[float32](p, in)
	}
	return wholeDelay[float64](p, in)
}

func wholeDelay[F vec.Float](p delays.Plan, in delays.Inputs) any {
	if l := delays.NewLine[F](p, in); l != nil {
		return l
	}
	return nil
}

func (op *delayOp) DiffWRT(n int) []bool {
	ds := make([]bool, n)
	if op.kind > delayLeave {
		return ds
	}
	for which, i := range op.d.has {
		switch which {
		case delayX:
			ds[i] = op.d.given == nil
		case delayWidth:
		case delayBias:
			ds[i] = op.kind == delayY
		default:
			ds[i] = true
		}
	}
	return ds
}

// SymDiff: with the gradient g of y, and behind its end that of what leaves,
//
//	dx_i(t) = Σ_k w κ(k) g(t + k)
//	dw      = Σ_t Σ_k κ(k) x_i(t) g(t + k)
//	dp      = Σ_t Σ_k w ∂κ(k)/∂p x_i(t) g(t + k)
func (op *delayOp) SymDiff(in G.Nodes, y, grad *G.Node) (G.Nodes, error) {
	if op.kind > delayLeave {
		return nil, fmt.Errorf("connect: %v has no gradient", op)
	}
	var b graph.Builder
	d := op.d
	if op.kind == delayLeave {
		y = in[len(in)-1]
	}
	make := func(kind delayKind, shape tensor.Shape, from ...*G.Node) *G.Node {
		return b.Apply(&delayOp{Signature: ops.SignatureOf(from, d.dt, shape), d: d, kind: kind, ofLeave: op.kind == delayLeave}, from...)
	}
	ds := slices.Repeat(G.Nodes{nil}, len(in))
	how := G.Nodes{in[delayAt], in[delayWidth]}
	if d.matrix() {
		how = append(how, in[d.has[delayW]])
	}
	if d.given == nil {
		ds[delayX] = make(delayDX, d.x, append(G.Nodes{grad}, how...)...)
	}
	ds[delayAt] = make(delayDAt, in[delayAt].Shape(), append(append(G.Nodes{in[delayX], grad}, how...), y)...)
	if i, ok := d.has[delayW]; ok && b.Err() == nil {
		ds[i] = make(delayDW, in[i].Shape(), ds[delayAt])
		ds[i].Op().(*delayOp).beside = ds[delayAt].Op()
	}
	if i, ok := d.has[delayBias]; ok && op.kind == delayY {
		ds[i] = make(delayDBias, in[i].Shape(), grad)
	}
	if i, ok := d.has[delayEnter]; ok {
		ds[i] = make(delayDEnter, d.later(), grad)
	}
	return ds, b.Err()
}

// Along: time steps stay where they are, if what windows before have set in motion enters.
func (op *delayOp) Along(u *timing.Reading) (timing.Timing, error) {
	i, entered := op.d.has[delayEnter]
	switch {
	case op.kind > delayLeave, u.Sequence(0) && op.d.given == nil && !u.Leads(0):
		return u.Mixes()
	case u.Windows && u.Sequence(0) && !(entered && u.Carried(i)):
		return timing.Timing{}, fmt.Errorf("%v starts from nothing in every window; use layers.Delay or layers.DelayedLinear, or enter what leaves it by Build.Enter", op)
	case op.kind == delayLeave:
		return u.Final(), nil
	}
	return u.Steps(), nil
}

func (op *delayOp) Do(vs ...G.Value) (G.Value, error) { return op.d.run.do(op, vs) }

var _ interface {
	G.SDOp
	ops.Lender
	ops.Placed
	ops.Taker
	ops.Follower
	ops.Connection
	ops.Line
	ops.LineEnd
	timing.Timed
} = (*delayOp)(nil)
