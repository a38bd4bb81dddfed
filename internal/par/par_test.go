package par_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/par"
)

// onProcs runs a test for several numbers of processors.
func onProcs(t *testing.T, test func(t *testing.T, procs int)) {
	for _, procs := range []int{1, 2, 3, 8} {
		t.Run(fmt.Sprint(procs), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			test(t, procs)
		})
	}
}

// Every element is met once, in chunks of the size asked for but the last.
func TestChunks(t *testing.T) {
	onProcs(t, func(t *testing.T, _ int) {
		for _, c := range [][2]int{{0, 4}, {1, 4}, {4, 4}, {5, 4}, {97, 10}, {1000, 1}} {
			n, per := c[0], c[1]
			met := make([]atomic.Int32, n)
			check := func(i0, i1 int) {
				if i0%per != 0 || i1 != min(n, i0+per) {
					t.Errorf("chunk from %d to %d of %d, want %d a chunk", i0, i1, n, per)
				}
				for i := i0; i < i1; i++ {
					met[i].Add(1)
				}
			}
			par.Chunks(n, per, check)
			par.Each(n, func(i int) { met[i].Add(1) })
			none := func(int) struct{} { return struct{}{} }
			require.NoError(t, par.Blocks(n, per, none, func(_ struct{}, i0, i1 int) error { check(i0, i1); return nil }))
			for i := range met {
				require.EqualValues(t, 3, met[i].Load(), "element %d of %d", i, n)
			}
		}
	})
}

// A goroutine has memory of its own: no two use one at the same time, and there are
// no more than GOMAXPROCS.
func TestWorkers(t *testing.T) {
	onProcs(t, func(t *testing.T, procs int) {
		type memory struct{ busy atomic.Bool }
		var made []int
		err := par.Blocks(1000, 1, func(i int) *memory { made = append(made, i); return &memory{} },
			func(m *memory, _, _ int) error {
				if m.busy.Swap(true) {
					return fmt.Errorf("used twice")
				}
				runtime.Gosched()
				m.busy.Store(false)
				return nil
			})
		require.NoError(t, err)
		require.Len(t, made, procs)
		for i := range made {
			require.Equal(t, i, made[i])
		}
		require.Equal(t, min(procs, 3), par.Workers(3))
		require.Equal(t, 1, par.Workers(1))
		require.Zero(t, par.Workers(0))
		require.NoError(t, par.Blocks(0, 1, func(int) int { panic("nothing to do") }, nil))
	})
}

// The error is that of the first block that fails, whoever works on it and when.
func TestFirstError(t *testing.T) {
	onProcs(t, func(t *testing.T, _ int) {
		for range 50 {
			err := par.Blocks(400, 4, func(int) int { return 0 }, func(_, i0, _ int) error {
				if i0 >= 100 {
					return fmt.Errorf("block from %d", i0)
				}
				runtime.Gosched()
				return nil
			})
			require.EqualError(t, err, "block from 100")
		}
	})
}

// A panic reaches the caller, after the others have ended, and the loop can be used
// again.
func TestPanic(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	var c par.Crew
	var w work
	w.do = func(i int) {
		if i == 7 {
			panic("seven")
		}
	}
	func() {
		defer func() {
			p, ok := recover().(*guard.Panic)
			require.True(t, ok)
			require.Equal(t, "seven", p.Value)
		}()
		c.Do(&w, 2, 20)
		t.Error("want a panic")
	}()
	var n atomic.Int32
	w.do = func(int) { n.Add(1) }
	c.Do(&w, 2, 20)
	require.EqualValues(t, 20, n.Load())
}

type work struct{ do func(i int) }

func (w *work) Piece(_, i int) { w.do(i) }

// A Crew that is used again allocates nothing, nor do loops of one piece.
func TestAllocations(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	var c par.Crew
	w := &work{func(int) {}}
	require.Zero(t, testing.AllocsPerRun(100, func() { c.Do(w, 2, 8) }))
	start, block := func(int) int { return 0 }, func(_, _, _ int) error { return nil }
	chunk := func(_, _ int) {}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		par.Chunks(3, 4, chunk)
		par.Each(1, w.do)
		_ = par.Blocks(3, 4, start, block)
	}))
}

func ExampleBlocks() {
	// Sums of chunks, each in one order, added in order: the same bits on any number
	// of processors.
	x := make([]float64, 1000)
	for i := range x {
		x[i] = 1 / float64(i+1)
	}
	sums := make([]float64, 10)
	scratch := func(int) []float64 { return make([]float64, 100) }
	err := par.Blocks(len(x), 100, scratch, func(squares []float64, i0, i1 int) error {
		for i, v := range x[i0:i1] {
			squares[i] = v * v
		}
		for _, s := range squares {
			sums[i0/100] += s
		}
		return nil
	})
	total := 0.
	for _, s := range sums {
		total += s
	}
	fmt.Printf("%.6f %v\n", total, err)
	// Output: 1.643935 <nil>
}
