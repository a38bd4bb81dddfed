package loss

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

// A classesOp is the loss of outputs [.., batch, classes] against labels [batch], with weights
// [.., batch], or with a fourth input, the gradient of the result, the gradient of the outputs.
type classesOp struct {
	ops.Pure
	ops.Signature
	scores
	name string
	grad bool
}

func (op *classesOp) String() string {
	if op.grad {
		return "gradient of " + op.name
	}
	return op.name
}
func (op *classesOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v %p", op, op.Shape, op) }
func (op *classesOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op *classesOp) OverTime() bool        { return true }
func (op *classesOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	d[0] = !op.grad
	return d
}

// SymDiff: with w the weights of classes, ε the smoothing and q the target, the gradient of a
// row is its weight times Σ_c q_c w_c softmax − q w; without a softmax −q w.
func (op *classesOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.grad {
		return nil, fmt.Errorf("loss: %v has no gradient", op)
	}
	var b graph.Builder
	all := append(slices.Clone(in), grad)
	d := b.Apply(&classesOp{Signature: ops.SignatureOf(all, grad.Dtype(), in[0].Shape()), name: op.name, scores: op.scores, grad: true}, all...)
	// Nothing flows to labels and weights; a gradient must stand there all the same.
	return G.Nodes{d, grad, grad}, b.Err()
}

func (op *classesOp) Do(vs ...G.Value) (G.Value, error) {
	if vs[0].Dtype() == tensor.Float32 {
		return classes[float32](op, vs)
	}
	return classes[float64](op, vs)
}

func classes[F vec.Float](op *classesOp, vs []G.Value) (G.Value, error) {
	var fs [4][]F
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return nil, err
		}
		fs[i] = f
	}
	out, labels, weight := fs[0], fs[1], fs[2]
	shape := vs[0].Shape()
	n := shape[len(shape)-1]
	for b, l := range labels {
		if c := int(l); c < 0 || c >= n || F(c) != l {
			return nil, fmt.Errorf("loss: %v: sample %d has label %v, want a class from 0 to %d", op, b, l, n-1)
		}
	}
	var d []F
	scale := 1.0
	if op.grad {
		d, scale = make([]F, len(out)), float64(fs[3][0])
	}
	row := row{scores: op.scores, target: make([]float64, n)}
	var loss float64
	for t := 0; t < len(weight); t += len(labels) {
		by := op.share(labels64(labels), weights64(weight[t:t+len(labels)]))
		for b, w := range by {
			if w == 0 {
				continue
			}
			y := out[(t+b)*n : (t+b+1)*n]
			row.set(int(labels[b]))
			if !op.grad {
				loss += w * of(&row, y)
				continue
			}
			gradient(&row, y, d[(t+b)*n:(t+b+1)*n], scale*w)
		}
	}
	if op.grad {
		return tensor.New(tensor.WithShape(op.Shape...), tensor.WithBacking(d)), nil
	}
	return ops.Scalar(vs[0].Dtype(), loss), nil
}

func labels64[F vec.Float](labels []F) []int {
	l := make([]int, len(labels))
	for i, v := range labels {
		l[i] = int(v)
	}
	return l
}

func weights64[F vec.Float](weights []F) []float64 {
	w := make([]float64, len(weights))
	for i, v := range weights {
		w[i] = float64(v)
	}
	return w
}

// share gives the samples of a time step, which have weights, their parts in the mean that
// weights of classes ask for: their sum stays what it was.
func (s scores) share(labels []int, weight []float64) []float64 {
	if s.weights == nil {
		return weight
	}
	var all, heavy float64
	for b, w := range weight {
		all += w
		heavy += w * s.weights[labels[b]]
	}
	for b := range weight {
		if heavy == 0 { // none of the classes counts
			weight[b] = 0
		} else {
			weight[b] *= all / heavy
		}
	}
	return weight
}

// A row is what one sample is to give.
type row struct {
	scores
	target []float64 // of each class, times its weight
	sum    float64   // of target
}

// set sets the target to that of a label.
func (r *row) set(label int) {
	r.sum = 0
	for c := range r.target {
		q := r.smoothing / float64(len(r.target))
		if c == label {
			q += 1 - r.smoothing
		}
		if r.weights != nil {
			q *= r.weights[c]
		}
		r.target[c] = q
		r.sum += q
	}
}

// of returns the loss of a row of outputs.
func of[F vec.Float](r *row, y []F) (l float64) {
	norm := 0.0
	if r.softmax {
		most := float64(slices.Max(y))
		for _, x := range y {
			norm += math.Exp(float64(x) - most)
		}
		norm = most + math.Log(norm)
	}
	for c, q := range r.target {
		if q != 0 {
			l += q * (norm - float64(y[c]))
		}
	}
	return l
}

// gradient writes the gradient of a row of outputs, times scale.
func gradient[F vec.Float](r *row, y, d []F, scale float64) {
	if !r.softmax {
		for c, q := range r.target {
			d[c] = F(-scale * q)
		}
		return
	}
	most, norm := float64(slices.Max(y)), 0.0
	for _, x := range y {
		norm += math.Exp(float64(x) - most)
	}
	for c, q := range r.target {
		d[c] = F(scale * (r.sum*math.Exp(float64(y[c])-most)/norm - q))
	}
}

var _ G.SDOp = (*classesOp)(nil)
