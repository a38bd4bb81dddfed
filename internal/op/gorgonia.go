package op

import (
	"reflect"

	G "gorgonia.org/gorgonia"
)

// GorgoniaName returns the name of the type of one of Gorgonia's operations, "" for
// others.
func GorgoniaName(op G.Op) string {
	t := reflect.TypeOf(op)
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.PkgPath() != "gorgonia.org/gorgonia" {
		return ""
	}
	return t.Name()
}
