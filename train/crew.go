package train

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/spikegrad/spikegrad/internal/guard"
)

// grain is how many elements a goroutine takes at a time: enough to outweigh
// its start, few enough to stay in its cache.
const grain = 1 << 14

// A crew does pieces of work on all processors.
type crew struct {
	work func(i int) // does piece i

	pieces  int
	next    atomic.Int64
	running sync.WaitGroup
	caught  guard.Caught
	run     func() // drain, bound once: bound each time, it would be allocated each time
}

// do does so many pieces of about grain elements. What panics on a goroutine panics
// here when all have ended.
func (c *crew) do(pieces int) {
	if c.run == nil {
		c.run = c.drain
	}
	c.pieces = pieces
	c.next.Store(0)
	workers := max(1, min(runtime.GOMAXPROCS(0), pieces))
	c.running.Add(workers)
	for range workers - 1 {
		go c.run()
	}
	c.run()
	c.running.Wait()
	c.caught.Throw()
}

// drain takes pieces until none is left.
func (c *crew) drain() {
	defer c.running.Done()
	defer c.caught.Catch()
	for {
		i := int(c.next.Add(1)) - 1
		if i >= c.pieces {
			return
		}
		c.work(i)
	}
}
