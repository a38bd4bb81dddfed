package par

import (
	"math"
	"sync"
	"sync/atomic"
)

// Rows is how many rows of a matrix are one piece of work where nothing speaks for
// another number.
const Rows = 64

// Each calls work for every i < n.
func Each(n int, work func(i int)) {
	workers := Workers(n)
	if workers <= 1 {
		for i := range n {
			work(i)
		}
		return
	}
	e := &each{work: work}
	e.Do(e, workers, n)
}

type each struct {
	Crew
	work func(i int)
}

func (e *each) Piece(_, i int) { e.work(i) }

// Chunks calls work for 0 ≤ i < n in chunks i0 ≤ i < i1 of per elements, of which the
// last one may have fewer.
func Chunks(n, per int, work func(i0, i1 int)) {
	pieces := ceil(n, per)
	workers := Workers(pieces)
	if workers <= 1 {
		for i := 0; i < n; i += per {
			work(i, min(n, i+per))
		}
		return
	}
	c := &chunks{n: n, per: per, work: work}
	c.Do(c, workers, pieces)
}

type chunks struct {
	Crew
	n, per int
	work   func(i0, i1 int)
}

func (c *chunks) Piece(_, i int) { c.work(i*c.per, min(c.n, (i+1)*c.per)) }

// Blocks is Chunks for work that needs memory and can fail. A goroutine works with
// what start has given for its number, which is asked on the caller's, once for each.
// The error is that of the first block that fails; those behind it may not have been
// worked on.
func Blocks[W any](n, per int, start func(worker int) W, work func(w W, i0, i1 int) error) error {
	pieces := ceil(n, per)
	workers := Workers(pieces)
	if workers <= 1 {
		if pieces == 0 {
			return nil
		}
		w := start(0)
		for i := 0; i < n; i += per {
			if err := work(w, i, min(n, i+per)); err != nil {
				return err
			}
		}
		return nil
	}
	b := &blocks[W]{n: n, per: per, work: work, with: make([]W, workers)}
	b.failed.Store(math.MaxInt64)
	for i := range b.with {
		b.with[i] = start(i)
	}
	b.Do(b, workers, pieces)
	return b.err
}

type blocks[W any] struct {
	Crew
	n, per int
	work   func(w W, i0, i1 int) error
	with   []W // by worker

	mutex  sync.Mutex
	failed atomic.Int64 // the first block that failed
	err    error        // its error
}

// Piece works on block i, unless one before it has failed. Blocks are taken in order,
// so the first one that fails is always tried.
func (b *blocks[W]) Piece(worker, i int) {
	if int64(i) > b.failed.Load() {
		return
	}
	err := b.work(b.with[worker], i*b.per, min(b.n, (i+1)*b.per))
	if err == nil {
		return
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if int64(i) < b.failed.Load() {
		b.failed.Store(int64(i))
		b.err = err
	}
}

func ceil(a, b int) int { return (a + b - 1) / b }
