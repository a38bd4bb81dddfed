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

// VanRossum is the distance of spike trains [T, batch, …] from others: both are filtered by a
// decaying exponential, and what is left of their difference e is squared and summed, also
// behind the last step,
//
//	d(t) = exp(−1/τ) d(t−1) + e(t),   L = 1/τ Σ_t d(t)²,
//
// averaged over neurons and samples. A spike that has no counterpart counts 1/(τ(1−exp(−2/τ))),
// about a half where τ is long. The steps that a sample does not have do not count.
//
// It needs whole sequences: a model with a Segment or a Window is refused.
//
// M. C. W. van Rossum, A novel spike distance, Neural Computation 13 (2001), 751.
type VanRossum struct {
	Tau float64 // τ, steps, above 0
}

// OverTime returns true.
func (VanRossum) OverTime() bool { return true }

// Whole says that what a step adds depends on those before.
func (VanRossum) Whole() {}

// Target returns the shape of the outputs.
func (v VanRossum) Target(out tensor.Shape) ([]int, error) {
	switch {
	case !(v.Tau > 0) || math.IsInf(v.Tau, 0):
		return nil, fmt.Errorf("van Rossum distance: Tau is %v steps, want a finite number above 0", v.Tau)
	case len(out) < 3:
		return nil, fmt.Errorf("van Rossum distance: outputs have shape %v, want [T batch …]", []int(out))
	}
	return out, nil
}

// Cost returns the mean over neurons and samples.
func (v VanRossum) Cost(out, target, weight *G.Node) (*G.Node, error) {
	var b graph.Builder
	if !b.Check("van Rossum distance", out, target, weight) {
		return nil, b.Err()
	}
	if _, err := v.Target(out.Shape()); err != nil {
		return nil, err
	}
	shape := out.Shape()
	if !slices.Equal(target.Shape(), shape) || !slices.Equal(weight.Shape(), shape[:2]) {
		return nil, fmt.Errorf("van Rossum distance: targets have shape %v and weights %v, want %v and %v",
			ops.ShapeOf(target), ops.ShapeOf(weight), []int(shape), []int(shape[:2]))
	}
	if target.Dtype() != out.Dtype() || weight.Dtype() != out.Dtype() || !ops.IsFloat(out.Dtype()) {
		return nil, fmt.Errorf("van Rossum distance: outputs, targets and weights have elements of type %v, %v and %v, want one of float32 and float64",
			out.Dtype(), target.Dtype(), weight.Dtype())
	}
	in := G.Nodes{out, target, weight}
	l := b.Apply(&distanceOp{Signature: ops.SignatureOf(in, out.Dtype(), nil), tau: v.Tau, steps: shape[0], batch: shape[1]}, in...)
	return l, b.Err()
}

// A distanceOp is the distance of spike trains, or with a fourth input, the gradient of the
// result, the gradient of the first.
type distanceOp struct {
	ops.Pure
	ops.Signature
	tau          float64
	steps, batch int
	grad         bool
}

func (op *distanceOp) String() string {
	if op.grad {
		return "gradient of van Rossum distance"
	}
	return "van Rossum distance"
}
func (op *distanceOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v %p", op, op.Shape, op) }
func (op *distanceOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op *distanceOp) OverTime() bool        { return true }
func (op *distanceOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	d[0] = !op.grad
	return d
}

// SymDiff: see trains.
func (op *distanceOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.grad {
		return nil, fmt.Errorf("loss: %v has no gradient", op)
	}
	var b graph.Builder
	all := append(slices.Clone(in), grad)
	d := b.Apply(&distanceOp{Signature: ops.SignatureOf(all, grad.Dtype(), in[0].Shape()), tau: op.tau, steps: op.steps, batch: op.batch, grad: true}, all...)
	return G.Nodes{d, grad, grad}, b.Err() // a gradient must stand there for targets and weights, too
}

func (op *distanceOp) Do(vs ...G.Value) (G.Value, error) {
	if vs[0].Dtype() == tensor.Float32 {
		return trains[float32](op, vs)
	}
	return trains[float64](op, vs)
}

// trains goes through the trains of each sample: forward for the distance, and backward for
// its gradient, Σ_{t ≥ s} exp(−(t−s)/τ) 2 d(t)/τ at step s.
func trains[F vec.Float](op *distanceOp, vs []G.Value) (G.Value, error) {
	var fs [4][]F
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return nil, err
		}
		fs[i] = f
	}
	out, target, weight := fs[0], fs[1], fs[2]
	n := len(out) / len(weight)
	decay := math.Exp(-1 / op.tau)
	// Behind the last step the squares go on as a geometric series.
	tail := decay * decay / (1 - decay*decay)
	var grad []F
	scale := 1 / (op.tau * float64(n))
	if op.grad {
		grad = make([]F, len(out))
		scale *= float64(fs[3][0])
	}
	var loss float64
	diff := make([]float64, op.steps)
	for b := range op.batch {
		steps, share := 0, 0.0 // those that the sample has are first
		for t := range op.steps {
			if w := weight[t*op.batch+b]; w != 0 {
				steps, share = t+1, share+float64(w)
			}
		}
		for i := range n {
			d, squares := 0.0, 0.0
			for t := range steps {
				at := (t*op.batch+b)*n + i
				d = decay*d + float64(out[at]) - float64(target[at])
				diff[t] = d
				squares += d * d
			}
			loss += scale * share * (squares + tail*d*d)
			if !op.grad || steps == 0 {
				continue
			}
			g := 2 * tail * d
			for t := steps - 1; t >= 0; t-- {
				g = g + 2*diff[t]
				grad[(t*op.batch+b)*n+i] = F(scale * share * g)
				g *= decay
			}
		}
	}
	if op.grad {
		return tensor.New(tensor.WithShape(op.Shape...), tensor.WithBacking(grad)), nil
	}
	return ops.Scalar(vs[0].Dtype(), loss), nil
}

var _ G.SDOp = (*distanceOp)(nil)
