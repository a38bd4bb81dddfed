package online

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// traceOp carries the eligibility traces of the weights of a layer through a window of T steps. With ε the traces of the d
// states s of a neuron j, by the weight that x_i meets, and what scans gave backward,
//
//	P_kl = ∂s_k at its end / ∂s_l at its beginning, h_k[t] = ∂s_k at its end / ∂(current at t)
//
// it computes
//
//	ε_kij ← Σ_l P_klj ε_lij + Σ_t h_kj[t] x_i[t]
//
// With T = 1 that is e-prop as it was published: P is the local Jacobian of the state by the state.
// The cost of the sums over time is that of the elements of x that are not zero.
//
// Where P and h are the same for all neurons, so are traces: they are those of the inputs,
// [batch, d, m, 1] in the place of [batch, d, m, n].
//
// Its inputs are starts [batch]; for each state h_k and the P_kl, [T, batch, n] and [batch, n], or of one neuron for all,
// [T, 1, 1] and [1, 1], where those of the last states may be missing, and are 0; and for each source of currents ε, what
// reads ε before, and x [T, batch, m], which is missing where x is 1, of a bias.
//
// The traces stay where they are, as there are many of them: tracesOp hands them out. The result is starts, which nobody reads.
// So the promise of Pure is not kept; it is about memory that may be lent, and an input's is not.
type traceOp struct {
	ops.Pure
	ops.Final
	ops.Signature
	traceSize
	run any // *traceRun[F]
}

type traceSize struct {
	steps, batch, n int
	shared          bool
	has             []int // how many P_kl each state has
	inputs          []int // m of each source, 0 of a bias
}

func (op *traceOp) String() string {
	return fmt.Sprintf("eligibility of %d neurons", op.n)
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

// tracesOp hands out traces, its first input, when a traceOp, the other one, has moved them on: the result is the input itself,
// of which who runs the graph makes the input of the next window.
type tracesOp struct {
	ops.Pure
	ops.Same
	ops.Final
	ops.Signature
}

func (op *tracesOp) String() string                                 { return "eligibility" }
func (op *tracesOp) WriteHash(h hash.Hash)                          { fmt.Fprintf(h, "spikegrad eligibility %p", op) }
func (op *tracesOp) Hashcode() uint32                               { return ops.Hashcode(op) }
func (op *tracesOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Statistic(), nil }

// A traceRun is the memory of a traceOp, kept from run to run.
type traceRun[F vec.Float] struct {
	traceSize
	d       int // states
	k       *vec.Kernels[F]
	starts  []F
	ends    []ending[F] // of each state
	sources []traced[F]
	rows    int // of traces of a state, of all sources
	crew    par.Crew
	rooms   [][]F  // of each of the crew
	at      []*[]F // what the inputs are taken to, nil for what is not read
}

// An ending is what a state at the end has for gradients: of currents, and of states.
type ending[F vec.Float] struct {
	dx   []F
	ds   [][]F
	each int    // of a sample; 0 where one row is that of all
	some []bool // by sample and state: whether a row of ds is not zero
}

// row returns that of a sample.
func (e *ending[F]) row(l, b int) []F {
	if e.each == 0 {
		return e.ds[l]
	}
	return e.ds[l][b*e.each:][:e.each]
}

// traced is a source of currents.
type traced[F vec.Float] struct {
	traces, x []F
	m         int
	sorter    *sorter[F] // nil where traces are those of the inputs
	constant  bool
}

func newTraceRun[F vec.Float](op *traceOp) *traceRun[F] {
	r := &traceRun[F]{traceSize: op.traceSize, d: len(op.has), ends: make([]ending[F], len(op.has)), sources: make([]traced[F], len(op.inputs))}
	r.at = []*[]F{&r.starts}
	for k := range r.ends {
		e := &r.ends[k]
		if e.ds, e.each = make([][]F, op.has[k]), op.n; op.shared {
			e.each = 0
		}
		e.some = make([]bool, op.batch*op.has[k])
		r.at = append(r.at, &e.dx)
		for l := range e.ds {
			r.at = append(r.at, &e.ds[l])
		}
	}
	for i := range r.sources {
		s := &r.sources[i]
		s.m, s.constant = max(op.inputs[i], 1), op.inputs[i] == 0
		if !op.shared {
			s.sorter = newSorter[F](op.steps, op.batch, s.m)
		}
		if r.at = append(r.at, &s.traces, nil); !s.constant {
			r.at = append(r.at, &s.x)
		} else if s.x = slices.Repeat([]F{1}, op.steps*op.batch); !op.shared {
			s.sorter.read(s.x)
		}
		r.rows += s.m
	}
	return r
}

func trace[F vec.Float](op *traceOp, vs []G.Value) error {
	r, ok := op.run.(*traceRun[F])
	if !ok {
		r = newTraceRun[F](op)
		op.run = r
	}
	for i, v := range vs {
		if r.at[i] == nil {
			continue
		}
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return err
		}
		*r.at[i] = f
	}
	r.k = vec.For[F]()
	for k := range r.ends {
		r.ends[k].look(r.batch)
	}
	for i := range r.sources {
		if s := &r.sources[i]; s.sorter != nil && !s.constant {
			s.sorter.read(s.x)
		}
	}
	down, across := r.blocks()
	pieces := r.batch * down * across
	workers := par.Workers(pieces)
	for len(r.rooms) < workers {
		r.rooms = append(r.rooms, make([]F, r.room()))
	}
	r.crew.Do(r, workers, pieces)
	return nil
}

// A piece of work are the traces of a sample and some neurons: so many that what scans gave for these stays in the cache while
// the inputs go by. Where that makes few pieces, one is some of the inputs alone.
const mostInputs, mostNeurons, fewPieces = 64, 128, 8

// blocks returns into how many blocks inputs and neurons fall.
func (r *traceRun[F]) blocks() (down, across int) {
	if r.shared {
		return 1, 1
	}
	down, across = 1, (r.n+mostNeurons-1)/mostNeurons
	if r.batch*across < fewPieces {
		down = (r.rows + mostInputs - 1) / mostInputs
	}
	return down, across
}

// room returns how many numbers a piece of work notes.
func (r *traceRun[F]) room() int {
	if r.shared {
		most := 0
		for _, s := range r.sources {
			most = max(most, s.m)
		}
		return r.d * most
	}
	return (r.steps + 1) * r.d * min(r.n, mostNeurons)
}

// look notes which rows of ds are not zero: of a state that another one does not act upon.
func (e *ending[F]) look(batch int) {
	for b := range batch {
		for l := range e.ds {
			e.some[b*len(e.ds)+l] = sparse.Count(e.row(l, b)) > 0
		}
	}
}

// Piece goes through the traces of a sample, and some inputs and neurons.
func (r *traceRun[F]) Piece(worker, piece int) {
	down, across := r.blocks()
	b, at := piece/(down*across), piece%(down*across)
	if r.shared {
		for i := range r.sources {
			r.together(&r.sources[i], b, r.rooms[worker])
		}
		return
	}
	j0, i0, i1 := at%across*mostNeurons, 0, r.rows
	if down > 1 {
		i0 = at / across * mostInputs
		i1 = min(i0+mostInputs, r.rows)
	}
	w := min(mostNeurons, r.n-j0)
	next, h := r.rooms[worker][:r.d*w], r.rooms[worker][r.d*w:][:r.steps*r.d*w]
	for k := range r.ends { // side by side, so that a spike meets all states at once
		for t := range r.steps {
			copy(h[(t*r.d+k)*w:][:w], r.ends[k].dx[(t*r.batch+b)*r.n+j0:])
		}
	}
	for i := range r.sources {
		s := &r.sources[i]
		for i := max(i0, 0); i < min(i1, s.m); i++ {
			r.advance(s, next, b, i, j0, w)
			at, x := s.sorter.spikes[b].of(i)
			sparse.Gather(next, h, len(next), at, x)
			for k := range r.d {
				copy(r.row(s, b, k, i)[j0:], next[k*w:][:w])
			}
		}
		i0, i1 = i0-s.m, i1-s.m
	}
}

// row returns row i of the traces of state k of sample b.
func (r *traceRun[F]) row(s *traced[F], b, k, i int) []F {
	return s.traces[((b*r.d+k)*s.m+i)*r.n:][:r.n]
}

// advance makes of row i of the traces, for the neurons from j0 on, what they come to without the inputs of the window.
func (r *traceRun[F]) advance(s *traced[F], next []F, b, i, j0, w int) {
	for k := range r.ends {
		e, dst, empty := &r.ends[k], next[k*w:][:w], true
		for l := range e.ds {
			if r.starts[b] != 0 || !e.some[b*len(e.ds)+l] {
				continue
			}
			old, p := r.row(s, b, l, i)[j0:][:w], e.row(l, b)[j0:][:w]
			if empty {
				r.k.Mul(dst, p, old)
			} else {
				r.k.MulAdd(dst, p, old, dst)
			}
			empty = false
		}
		if empty {
			clear(dst)
		}
	}
}

// together goes through the traces of a sample that are those of all neurons: all inputs side by side, as a row of
// the traces is one number.
func (r *traceRun[F]) together(s *traced[F], b int, room []F) {
	own, next := s.traces[b*r.d*s.m:][:r.d*s.m], room[:r.d*s.m]
	for k := range r.ends {
		e, dst := &r.ends[k], next[k*s.m:][:s.m]
		clear(dst)
		for l := range e.ds {
			if r.starts[b] == 0 && e.some[b*len(e.ds)+l] {
				r.k.MulAddC(dst, own[l*s.m:][:s.m], e.ds[l][0], dst)
			}
		}
		for t := range r.steps {
			r.k.MulAddC(dst, s.x[(t*r.batch+b)*s.m:][:s.m], e.dx[t], dst)
		}
	}
	copy(own, next)
}

var (
	_ G.Op = (*traceOp)(nil)
	_ G.Op = (*tracesOp)(nil)
)
