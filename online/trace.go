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
// and what scans gave backward,
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
// Its inputs are ε, starts [batch], x [T, batch, m], which is missing where x is 1, of a bias, and groups of the gradients
// of currents and states: δ and the λ, then for each state h_k and the P_kl, [T, batch, n] and [batch, n], or of one neuron
// for all, [T, 1, 1] and [1, 1]. Those of the last states may be missing, and are 0.
//
// The traces stay where they are, as there are many of them and nobody else reads them: the result is ε, the input itself,
// of which who runs the graph makes the input of the next window. So the promise of Pure is not kept; it is about memory
// that may be lent, and an input's is not.
type traceOp struct {
	ops.Pure
	ops.Final
	ops.Signature
	traceSize
	grad *tensor.Dense
	run  any // *traceRun[F]
}

type traceSize struct {
	steps, batch, d, m, n int
	width                 int   // of a row of traces: n, or 1
	has                   []int // how many states the groups have
	constant              bool
}

func (op *traceOp) String() string {
	return fmt.Sprintf("eligibility of %d by %d weights", op.m, op.n)
}
func (op *traceOp) WriteHash(h hash.Hash)                          { fmt.Fprintf(h, "spikegrad eligibility %p", op) }
func (op *traceOp) Hashcode() uint32                               { return ops.Hashcode(op) }
func (op *traceOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Statistic(), nil }

func (op *traceOp) Do(vs ...G.Value) (G.Value, error) {
	if op.Of == tensor.Float32 {
		return vs[0], trace[float32](op, vs)
	}
	return vs[0], trace[float64](op, vs)
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
	k      *vec.Kernels[F]
	traces []F // ε
	starts []F
	x, dw  []F
	groups []gradients[F]
	spikes []spikes[F] // of each sample
	crew   par.Crew
	rooms  [][]F      // of each of the crew, for the traces of an input
	sorter *sorter[F] // nil of a bias
	at     []*[]F     // what the inputs are taken to
}

// gradients are those of a group: of currents, and of states.
type gradients[F vec.Float] struct {
	dx   []F
	ds   [][]F
	n    int    // of a row
	each int    // 1 where samples have rows of their own, else 0
	some []bool // by sample and state: whether a row of ds is not zero
}

// row returns that of a sample.
func (g *gradients[F]) row(l, b int) []F { return g.ds[l][b*g.each*g.n:][:g.n] }

func newTraceRun[F vec.Float](op *traceOp) *traceRun[F] {
	r := &traceRun[F]{traceSize: op.traceSize, groups: make([]gradients[F], len(op.has))}
	r.at = []*[]F{&r.traces, &r.starts}
	if op.constant {
		r.spikes = make([]spikes[F], op.batch)
		s := spikes[F]{start: []int32{0, int32(op.steps)}}
		for t := range op.steps {
			s.at = append(s.at, int32(t))
		}
		for b := range r.spikes {
			r.spikes[b] = s
		}
	} else {
		r.sorter = newSorter[F](op.steps, op.batch, op.m)
		r.spikes, r.at = r.sorter.spikes, append(r.at, &r.x)
	}
	for i := range r.groups {
		g := &r.groups[i]
		g.ds, g.n, g.each = make([][]F, op.has[i]), op.n, 1
		if i > 0 && op.width == 1 {
			g.n, g.each = 1, 0
		}
		g.some = make([]bool, op.batch*op.has[i])
		r.at = append(r.at, &g.dx)
		for l := range g.ds {
			r.at = append(r.at, &g.ds[l])
		}
	}
	return r
}

func trace[F vec.Float](op *traceOp, vs []G.Value) error {
	r, ok := op.run.(*traceRun[F])
	if !ok {
		r = newTraceRun[F](op)
		op.run, op.grad = r, ops.New(op.Of, tensor.Shape{op.m, op.n})
		if op.constant {
			op.grad = ops.New(op.Of, tensor.Shape{op.n})
		}
	}
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return err
		}
		*r.at[i] = f
	}
	r.k, r.dw = vec.For[F](), ops.Elems[F](op.grad)
	for i := range r.groups {
		r.groups[i].look(r.batch)
	}
	if !r.constant {
		r.sorter.read(r.x)
	}
	down, across := r.blocks()
	workers := par.Workers(down * across)
	for len(r.rooms) < workers {
		r.rooms = append(r.rooms, make([]F, r.d*min(r.width, mostNeurons)))
	}
	r.crew.Do(r, workers, down*across)
	return nil
}

// A piece of work are the traces of some inputs and some neurons: so many that what scans gave for these neurons and one sample
// stays in the cache while the inputs go by.
const mostInputs, mostNeurons = 64, 128

// blocks returns into how many blocks inputs and neurons fall.
func (r *traceRun[F]) blocks() (down, across int) {
	across = 1
	if r.width > 1 {
		across = (r.n + mostNeurons - 1) / mostNeurons
	}
	return (r.m + mostInputs - 1) / mostInputs, across
}

// look notes which rows of ds are not zero: of a state that another one does not act upon.
func (g *gradients[F]) look(batch int) {
	for b := range batch {
		for l := range g.ds {
			g.some[b*len(g.ds)+l] = sparse.Count(g.row(l, b)) > 0
		}
	}
}

// Piece goes through the traces of some inputs and neurons.
func (r *traceRun[F]) Piece(worker, piece int) {
	_, across := r.blocks()
	i0, j0, j1 := piece/across*mostInputs, 0, r.n
	if across > 1 {
		j0 = piece % across * mostNeurons
		j1 = min(j0+mostNeurons, r.n)
	}
	i1, width := min(i0+mostInputs, r.m), min(r.width, j1-j0)
	for i := i0; i < i1; i++ {
		clear(r.dw[i*r.n+j0 : i*r.n+j1])
	}
	for b := range r.batch {
		for i := i0; i < i1; i++ {
			dw, fresh := r.dw[i*r.n+j0:i*r.n+j1], r.starts[b] != 0
			if !fresh {
				r.collect(dw, b, i, j0, width)
			}
			r.gather(dw, 0, b, i, j0)
			next := r.rooms[worker]
			for k := range r.d {
				r.advance(next[k*width:][:width], b, k, i, j0, fresh)
			}
			for k := range r.d {
				copy(r.row(b, k, i, j0, width), next[k*width:])
			}
		}
	}
}

// row returns some of row i of the traces of state k of sample b.
func (r *traceRun[F]) row(b, k, i, j0, width int) []F {
	return r.traces[((b*r.d+k)*r.m+i)*r.width+j0:][:width]
}

// collect adds λ ε to the gradient of row i, for the neurons from j0 on.
func (r *traceRun[F]) collect(dw []F, b, i, j0, width int) {
	g := &r.groups[0]
	for k := range g.ds {
		if !g.some[b*len(g.ds)+k] {
			continue
		}
		e, lambda := r.row(b, k, i, j0, width), g.row(k, b)[j0:][:len(dw)]
		switch {
		case r.width == r.n:
			r.k.MulAdd(dw, lambda, e, dw)
		case e[0] != 0:
			r.k.MulAddC(dw, lambda, e[0], dw)
		}
	}
}

// gather adds to dst what input i makes of a group.
func (r *traceRun[F]) gather(dst []F, group, b, i, j0 int) {
	at, x := r.spikes[b].of(i)
	g := &r.groups[group]
	step := g.n * (1 + (r.batch-1)*g.each) // from one time to the next
	switch {
	case len(at) == 0:
	case g.n > 1:
		sparse.Gather(dst, g.dx[b*g.each*g.n+j0:], step, at, x)
	case len(x) == 0:
		for _, t := range at {
			dst[0] += g.dx[int(t)*step+b*g.each]
		}
	default:
		for k, t := range at {
			dst[0] += F(x[k] * g.dx[int(t)*step+b*g.each]) // rounded, also where a processor could do both at once
		}
	}
}

// advance makes some of row i of the traces of state k.
func (r *traceRun[F]) advance(dst []F, b, k, i, j0 int, fresh bool) {
	g, empty := &r.groups[1+k], true
	for l := range g.ds {
		if fresh || !g.some[b*len(g.ds)+l] {
			continue
		}
		e, p := r.row(b, l, i, j0, len(dst)), g.row(l, b)
		switch {
		case r.width == 1 && empty:
			dst[0] = p[0] * e[0]
		case r.width == 1:
			dst[0] += F(p[0] * e[0])
		case empty:
			r.k.Mul(dst, p[j0:][:len(dst)], e)
		default:
			r.k.MulAdd(dst, p[j0:][:len(dst)], e, dst)
		}
		empty = false
	}
	if empty {
		clear(dst)
	}
	r.gather(dst, 1+k, b, i, j0)
}

var (
	_ G.Op = (*traceOp)(nil)
	_ G.Op = (*traceGrad)(nil)
)
