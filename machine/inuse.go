package machine

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"weak"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/guard"
)

// ErrInUse is in the error of a Machine that is asked while another goroutine, or
// another machine, runs on its graph.
var ErrInUse = guard.ErrInUse

// uses has what lets one machine at a time run on a graph, as long as there is the
// graph.
var uses sync.Map // of weak.Pointer[G.ExprGraph], *guard.InUse

func useOf(g *G.ExprGraph) *guard.InUse {
	key := weak.Make(g)
	use, found := uses.LoadOrStore(key, &guard.InUse{})
	if !found {
		runtime.AddCleanup(g, func(key weak.Pointer[G.ExprGraph]) { uses.Delete(key) }, key)
	}
	return use.(*guard.InUse)
}

// enter lets the caller use the memory of the graph, until m.use.Leave.
func (m *Machine) enter() error {
	switch {
	case m == nil || m.use == nil:
		return errors.New("it is nil or was not made by New")
	case !m.use.Enter():
		return fmt.Errorf("its graph is %w, or by another machine; give each a graph of its own", ErrInUse)
	}
	return nil
}
