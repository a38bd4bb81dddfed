// Package owner sees to it that what an optimiser remembers is of the model that it trains.
package owner

import (
	"reflect"
	"sync"
	"weak"

	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/optim"
)

// An Owner is the optimiser that trained a model last, unless that has trained another one since.
type Owner struct{ by optim.Optimiser }

// all are the owners that there are.
var all struct {
	sync.Mutex
	owners []weak.Pointer[Owner]
}

// TakeOver makes opt the optimiser of the model. If it was that of another model last, or another
// was that of this one, it begins anew, unless this is to go on from a checkpoint.
func (m *Owner) TakeOver(opt optim.Optimiser, resume bool) error {
	all.Lock()
	defer all.Unlock()
	same := m.by != nil && isSame(m.by, opt)
	if !same {
		alive := all.owners[:0]
		for _, w := range all.owners {
			other := w.Value()
			if other == nil || other == m {
				continue
			}
			if isSame(other.by, opt) {
				other.by = nil
				continue
			}
			alive = append(alive, w)
		}
		clear(all.owners[len(alive):])
		all.owners, m.by = append(alive, weak.Make(m)), opt
	}
	if same || resume {
		return nil
	}
	if o, ok := opt.(interface{ Fresh() bool }); ok && optim.Own(opt) && o.Fresh() {
		return nil // what Restore has put there is for whoever comes first
	}
	return guard.Call("Restore", "optimiser", opt, func() error { return opt.Restore(optim.State{Slots: map[string]optim.Slot{}}) })
}

// isSame reports whether a and b are one optimiser, which only pointers can be.
func isSame(a, b optim.Optimiser) bool {
	return a != nil && reflect.TypeOf(b).Kind() == reflect.Pointer && a == b
}
