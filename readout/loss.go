package readout

import (
	"fmt"
	"hash"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// CrossEntropy returns the scalar
//
//	L = Σ_b weight_b (log Σ_c exp(logits_bc) − logits_b,label_b)
//
// for logits [batch, classes], the labels [batch] as numbers of the same element
// type, and a weight for each sample, [batch]. It is computed with the largest
// logit taken off, so that logits of any size are safe. A label that is no class
// is an error when the graph runs.
func CrossEntropy(logits, labels, weight *G.Node) (*G.Node, error) {
	var b graph.Builder
	if !b.Check("cross-entropy", logits, labels, weight) {
		return nil, fmt.Errorf("readout: %w", b.Err())
	}
	s := logits.Shape()
	if len(s) != 2 {
		return nil, fmt.Errorf("readout: cross-entropy: logits have shape %v, want [batch classes]", []int(s))
	}
	for name, n := range map[string]*G.Node{"labels": labels, "weights": weight} {
		if !slices.Equal(n.Shape(), tensor.Shape{s[0]}) {
			return nil, fmt.Errorf("readout: cross-entropy: %s have shape %v, want [%d]", name, ops.ShapeOf(n), s[0])
		}
		if n.Dtype() != logits.Dtype() {
			return nil, fmt.Errorf("readout: cross-entropy: %s have elements of type %v, logits of %v", name, n.Dtype(), logits.Dtype())
		}
	}
	in := G.Nodes{logits, labels, weight}
	l := b.Apply(crossEntropyOp{Signature: ops.SignatureOf(in, logits.Dtype(), nil)}, in...)
	return l, b.Err()
}

// crossEntropyOp is the cross-entropy, or with a fourth input, the gradient of
// the result, the gradient of the logits.
type crossEntropyOp struct {
	ops.Pure
	ops.Signature
	grad bool
}

func (op crossEntropyOp) String() string {
	if op.grad {
		return "gradient of cross-entropy"
	}
	return "cross-entropy"
}
func (op crossEntropyOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v", op, op.Shape) }
func (op crossEntropyOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op crossEntropyOp) OverTime() bool        { return true }
func (op crossEntropyOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	d[0] = !op.grad
	return d
}

// SymDiff: the gradient of the logits is weight (softmax − one-hot label).
func (op crossEntropyOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.grad {
		return nil, fmt.Errorf("readout: %v has no gradient", op)
	}
	var b graph.Builder
	all := append(slices.Clone(in), grad)
	d := b.Apply(crossEntropyOp{Signature: ops.SignatureOf(all, grad.Dtype(), in[0].Shape()), grad: true}, all...)
	// Nothing flows to labels and weights; a gradient must stand there all the same.
	return G.Nodes{d, grad, grad}, b.Err()
}

func (op crossEntropyOp) Do(vs ...G.Value) (G.Value, error) {
	if vs[0].Dtype() == tensor.Float32 {
		return crossEntropy[float32](op, vs)
	}
	return crossEntropy[float64](op, vs)
}

func crossEntropy[F vec.Float](op crossEntropyOp, vs []G.Value) (G.Value, error) {
	var fs [4][]F
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return nil, err
		}
		fs[i] = f
	}
	logits, labels, weight := fs[0], fs[1], fs[2]
	classes := vs[0].Shape()[1]
	var d []F
	if op.grad {
		d = make([]F, len(logits))
	}
	var loss float64
	for b, w := range weight {
		row := logits[b*classes : (b+1)*classes]
		label := int(labels[b])
		if label < 0 || label >= classes || F(label) != labels[b] {
			return nil, fmt.Errorf("readout: %v: sample %d has label %v, want a class from 0 to %d", op, b, labels[b], classes-1)
		}
		m := float64(slices.Max(row))
		var sum float64
		for _, x := range row {
			sum += math.Exp(float64(x) - m)
		}
		if w == 0 {
			continue
		}
		if !op.grad {
			loss += float64(w) * (m + math.Log(sum) - float64(row[label]))
			continue
		}
		scale := float64(fs[3][0]) * float64(w)
		for c, x := range row {
			p := math.Exp(float64(x)-m) / sum
			if c == label {
				p--
			}
			d[b*classes+c] = F(scale * p)
		}
	}
	if op.grad {
		return tensor.New(tensor.WithShape(op.Shape...), tensor.WithBacking(d)), nil
	}
	return ops.Scalar(vs[0].Dtype(), loss), nil
}

var _ G.SDOp = crossEntropyOp{}

// OneHot returns [batch, classes] with 1 at the label of each sample and else 0,
// for labels [batch] as numbers. It has no gradient.
func OneHot(labels *G.Node, classes int) (*G.Node, error) {
	var b graph.Builder
	if !b.Check("one-hot", labels) {
		return nil, fmt.Errorf("readout: %w", b.Err())
	}
	if labels.Dims() != 1 || classes < 1 {
		return nil, fmt.Errorf("readout: one-hot: labels have shape %v and there are %d classes, want [batch] and at least 1", ops.ShapeOf(labels), classes)
	}
	shape := tensor.Shape{labels.Shape()[0], classes}
	n := b.Apply(oneHotOp{Signature: ops.SignatureOf(G.Nodes{labels}, labels.Dtype(), shape)}, labels)
	return n, b.Err()
}

type oneHotOp struct {
	ops.Pure
	ops.Final
	ops.Signature
}

func (op oneHotOp) String() string        { return fmt.Sprintf("one-hot of %d", op.Shape[1]) }
func (op oneHotOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v", op) }
func (op oneHotOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op oneHotOp) OverTime() bool        { return false }
func (op oneHotOp) Do(vs ...G.Value) (G.Value, error) {
	if vs[0].Dtype() == tensor.Float32 {
		return oneHot[float32](op, vs[0])
	}
	return oneHot[float64](op, vs[0])
}

func oneHot[F vec.Float](op oneHotOp, v G.Value) (G.Value, error) {
	labels, err := ops.FloatsIn[F](op, v)
	if err != nil {
		return nil, err
	}
	classes := op.Shape[1]
	x := make([]F, len(labels)*classes)
	for b, l := range labels {
		if c := int(l); c >= 0 && c < classes && F(c) == l {
			x[b*classes+c] = 1
			continue
		}
		return nil, fmt.Errorf("readout: %v: sample %d has label %v, want a class from 0 to %d", op, b, l, classes-1)
	}
	return tensor.New(tensor.WithShape(op.Shape...), tensor.WithBacking(x)), nil
}
