package guard

import "reflect"

// IsNil reports whether v is nil, or holds a nil pointer, slice, map or function:
// an interface with a nil pointer in it is not nil itself.
func IsNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Func:
		return r.IsNil()
	}
	return false
}
