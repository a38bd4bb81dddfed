package par

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/spikegrad/spikegrad/internal/guard"
)

// Work is what a Crew does.
type Work interface {
	// Piece does piece i on one of the goroutines, which are numbered from 0 so that
	// each can have memory of its own.
	Piece(worker, i int)
}

// A Crew does pieces of work on several goroutines. What it needs for that it keeps,
// so that one that is used again allocates nothing. Its zero value is ready for use,
// by one goroutine at a time.
type Crew struct {
	work    Work
	pieces  int
	next    atomic.Int64 // the piece to take
	begun   atomic.Int64 // workers that have begun
	running sync.WaitGroup
	caught  guard.Caught
	drain   func() // run, bound once, as to bind it allocates
}

// Workers returns how many goroutines so many pieces of work are worth: as many as
// there are, up to GOMAXPROCS.
func Workers(pieces int) int {
	if pieces <= 1 { // to ask for GOMAXPROCS takes a lock
		return max(pieces, 0)
	}
	return min(pieces, runtime.GOMAXPROCS(0))
}

// Do does w in so many pieces, on so many goroutines, of which this is one.
func (c *Crew) Do(w Work, workers, pieces int) {
	if workers <= 1 {
		for i := range pieces {
			w.Piece(0, i)
		}
		return
	}
	if c.drain == nil {
		c.drain = c.run
	}
	c.work, c.pieces = w, pieces
	c.next.Store(0)
	c.begun.Store(0)
	c.running.Add(workers)
	for range workers - 1 {
		go c.drain()
	}
	c.run()
	c.running.Wait()
	c.work = nil // may hold much
	c.caught.Throw()
}

// run takes pieces until none is left.
func (c *Crew) run() {
	defer c.running.Done()
	defer c.caught.Catch()
	worker := int(c.begun.Add(1)) - 1
	for {
		i := int(c.next.Add(1)) - 1
		if i >= c.pieces {
			return
		}
		c.work.Piece(worker, i)
	}
}
