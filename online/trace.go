package online

import (
	"fmt"
	"hash"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// traceOp carries the eligibility traces of weights w [m, n] through a window of T steps, and has
// their gradient. With ε the traces of the d states s of a neuron j, by the weight that x_i meets,
// and what the scan in groups gave backward,
//
//	λ_k = ∂E/∂s_k at the beginning of the window, δ[t] = ∂E/∂(current at t)
//	P_kl = ∂s_k at its end / ∂s_l at its beginning, h_k[t] = ∂s_k at its end / ∂(current at t)
//
// it computes
//
//	dw_ij = Σ_b (Σ_k λ_kj ε_kij + Σ_t δ_j[t] x_i[t])
//	ε_kij ← Σ_l P_klj ε_lij + Σ_t h_kj[t] x_i[t]
//
// With T = 1 that is e-prop as it was published: P is the local Jacobian of the state by the state.
// The cost of the sums over time is that of the elements of x that are not zero.
//
// Where P and h are the same for all neurons, so are traces: they are those of the inputs,
// [batch, d, m, 1] in the place of [batch, d, m, n].
//
// Its inputs are ε, starts [batch], the gradients of the currents [T, groups·batch, n] and of the d
// states [groups·batch, n], and x [T, batch, m], which is missing where x is 1, of a bias.
type traceOp struct {
	ops.Pure
	ops.Final
	ops.Signature
	ops.Memory
	traceSize
	grad *tensor.Dense
	run  any // *traceRun[F]
}

type traceSize struct {
	steps, batch, d, m, n int
	width                 int // of a row of traces: n, or 1
	constant              bool
}

func (op *traceOp) String() string {
	return fmt.Sprintf("eligibility of %d by %d weights", op.m, op.n)
}
func (op *traceOp) WriteHash(h hash.Hash)                          { fmt.Fprintf(h, "spikegrad eligibility %p", op) }
func (op *traceOp) Hashcode() uint32                               { return ops.Hashcode(op) }
func (op *traceOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Statistic(), nil }

func (op *traceOp) Do(vs ...G.Value) (G.Value, error) {
	y := op.Result(op.Of, op.Shape)
	if op.Of == tensor.Float32 {
		return y, trace[float32](op, y, vs)
	}
	return y, trace[float64](op, y, vs)
}

// traceGrad hands out the gradient that a traceOp, its input, has.
type traceGrad struct {
	ops.Pure
	ops.Final
	ops.Signature
	of *traceOp
}

func (op *traceGrad) String() string                                 { return "gradient by " + op.of.String() }
func (op *traceGrad) WriteHash(h hash.Hash)                          { fmt.Fprintf(h, "spikegrad gradient by %p", op.of) }
func (op *traceGrad) Hashcode() uint32                               { return ops.Hashcode(op) }
func (op *traceGrad) Along(u *timing.Reading) (timing.Timing, error) { return u.Statistic(), nil }
func (op *traceGrad) Do(...G.Value) (G.Value, error)                 { return op.of.grad, nil }

// A traceRun is the memory of a traceOp, kept from run to run.
type traceRun[F vec.Float] struct {
	traceSize
	k         *vec.Kernels[F]
	old, next []F // ε
	starts    []F
	dx        []F   // δ, then h_1, h_2, …, step by step
	ds        [][]F // of state l: λ_l, then P_1l, P_2l, …
	x, dw     []F
	some      []bool // by sample, group and l: whether a row of ds is not zero
	all       []int32
	ones      []F
	crew      par.Crew
	lists     []lists[F] // of each of the crew
	at        []*[]F     // what the inputs are taken to
}

// lists say of some inputs at which steps they are not zero, and what they are there.
type lists[F vec.Float] struct {
	at    []int32
	val   []F
	count []int
}

func trace[F vec.Float](op *traceOp, y *tensor.Dense, vs []G.Value) error {
	r, ok := op.run.(*traceRun[F])
	if !ok {
		r = &traceRun[F]{traceSize: op.traceSize, ds: make([][]F, op.d), some: make([]bool, op.batch*(op.d+1)*op.d)}
		if op.constant {
			r.all, r.ones = make([]int32, op.steps), make([]F, op.steps)
			for t := range r.all {
				r.all[t], r.ones[t] = int32(t), 1
			}
		}
		r.at = []*[]F{&r.old, &r.starts, &r.dx}
		for l := range r.ds {
			r.at = append(r.at, &r.ds[l])
		}
		op.run, op.grad = r, ops.New(op.Of, tensor.Shape{op.m, op.n})
		if op.constant {
			op.grad = ops.New(op.Of, tensor.Shape{op.n})
		}
	}
	for i, v := range vs[:len(r.at)] {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return err
		}
		*r.at[i] = f
	}
	if !op.constant {
		var err error
		if r.x, err = ops.FloatsIn[F](op, vs[len(r.at)]); err != nil {
			return err
		}
	}
	r.k, r.next, r.dw = vec.For[F](), ops.Elems[F](y), ops.Elems[F](op.grad)
	r.look()
	pieces := (r.m + rowsOfTraces - 1) / rowsOfTraces
	workers := par.Workers(pieces)
	for len(r.lists) < workers {
		n := rowsOfTraces * r.steps
		r.lists = append(r.lists, lists[F]{make([]int32, n), make([]F, n), make([]int, rowsOfTraces)})
	}
	r.crew.Do(r, workers, pieces)
	return nil
}

// rowsOfTraces is how many inputs are one piece of work.
const rowsOfTraces = 16

// look notes which rows of ds are not zero: of a state that another one does not act upon.
func (r *traceRun[F]) look() {
	for b := range r.batch {
		for g := range r.d + 1 {
			for l := range r.d {
				r.some[(b*(r.d+1)+g)*r.d+l] = sparse.Count(r.of(l, g, b)) > 0
			}
		}
	}
}

// of returns the row of group g and sample b of the gradient of state l.
func (r *traceRun[F]) of(l, g, b int) []F { return r.ds[l][(g*r.batch+b)*r.n:][:r.n] }

// Piece goes through the traces of some inputs.
func (r *traceRun[F]) Piece(worker, piece int) {
	i0 := piece * rowsOfTraces
	i1 := min(i0+rowsOfTraces, r.m)
	clear(r.dw[i0*r.n : i1*r.n])
	ls := &r.lists[worker]
	for b := range r.batch {
		r.list(b, i0, i1, ls)
		for i := i0; i < i1; i++ {
			idx, x := r.all, r.ones
			if !r.constant {
				from := (i - i0) * r.steps
				idx, x = ls.at[from:from+ls.count[i-i0]], ls.val[from:from+ls.count[i-i0]]
			}
			dw, fresh := r.dw[i*r.n:(i+1)*r.n], r.starts[b] != 0
			if !fresh {
				r.collect(dw, b, i)
			}
			r.gather(dw, 0, b, idx, x)
			for k := range r.d {
				r.advance(b, k, i, fresh, idx, x)
			}
		}
	}
}

// list notes for inputs i0 to i1 of sample b at which steps they are not zero.
func (r *traceRun[F]) list(b, i0, i1 int, ls *lists[F]) {
	if r.constant {
		return
	}
	clear(ls.count)
	for t := range r.steps {
		for i, x := range r.x[(t*r.batch+b)*r.m:][i0:i1] {
			if x != 0 {
				k := i*r.steps + ls.count[i]
				ls.at[k], ls.val[k] = int32(t), x
				ls.count[i]++
			}
		}
	}
}

// row returns row i of the traces of state k of sample b.
func (r *traceRun[F]) row(of []F, b, k, i int) []F {
	return of[((b*r.d+k)*r.m+i)*r.width:][:r.width]
}

// collect adds λ ε to the gradient of row i.
func (r *traceRun[F]) collect(dw []F, b, i int) {
	for k := range r.d {
		if !r.some[b*(r.d+1)*r.d+k] {
			continue
		}
		e := r.row(r.old, b, k, i)
		switch {
		case r.width == r.n:
			r.k.MulAdd(dw, r.of(k, 0, b), e, dw)
		case e[0] != 0:
			r.k.MulAddC(dw, r.of(k, 0, b), e[0], dw)
		}
	}
}

// gather adds to dst what x, at the steps listed, makes of group g.
func (r *traceRun[F]) gather(dst []F, g, b int, idx []int32, x []F) {
	if len(idx) > 0 {
		sparse.Gather(dst, r.dx[(g*r.batch+b)*r.n:], (r.d+1)*r.batch*r.n, idx, x)
	}
}

// advance makes row i of the traces of state k.
func (r *traceRun[F]) advance(b, k, i int, fresh bool, idx []int32, x []F) {
	dst, empty := r.row(r.next, b, k, i), true
	for l := range r.d {
		if fresh || !r.some[(b*(r.d+1)+1+k)*r.d+l] {
			continue
		}
		e, p := r.row(r.old, b, l, i), r.of(l, 1+k, b)[:r.width]
		if empty {
			r.k.Mul(dst, p, e)
		} else {
			r.k.MulAdd(dst, p, e, dst)
		}
		empty = false
	}
	if empty {
		clear(dst)
	}
	r.gather(dst, 1+k, b, idx, x)
}

var (
	_ G.Op = (*traceOp)(nil)
	_ G.Op = (*traceGrad)(nil)
)
