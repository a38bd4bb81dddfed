package connect

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/flat"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/quant"
)

// Quantise rounds weights w to so many bits, 2 to 8: to whole numbers q below 2^(bits−1) times
// a scale s_c for each channel c,
//
//	s_c = max |w| / (2^(bits−1) − 1),  q = round(w/s_c),  y = s_c q
//
// over the weights of the channel. Weights of one channel are those with the same places on
// the axes named; without any there is one channel. The gradient goes straight through:
// that of w is that of y.
//
// Y. Bengio, N. Léonard and A. Courville, arXiv:1308.3432 (2013).
func Quantise(w *G.Node, bits int, axes ...int) (*G.Node, error) {
	op, b, err := newQuantise(bits, w)
	if err != nil {
		return nil, err
	}
	shape := w.Shape()
	seen := map[int]bool{}
	for _, a := range axes {
		if a < 0 || a >= len(shape) || seen[a] {
			return nil, fmt.Errorf("connect: quantise: the axes are %v, want different ones of shape %v", axes, []int(shape))
		}
		seen[a] = true
	}
	op.channels = 1
	op.of = make([]int32, shape.TotalSize())
	for _, a := range axes {
		inner := slices.Clone(shape[a+1:])
		below := append(inner, 1).TotalSize()
		for i := range op.of {
			op.of[i] = op.of[i]*int32(shape[a]) + int32(i/below%shape[a])
		}
		op.channels *= shape[a]
	}
	y := b.Apply(op, w)
	return y, b.Err()
}

// QuantiseSparse is Quantise for the weights of Sparse: those of the connections to an output
// are of one channel.
func QuantiseSparse(w, to *G.Node, out, bits int) (*G.Node, error) {
	op, b, err := newQuantise(bits, w, to)
	if err != nil {
		return nil, err
	}
	if w.Dims() != 1 || !to.Shape().Eq(w.Shape()) || out < 1 || out > maxIndex {
		return nil, fmt.Errorf("connect: quantise: w and to have shapes %v and %v for %d outputs, want one shape [connections], and 1 to %d outputs", []int(w.Shape()), ops.ShapeOf(to), out, maxIndex)
	}
	op.channels = out
	y := b.Apply(op, w, to)
	return y, b.Err()
}

func newQuantise(bits int, in ...*G.Node) (*quantiseOp, *graph.Builder, error) {
	var b graph.Builder
	if !b.Check("quantise", in...) {
		return nil, nil, fmt.Errorf("connect: %w", b.Err())
	}
	w := in[0]
	switch {
	case !ops.IsFloat(w.Dtype()) || w.Dims() < 1 || in[len(in)-1].Dtype() != w.Dtype():
		return nil, nil, fmt.Errorf("connect: quantise: w has shape %v of %v, want at least one axis of float32 or float64", ops.ShapeOf(w), w.Dtype())
	case bits < 2 || bits > 8:
		return nil, nil, fmt.Errorf("connect: quantise: to %d bits, want 2 to 8", bits)
	}
	return &quantiseOp{Signature: ops.SignatureOf(in, w.Dtype(), w.Shape()), bits: bits}, &b, nil
}

// quantiseOp rounds weights. Of those of connections the outputs are its second input.
type quantiseOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	bits, channels int
	of             []int32 // the channel of each weight
	scale          flat.Values
}

func (op *quantiseOp) String() string        { return fmt.Sprintf("quantise to %d bits", op.bits) }
func (op *quantiseOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %p", op, op) }
func (op *quantiseOp) Hashcode() uint32      { return ops.Hashcode(op) }

// OverTime says that a scale is of all elements of a channel, were they of several time steps.
func (op *quantiseOp) OverTime() bool { return true }

// Rounds says that the result stands for the weights that are its first input.
func (op *quantiseOp) Rounds() {}

func (op *quantiseOp) DiffWRT(n int) []bool { return []bool{true, false}[:n] }

// SymDiff: the gradient goes straight through.
func (op *quantiseOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	// Nothing flows to the outputs; a gradient must stand there all the same.
	return G.Nodes{grad, grad}[:len(in)], nil
}

func (op *quantiseOp) Do(vs ...G.Value) (G.Value, error) {
	y := op.Result(op.Of, op.Shape)
	if ops.IsOf[float32](y) {
		return y, quantise(op, ops.Elems[float32](y), &op.scale.F32, vs)
	}
	return y, quantise(op, ops.Elems[float64](y), &op.scale.F64, vs)
}

func quantise[F float32 | float64](op *quantiseOp, y []F, scale *[]F, vs []G.Value) error {
	var in [2][]F
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return err
		}
		if len(f) != len(y) {
			return fmt.Errorf("connect: %v: input %d has %d elements, the graph was built for %d", op, i, len(f), len(y))
		}
		in[i] = f
	}
	if len(vs) > 1 {
		if op.of == nil {
			op.of = make([]int32, len(y))
		}
		for k, to := range in[1] {
			if !(to >= 0 && to < F(op.channels)) {
				return fmt.Errorf("connect: %v: connection %d is to output %v of %d", op, k, to, op.channels)
			}
			op.of[k] = int32(to)
		}
	}
	if *scale == nil {
		*scale = make([]F, op.channels)
	}
	quant.Scales(*scale, in[0], op.bits, func(i int) int { return int(op.of[i]) })
	for i, w := range in[0] {
		s := (*scale)[op.of[i]]
		y[i] = F(quant.Whole(w, s, op.bits)) * s
	}
	return nil
}

var _ G.SDOp = (*quantiseOp)(nil)
