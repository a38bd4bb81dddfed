package optim

import (
	"reflect"
	"unsafe"

	G "gorgonia.org/gorgonia"
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

// Fresh reports whether what the optimiser remembers, if anything, is still for the
// parameters that come first: no Step has come since Restore.
func (m *memory) Fresh() bool {
	for _, sl := range m.slots {
		if sl.steps > 0 && sl.owner != (owner{}) {
			return false
		}
	}
	return true
}
