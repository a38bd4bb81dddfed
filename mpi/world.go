package mpi

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// A Comm is the processes of a job, the communicator MPI_COMM_WORLD. It is a
// train.Reducer. All ranks call the same methods in the same order; what one of them
// does not call, the others wait for. Goroutines may share a Comm, but must see to that
// order.
//
// After an error of a method other ranks may be left waiting: end the program, without
// Close, with a status other than 0. The launcher then ends the others.
type Comm struct {
	// Timeout is how long a call waits for the other ranks before it returns an error that
	// wraps ErrTimeout, after which no call works any more; 0 waits for ever. A rank waits
	// for the slowest, also while that validates, examines or writes.
	Timeout time.Duration

	rank, size int
	about      string
	lib        *library // nil in a world of one that has none
	jobs       chan func()
	broken     error // why no call works any more
	closed     bool
	mu         sync.Mutex // one call at a time
}

// ErrTimeout is the error of a call that has waited for other ranks for the Timeout of
// its Comm.
var ErrTimeout = errors.New("the other ranks did not come")

var world struct {
	sync.Mutex
	comm *Comm
}

// World returns the processes that were started with this one: by mpirun, mpiexec or
// srun. Without them, and without SPIKEGRAD_MPI, it is this process alone. Called again,
// it returns the same. An error says that the library cannot be found or used, or that
// it does not belong to the launcher: then every process would be one alone.
func World() (*Comm, error) {
	world.Lock()
	defer world.Unlock()
	if world.comm != nil {
		return world.comm, nil
	}
	c, err := connect(launched())
	if err != nil {
		return nil, err
	}
	world.comm = c
	return c, nil
}

// connect joins the processes that l has started.
func connect(l launcher) (*Comm, error) {
	c := &Comm{size: 1, about: "one process, without MPI"}
	if names := l.candidates(); l.name != "" || len(names) == 1 {
		var err error
		if c.lib, err = open(names); err != nil {
			return nil, err
		}
		c.jobs = make(chan func())
		go serve(c.jobs)
		if err := c.call(func() error { return c.lib.start(&c.rank, &c.size) }); err != nil {
			return nil, err
		}
		c.about = fmt.Sprintf("rank %d of %d, %s (%s)", c.rank, c.size, c.lib.version, c.lib.path)
	}
	if l.size > 0 && l.size != c.size {
		return nil, fmt.Errorf("mpi: %s tells of a launcher with %d processes, and %s (%s) sees %d: the library is not that of the launcher; set %s to the one that is", l.name, l.size, c.lib.version, c.lib.path, c.size, variable)
	}
	return c, nil
}

// Rank returns the number of this process, from 0 to Size−1.
func (c *Comm) Rank() int {
	if c == nil {
		return 0
	}
	return c.rank
}

// Size returns the number of processes; of a Comm that World has not made 0.
func (c *Comm) Size() int {
	if c == nil {
		return 0
	}
	return c.size
}

// String says which rank this is, of how many, and what connects them.
func (c *Comm) String() string {
	if c.Size() == 0 {
		return "no processes: World has not made this"
	}
	return c.about
}

// Close ends the use of MPI (MPI_Finalize), for which all ranks wait. A program that
// ends well calls it; launchers take one that does not for one that failed. After it no
// method works. A second Close does nothing.
func (c *Comm) Close() error {
	if c.Size() == 0 {
		return c.call(nil)
	}
	c.mu.Lock()
	done := c.closed
	c.mu.Unlock()
	if done {
		return nil
	}
	err := c.call(func() error {
		if c.lib == nil {
			return nil
		}
		return c.lib.finalize()
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.broken == nil {
		c.broken = errors.New("mpi: the world is closed")
	}
	return err
}

// Abort ends all processes of the job with a status (MPI_Abort), at once: what the
// others were about to write is lost. In a world of one it does nothing.
func (c *Comm) Abort(status int) error {
	if c.Size() == 1 {
		return nil
	}
	return c.call(func() error { return c.lib.abort(status) })
}

// call runs f on the thread that makes all calls of MPI, and waits for it.
func (c *Comm) call(f func() error) error {
	if c == nil || c.lib == nil && c.size != 1 {
		return errors.New("mpi: the Comm is nil or was not made by World")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return c.broken
	}
	if c.lib == nil {
		return f()
	}
	done := make(chan error, 1)
	c.jobs <- func() { done <- f() }
	if c.Timeout <= 0 {
		return <-done
	}
	timer := time.NewTimer(c.Timeout)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		c.broken = fmt.Errorf("mpi: rank %d of %d waited %v: %w", c.rank, c.size, c.Timeout, ErrTimeout)
		return c.broken
	}
}
