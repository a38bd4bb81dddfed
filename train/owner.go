package train

import (
	"fmt"
	"reflect"
	"sync"
	"unsafe"
	"weak"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/guard"
)

// An owner is the parameter that what an optimiser remembers belongs to. The zero
// value is the first that comes.
type owner struct {
	param  G.ValueGrad
	memory unsafe.Pointer // of its value
}

// is reports whether o and p are one parameter: a node whose value was replaced is, and
// so is a value that comes in a new wrapper at each step.
func (o owner) is(p owner) bool {
	if o == (owner{}) || o.memory == p.memory {
		return true
	}
	return reflect.TypeOf(p.param).Kind() == reflect.Pointer && o.param == p.param
}

// owned reports whether an optimiser has taken a step with parameters that it still
// remembers.
func (m *memory) owned() bool {
	for _, sl := range m.slots {
		if sl.steps > 0 && sl.owner != (owner{}) {
			return true
		}
	}
	return false
}

// trained are the models that some optimiser has trained.
var trained struct {
	sync.Mutex
	models []weak.Pointer[Model]
}

// takeOver makes opt the optimiser of m. If it was that of another model last, or another
// was that of m, it begins anew, unless this is to go on from a checkpoint.
func (m *Model) takeOver(opt Optimiser, resume bool) error {
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
	switch o := opt.(type) { // what Restore has put there is for whoever comes first
	case *SGD:
		same = !o.owned()
	case *Adam:
		same = !o.owned()
	case *RMSProp:
		same = !o.owned()
	}
	if same {
		return nil
	}
	return guard.Call("Restore", "optimiser", opt, func() error { return opt.Restore(State{Slots: map[string]Slot{}}) })
}

// busy are the optimisers of the trainings that run at present.
var busy sync.Map // of Optimiser, if it is a pointer

// occupy keeps other trainings from using opt until leave is called: each would begin
// anew at every step of the other.
func occupy(opt Optimiser) (leave func(), err error) {
	if !isSame(opt, opt) {
		return func() {}, nil
	}
	if _, taken := busy.LoadOrStore(opt, true); taken {
		return nil, fmt.Errorf("train: the optimiser is %w, in another training; give each one of its own", ErrInUse)
	}
	return func() { busy.Delete(opt) }, nil
}

// isSame reports whether a and b are one optimiser, which only pointers can be.
func isSame(a, b Optimiser) bool {
	return a != nil && reflect.TypeOf(b).Kind() == reflect.Pointer && a == b
}
