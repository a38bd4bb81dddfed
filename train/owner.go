package train

import (
	"reflect"
	"sync"
	"weak"

	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/optim"
)

// trained are the models that some optimiser has trained.
var trained struct {
	sync.Mutex
	models []weak.Pointer[Model]
}

// takeOver makes opt the optimiser of m. If it was that of another model last, or another
// was that of m, it begins anew, unless this is to go on from a checkpoint.
func (m *Model) takeOver(opt optim.Optimiser, resume bool) error {
	trained.Lock()
	defer trained.Unlock()
	same := m.by != nil && isSame(m.by, opt)
	if !same {
		alive := trained.models[:0]
		for _, w := range trained.models {
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
		clear(trained.models[len(alive):])
		trained.models, m.by = append(alive, weak.Make(m)), opt
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
