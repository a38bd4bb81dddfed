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

// pastOp adds to the gradient of weights w [m, n] in a window what comes of the time before. With the traces ε that enter the
// window and λ_k = ∂E/∂s_k, the gradient of the states at its beginning,
//
//	dw_ij ← dw_ij + Σ_b Σ_k λ_kj ε_kij
//
// over the samples that did not start there. Its inputs are dw, ε as traceOp has it, starts [batch] and the λ [batch, n].
type pastOp struct {
	ops.Pure
	ops.Final
	ops.Signature
	ops.Memory
	batch, d, m, n int
	shared         bool
	run            any // *pastRun[F]
}

func (op *pastOp) String() string                                 { return fmt.Sprintf("past of %d by %d weights", op.m, op.n) }
func (op *pastOp) WriteHash(h hash.Hash)                          { fmt.Fprintf(h, "spikegrad past %p", op) }
func (op *pastOp) Hashcode() uint32                               { return ops.Hashcode(op) }
func (op *pastOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Statistic(), nil }

func (op *pastOp) Do(vs ...G.Value) (G.Value, error) {
	y := op.Result(op.Of, op.Shape)
	if op.Of == tensor.Float32 {
		return y, past[float32](op, y, vs)
	}
	return y, past[float64](op, y, vs)
}

// A pastRun is the memory of a pastOp.
type pastRun[F vec.Float] struct {
	*pastOp
	k      *vec.Kernels[F]
	dst    []F
	in     [3][]F // dw, ε, starts
	lambda [][]F
	some   []bool // by sample and state: whether λ counts
	crew   par.Crew
}

// pastInputs is how many rows of weights are a piece of work.
const pastInputs = 16

func past[F vec.Float](op *pastOp, y *tensor.Dense, vs []G.Value) error {
	r, ok := op.run.(*pastRun[F])
	if !ok {
		r = &pastRun[F]{pastOp: op, lambda: make([][]F, len(vs)-3), some: make([]bool, op.batch*(len(vs)-3))}
		op.run = r
	}
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return err
		}
		if i < 3 {
			r.in[i] = f
		} else {
			r.lambda[i-3] = f
		}
	}
	r.k, r.dst = vec.For[F](), ops.Elems[F](y)
	any := false
	for b := range r.batch {
		for k, l := range r.lambda {
			i := b*len(r.lambda) + k
			r.some[i] = r.in[2][b] == 0 && sparse.Count(l[b*r.n:][:r.n]) > 0
			any = any || r.some[i]
		}
	}
	if !any {
		copy(r.dst, r.in[0])
		return nil
	}
	pieces := (r.m + pastInputs - 1) / pastInputs
	r.crew.Do(r, par.Workers(pieces), pieces)
	return nil
}

// Piece does some rows of the weights.
func (r *pastRun[F]) Piece(_, piece int) {
	i0 := piece * pastInputs
	i1 := min(i0+pastInputs, r.m)
	copy(r.dst[i0*r.n:i1*r.n], r.in[0][i0*r.n:])
	for b := range r.batch {
		for k := range r.lambda {
			if !r.some[b*len(r.lambda)+k] {
				continue
			}
			lambda, at := r.lambda[k][b*r.n:][:r.n], (b*r.d+k)*r.m
			for i := i0; i < i1; i++ {
				dst := r.dst[i*r.n:][:r.n]
				if e := r.in[1]; r.shared {
					r.k.MulAddC(dst, lambda, e[at+i], dst)
				} else {
					r.k.MulAdd(dst, lambda, e[(at+i)*r.n:][:r.n], dst)
				}
			}
		}
	}
}

var _ G.Op = (*pastOp)(nil)
