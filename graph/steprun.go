package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/arith"
	"github.com/spikegrad/spikegrad/internal/exec"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A stepRun is a lowered step with its memory. It gives the program what that knows by
// number only: the nodes' values, functions, and operations to call.
type stepRun[F vec.Float] struct {
	*exec.Bound[F]
	p      *lower.Program
	env    *env                          // of the present run
	values []G.Value                     // those that calls read, by number
	elems  func(number int) ([]F, error) // value, bound once, as to bind it allocates
}

// newStepRun returns memory for p, of whose states those go from step to step whose
// sizes are given, and beside which the lines run.
func newStepRun[F vec.Float](p *lower.Program, sizes []int, lines []exec.Line[F]) (*stepRun[F], error) {
	r := &stepRun[F]{p: p, values: make([]G.Value, len(p.Values))}
	r.elems = r.value
	f := exec.Functions[F]{Lines: lines}
	for _, fn := range p.Funcs {
		f.Funcs = append(f.Funcs, typed[F](fn))
	}
	for i := range p.Calls {
		f.Calls = append(f.Calls, r.call(i))
	}
	var err error
	r.Bound, err = exec.Bind(p.Program, f, sizes)
	return r, err
}

func typed[F vec.Float](f *lower.Func) func(dst, a []F) {
	if g, ok := any(f.F32).(func(dst, a []F)); ok {
		return g
	}
	return any(f.F64).(func(dst, a []F))
}

// inputs returns what the program reads and writes in a run. All that calls read is
// evaluated here, as they run on several goroutines.
func (r *stepRun[F]) inputs(e *env, streams map[ir.Stream][]F) (exec.Inputs[F], error) {
	r.env = e
	for _, c := range r.p.Program.Calls {
		for _, a := range c.Args {
			if a.Slot >= 0 {
				continue
			}
			v, err := e.value(r.p.Values[a.Value])
			if err != nil {
				return exec.Inputs[F]{}, err
			}
			r.values[a.Value] = v
		}
	}
	return exec.Inputs[F]{Streams: streams, Value: r.elems}, nil
}

func (r *stepRun[F]) value(number int) ([]F, error) { return envFloats[F](r.env, r.p.Values[number]) }

// load prepares a run.
func (r *stepRun[F]) load(e *env, streams map[ir.Stream][]F) error {
	in, err := r.inputs(e, streams)
	if err != nil {
		return err
	}
	return r.Load(in)
}

// call returns what runs an operation on values of a whole time step.
func (r *stepRun[F]) call(number int) func(dst []F, in [][]F) error {
	n := r.p.Calls[number]
	op, code, children := n.Op(), arith.Of(n.Op()), childrenOf(n)
	args := r.p.Program.Calls[number].Args
	return func(dst []F, in [][]F) error {
		vs := make([]G.Value, len(in))
		for i, x := range in {
			switch c := children[i]; {
			case args[i].Slot < 0:
				vs[i] = r.values[args[i].Value]
			case c.IsScalar():
				vs[i] = scalarValue(c.Dtype(), float64(x[0]))
			default:
				// A copy: what an operation does with its input is its own affair.
				vs[i] = tensor.New(tensor.WithShape(c.Shape()...), tensor.WithBacking(append([]F(nil), x...)))
			}
		}
		var v G.Value
		err := guard.Call("Do", "operation", op, func() (err error) { v, err = arith.Compute(op, code, nil, vs...); return err })
		if err == nil {
			var f []F
			if f, err = floats[F](op, v); err == nil && len(f) != len(dst) {
				err = fmt.Errorf("got %d elements, want %d", len(f), len(dst))
			}
			copy(dst, f)
		}
		if err != nil {
			return fmt.Errorf("%v inside the step: %w", op, err)
		}
		return nil
	}
}

// sum returns the sum over time in accumulator i, of a node of that shape. It shares
// the memory.
func (r *stepRun[F]) sum(i int, n *G.Node) G.Value {
	x := r.Sum(i)
	if n.IsScalar() {
		return scalarValue(n.Dtype(), float64(x[0]))
	}
	return tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(x))
}
