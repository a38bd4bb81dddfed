package exec

import (
	"fmt"
	"runtime"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// blockLanes is about how many lanes a block has: few enough that all its
// values stay in the cache, many enough that an instruction costs little.
const blockLanes = 1024

// Where a step multiplies with a matrix of more than smallMatrix elements, or has lines, that is read from
// beyond the second-level cache: once for up to matrixRows rows, and every processor gets as
// many blocks as the others.
const (
	smallMatrix = 1 << 16
	matrixRows  = 36
)

// blockRows returns how many rows make a block. No result depends on it.
func blockRows(p *ir.Program) int {
	widest := max(1, p.Lanes/p.Rows)
	rows := max(1, min(p.Rows, blockLanes/widest))
	large := len(p.Lines) > 0
	for _, m := range p.Mats {
		large = large || m.K*m.N > smallMatrix
	}
	if large {
		procs := runtime.GOMAXPROCS(0)
		each := (p.Rows + procs - 1) / procs
		blocks := (each + matrixRows - 1) / matrixRows
		rows = max(rows, (each+blocks-1)/blocks)
	}
	return rows
}

// Functions are what a program has by number only.
type Functions[F vec.Float] struct {
	// Funcs write a function of each element of a to dst.
	Funcs []func(dst, a []F)
	// Calls run operations on a whole time step: in holds the inputs that change, nil
	// for those that do not. They may not keep in, nor write to it.
	Calls []func(dst []F, in [][]F) error
	Lines []Line[F]
}

// Inputs are what a program reads and writes in one run.
type Inputs[F vec.Float] struct {
	Streams map[ir.Stream][]F             // whole sequences
	Value   func(number int) ([]F, error) // the elements of a value that does not change
}

// A Bound is a program with its memory, kept from run to run. One goroutine at a time
// may use it; it uses all processors by itself.
type Bound[F vec.Float] struct {
	p       *ir.Program
	rows    int // of a block
	f       Functions[F]
	sizes   []int // of the states that go from step to step
	plan    *plan
	k       *kernelTable[F]
	streams [][]F // whole sequences, by slot
	values  [][]F // of those that do not change, where slots or matrices have them
	needed  []bool
	consts  []F
	accs    [][]F
	mats    []sparse.Matrix[F]
	pool    []*stateWorker[F]
	pass    Pass[F]

	// What par.Blocks calls, kept as making it allocates.
	start func(i int) *stateWorker[F]
	work  func(w *stateWorker[F], r0, r1 int) error
}

// Bind returns memory for p, of whose states the first ones go from step to step: sizes
// has the number of elements of each. The others it only reads or only writes.
func Bind[F vec.Float](p *ir.Program, f Functions[F], sizes []int) (*Bound[F], error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	if len(f.Funcs) != len(p.Funcs) || len(f.Calls) != len(p.Calls) || len(f.Lines) != len(p.Lines) {
		return nil, fmt.Errorf("exec: got %d functions, %d calls and %d lines, the program has %d, %d and %d",
			len(f.Funcs), len(f.Calls), len(f.Lines), len(p.Funcs), len(p.Calls), len(p.Lines))
	}
	b := &Bound[F]{
		p: p, rows: blockRows(p), f: f, sizes: sizes, plan: newPlan(p, bitsOf[F](), len(sizes)), streams: make([][]F, len(p.Slots)),
		values: make([][]F, len(p.Values)), needed: make([]bool, len(p.Values)),
		consts: make([]F, len(p.Consts)), mats: make([]sparse.Matrix[F], len(p.Mats)),
	}
	for _, s := range p.Slots {
		if s.Kind == ir.SlotFull {
			b.needed[s.Index] = true
		}
	}
	for _, m := range p.Mats {
		b.needed[m.Value] = true
	}
	for _, a := range p.Accs {
		b.accs = append(b.accs, make([]F, a.Size))
	}
	b.start = b.worker
	b.work = b.forward
	return b, nil
}

// Load finds the values of everything that does not change over time, and clears the
// sums.
func (b *Bound[F]) Load(in Inputs[F]) (err error) {
	b.k = kernelsFor[F]()
	for i, s := range b.p.Slots {
		if s.Kind == ir.SlotStream {
			b.streams[i] = in.Streams[s.Stream]
		}
	}
	for i, needed := range b.needed {
		if needed {
			if b.values[i], err = in.Value(i); err != nil {
				return err
			}
		}
	}
	for i, c := range b.p.Consts {
		b.consts[i] = F(c.V)
		if c.Value >= 0 {
			x, err := in.Value(int(c.Value))
			if err != nil {
				return err
			}
			b.consts[i] = x[0]
		}
		if c.Neg {
			b.consts[i] = -b.consts[i]
		}
	}
	for i, m := range b.p.Mats {
		b.mats[i].Load(b.values[m.Value], m.K, m.N, m.Trans)
	}
	for _, a := range b.accs {
		clear(a)
	}
	return nil
}

// Sum returns the sum over time in accumulator i, which the next Load clears.
func (b *Bound[F]) Sum(i int) []F { return b.accs[i] }

// worker returns worker i.
func (b *Bound[F]) worker(i int) *stateWorker[F] {
	for len(b.pool) <= i {
		b.pool = append(b.pool, newStateWorker(b))
	}
	b.pool[i].err = nil
	return b.pool[i]
}

// bitsOf returns the bits of an element.
func bitsOf[F vec.Float]() int {
	var x F
	if _, ok := any(x).(float32); ok {
		return 32
	}
	return 64
}
