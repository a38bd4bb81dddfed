package guard

import (
	"reflect"
	"sync"
)

// busy are those that are occupied, pointers.
var busy sync.Map

// Occupy keeps others from using what v points to until leave is called: a second one gets an error
// that wraps ErrInUse. What is no pointer is nobody's alone.
func Occupy(v any) (leave func(), err error) {
	if v == nil || reflect.TypeOf(v).Kind() != reflect.Pointer {
		return func() {}, nil
	}
	if _, taken := busy.LoadOrStore(v, true); taken {
		return nil, ErrInUse
	}
	return func() { busy.Delete(v) }, nil
}
