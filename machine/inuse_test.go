package machine_test

import (
	"errors"
	"hash"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chewxy/hm"
	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/surrogate"
)

// sequence returns an input [5, 4, n] with random values.
func sequence(t testing.TB, n int) *G.Node {
	x, err := graph.Input(G.NewGraph(), "xs", tensor.New(tensor.WithShape(5, 4, n), tensor.WithBacking(graphtest.Random(5*4*n, 1))))
	require.NoError(t, err)
	return x
}

// A graph runs on one machine at a time: whoever else asks, be it a machine of the
// same graph or a copy of one, gets an error, and every answer is the right one.
func TestMachineInUse(t *testing.T) {
	xs := sequence(t, 700)
	run, err := graph.Scan(leakyStep, xs, nil, leaky{Decay: graph.Const(0.9), Th: graph.Const(1)})
	require.NoError(t, err)
	first, err := machine.New(run.Out)
	require.NoError(t, err)
	second, err := machine.New(run.Out, xs)
	require.NoError(t, err)
	twin := *first
	require.NoError(t, first.Run())
	want := first.Value(0).(*tensor.Dense).Clone().(*tensor.Dense).Float64s()

	var all sync.WaitGroup
	var answers atomic.Int64
	for _, m := range []*machine.Machine{first, second, &twin, first} {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 50 {
				m.Value(0)
				switch err := m.Run(); {
				case err == nil:
					answers.Add(1)
				case !errors.Is(err, machine.ErrInUse):
					t.Error(err)
				}
				if err := m.SetTraining(false); err != nil && !errors.Is(err, machine.ErrInUse) {
					t.Error(err)
				}
			}
		}()
	}
	all.Wait()
	require.Positive(t, answers.Load())
	require.NoError(t, second.Run())
	require.Equal(t, want, second.Value(0).(*tensor.Dense).Float64s())
}

// A machine that nobody made answers with an error.
func TestZeroMachine(t *testing.T) {
	for name, m := range map[string]*machine.Machine{"nil": nil, "zero": {}} {
		const want = "machine: it is nil or was not made by New"
		require.EqualError(t, m.Run(), want, name)
		require.EqualError(t, m.SetTraining(true), want, name)
		require.Nil(t, m.Value(0), name)
	}
}

// custom is an operation of a user's.
type custom struct {
	do   func(v G.Value) (G.Value, error)
	diff func(grad *G.Node) (G.Nodes, error)
}

func (custom) Arity() int            { return 1 }
func (custom) Type() hm.Type         { a := hm.TypeVariable('a'); return hm.NewFnType(a, a) }
func (custom) ReturnsPtr() bool      { return false }
func (custom) CallsExtern() bool     { return false }
func (custom) OverwritesInput() int  { return -1 }
func (custom) DiffWRT(int) []bool    { return []bool{true} }
func (custom) String() string        { return "custom" }
func (custom) WriteHash(h hash.Hash) { _, _ = h.Write([]byte("custom")) }
func (custom) Hashcode() uint32      { return 1 }
func (custom) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	return in[0].(tensor.Shape).Clone(), nil
}
func (op custom) Do(vs ...G.Value) (G.Value, error)                   { return op.do(vs[0]) }
func (op custom) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) { return op.diff(grad) }

// An operation that runs the machine in which it is gets the error, and does not wait
// for itself; on a graph of its own it may run what it likes.
func TestMachineInsideOfItself(t *testing.T) {
	other, err := machine.New(sequence(t, 1))
	require.NoError(t, err)
	var m *machine.Machine
	op := custom{do: func(v G.Value) (G.Value, error) {
		if err := other.Run(); err != nil {
			return nil, err
		}
		return v, m.Run()
	}}
	y, err := G.ApplyOp(op, sequence(t, 1))
	require.NoError(t, err)
	m, err = machine.New(y)
	require.NoError(t, err)
	err = m.Run()
	require.ErrorIs(t, err, machine.ErrInUse)
	require.ErrorContains(t, err, "machine: its graph is in use by another goroutine, or by another machine; give each a graph of its own")
}

// fuse is a spike function that panics while it is lit.
type fuse struct {
	surrogate.SuperSpike
	eval, deriv *bool
}

func (f fuse) Heaviside(int) {} // not the promise of surrogate.Step
func (f fuse) Slope(int)     {}

func (f fuse) Eval(x float64) float64 {
	if *f.eval {
		panic("short circuit")
	}
	return f.SuperSpike.Eval(x)
}

func (f fuse) Deriv(x float64) float64 {
	if *f.deriv {
		panic("short circuit")
	}
	return f.SuperSpike.Deriv(x)
}

// What panics while a machine runs, on whichever goroutine, is an error that names it
// and has its calls; the next run is right.
func TestPanicInARun(t *testing.T) {
	for _, procs := range []int{1, 3} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		eval, deriv, do := false, false, false
		f := fuse{surrogate.SuperSpike{Alpha: 10}, &eval, &deriv}
		op := custom{
			do: func(v G.Value) (G.Value, error) {
				if do {
					var none []int
					_ = none[3]
				}
				return G.CloneValue(v)
			},
			diff: func(grad *G.Node) (G.Nodes, error) { return G.Nodes{grad}, nil },
		}
		step := func(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
			b := graph.NewBuilder(x, &s)
			v := b.Add(b.Scale(s.V, p.Decay), x)
			return b.Spike(f, b.Apply(op, v), p.Th), leakyState{v}, b.Err()
		}
		for name, step := range map[string]graph.Step[leakyState, leaky]{
			"step with a call": step,
			"lanes": func(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
				b := graph.NewBuilder(x, &s)
				v := b.Add(b.Scale(s.V, p.Decay), x)
				return b.Spike(f, v, p.Th), leakyState{v}, b.Err()
			},
		} {
			xs := sequence(t, 700) // 2,800 lanes are several blocks
			run, err := graph.Scan(step, xs, nil, leaky{Decay: graph.Const(0.9), Th: graph.Const(1)})
			require.NoError(t, err)
			var b graph.Builder
			y := b.Reduce(b.Apply(op, run.Out), nil)
			require.NoError(t, b.Err())
			ds, _, err := graph.Grad(y, xs)
			require.NoError(t, err)
			m, err := machine.New(y, ds[0])
			require.NoError(t, err)
			require.NoError(t, m.Run())
			want := m.Value(1).(*tensor.Dense).Clone().(*tensor.Dense).Float64s()
			for text, fault := range map[string]*bool{
				"Eval of the spike function machine_test.fuse panicked: short circuit\n":                &eval,
				"Deriv of the spike function machine_test.fuse panicked: short circuit\n":               &deriv,
				"Do of the operation machine_test.custom panicked: runtime error: index out of range [": &do,
			} {
				*fault = true
				err := m.Run()
				*fault = false
				require.ErrorContains(t, err, text, "%s, %d", name, procs)
				var p *graph.PanicError
				require.ErrorAs(t, err, &p)
				require.Contains(t, p.Stack, "inuse_test.go:")
				require.NoError(t, m.Run())
				require.Equal(t, want, m.Value(1).(*tensor.Dense).Float64s(), "%s: after %s", name, text)
			}
		}
	}
}

// What panics while a graph is made is an error too.
func TestPanicInTheMaking(t *testing.T) {
	p := leaky{Decay: graph.Const(0.9), Th: graph.Const(1)}
	broken := func(*G.Node, leakyState, leaky) (*G.Node, leakyState, error) { panic("no idea") }
	_, err := graph.Scan(broken, sequence(t, 2), nil, p)
	require.ErrorContains(t, err, "graph: scan: the step machine_test.TestPanicInTheMaking.func1 panicked: no idea\n\t")
	_, err = graph.Unroll(broken, sequence(t, 2), nil, p)
	require.ErrorContains(t, err, "graph: unroll: time step 0: the step machine_test.TestPanicInTheMaking.func1 panicked: no idea\n\t")

	_, err = graph.Scan(restlessStep, sequence(t, 2), nil, restless{})
	require.ErrorContains(t, err, "rest: Rest of the parameters machine_test.restless panicked: runtime error: invalid memory address")
	var rt runtime.Error
	require.ErrorAs(t, err, &rt)

	x := sequence(t, 2)
	y, err := G.ApplyOp(custom{diff: func(*G.Node) (G.Nodes, error) { panic("steep") }}, x)
	require.NoError(t, err)
	var b graph.Builder
	sum := b.Reduce(y, nil)
	require.NoError(t, b.Err())
	_, _, err = graph.Grad(sum, x)
	require.ErrorContains(t, err, "panicked: steep\n\t")

	b.Apply((*unnamed)(nil), sum)
	require.ErrorContains(t, b.Err(), "apply: ")
	require.ErrorContains(t, b.Err(), "panicked: runtime error: invalid memory address")
}

type restless struct{ Th graph.Param }

func (restless) Rest(*G.Node) (leakyState, error) {
	var n *G.Node
	return leakyState{V: n.Deriv().Deriv()}, nil
}

func restlessStep(x *G.Node, s leakyState, _ restless) (*G.Node, leakyState, error) { return x, s, nil }

// unnamed is an operation whose nil has no name.
type unnamed struct{ custom }
