// Package describe writes settings as a person would: "Adam{LearningRate: 0.005}".
package describe

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
)

// maxDepth bounds how deep structures are followed: they may point to
// themselves.
const maxDepth = 8

// maxParts bounds how many parts are described: a slice that contains itself has
// as many as there are ways to maxDepth.
const maxParts = 1000

// A writer counts the parts that it has described.
type writer struct{ parts int }

// A kind has a name of its own, which stands in files in the place of that of its Go
// type: so that a type which is renamed reads what it has written.
type kind interface{ Kind() string }

// Kind returns the name by which v goes in files: what its method Kind says, else the
// name of its Go type. One that is not of this library has its package in front,
// "main.Lion", and so is not taken for another.
func Kind(v any) string {
	r := reflect.ValueOf(v)
	if name, ok := kindOf(r); ok {
		return name
	}
	if !r.IsValid() {
		return "nil"
	}
	t := r.Type()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if strings.HasPrefix(t.PkgPath(), library) {
		return typeName(t)
	}
	return t.String()
}

// library is what the paths of this library's packages begin with.
var library = strings.TrimSuffix(reflect.TypeFor[writer]().PkgPath(), "internal/describe")

// kindOf returns what the method Kind of v says, if it has one and does not panic.
func kindOf(r reflect.Value) (name string, ok bool) {
	if !r.IsValid() || !r.CanInterface() || r.Kind() == reflect.Pointer && r.IsNil() {
		return "", false
	}
	v, ok := r.Interface().(kind)
	if !ok && r.CanAddr() {
		v, ok = r.Addr().Interface().(kind)
	}
	if !ok {
		return "", false
	}
	defer func() {
		if recover() != nil {
			name, ok = "", false
		}
	}()
	return v.Kind(), true
}

// Value returns the kind of v and those of its exported fields that are set. Without a
// method Kind that is its Go type, without the package. A pointer is what it points to,
// a function its name, and what has a method String what that says.
func Value(v any) string { return new(writer).value(reflect.ValueOf(v), 0) }

// Name returns the kind of v, or the name of its type, without its package and the types
// that it was made with; of a function its name, "LastStep".
func Name(v any) string {
	r := reflect.ValueOf(v)
	if name, ok := kindOf(r); ok {
		return name
	}
	for r.Kind() == reflect.Pointer && !r.IsNil() {
		r = r.Elem()
	}
	if !r.IsValid() {
		return "nil"
	}
	if r.Kind() == reflect.Func {
		return function(r)
	}
	return nameOf(r)
}

// nameOf returns the kind of r or the name of its type.
func nameOf(r reflect.Value) string {
	if name, ok := kindOf(r); ok {
		return name
	}
	return typeName(r.Type())
}

func typeName(t reflect.Type) string {
	name := t.Name()
	if name == "" {
		name = t.String()
	}
	name, _, _ = strings.Cut(name, "[")
	return name
}

// function returns the name of a function, without its package and the types that it was
// made with.
func function(r reflect.Value) string {
	if r.IsNil() {
		return "nil"
	}
	f := runtime.FuncForPC(r.Pointer())
	if f == nil {
		return "function"
	}
	name, _, _ := strings.Cut(f.Name(), "[")
	name = name[strings.LastIndexByte(name, '/')+1:]
	if _, rest, ok := strings.Cut(name, "."); ok {
		return rest
	}
	return name
}

func (w *writer) value(r reflect.Value, depth int) string {
	if !r.IsValid() {
		return "nil"
	}
	if w.parts++; depth > maxDepth || w.parts > maxParts {
		return "…"
	}
	if s, ok := stringer(r); ok {
		return s
	}
	switch r.Kind() {
	case reflect.Pointer, reflect.Interface:
		return w.value(r.Elem(), depth+1)
	case reflect.Func:
		return function(r)
	case reflect.Struct:
		return nameOf(r) + "{" + strings.Join(w.fields(r, depth), ", ") + "}"
	case reflect.Slice, reflect.Array:
		var s []string
		for i := range r.Len() {
			if w.parts > maxParts {
				break
			}
			s = append(s, w.value(r.Index(i), depth+1))
		}
		return "[" + strings.Join(s, " ") + "]"
	case reflect.String:
		return fmt.Sprintf("%q", r.String())
	case reflect.Chan, reflect.UnsafePointer, reflect.Map:
		return r.Type().String()
	}
	return fmt.Sprint(r)
}

// stringer returns what v says of itself, if it is not a pointer of its own kind.
func stringer(r reflect.Value) (s string, ok bool) {
	if !r.CanInterface() || r.Kind() == reflect.Pointer && r.IsNil() {
		return "", false
	}
	v, ok := r.Interface().(fmt.Stringer)
	if !ok {
		return "", false
	}
	defer func() {
		if recover() != nil {
			s, ok = "", false
		}
	}()
	return v.String(), true
}

// isZero reports whether a field says nothing: it is zero, or a parameter that is the
// number 0 and would be so without being given.
func isZero(f reflect.StructField, v reflect.Value) bool {
	if v.IsZero() {
		return true
	}
	p, ok := v.Interface().(interface{ Is(v float64) bool })
	return ok && p.Is(0) && f.Tag.Get("default") == ""
}

// Fields returns the exported fields of a structure that are set, "Out: 200".
func Fields(v any) []string {
	r := reflect.ValueOf(v)
	for r.Kind() == reflect.Pointer && !r.IsNil() {
		r = r.Elem()
	}
	if r.Kind() != reflect.Struct {
		return nil
	}
	return new(writer).fields(r, 0)
}

func (w *writer) fields(r reflect.Value, depth int) []string {
	var out []string
	t := r.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		v := r.Field(i)
		switch {
		case f.Anonymous && f.IsExported() && v.Kind() == reflect.Struct:
			out = append(out, w.fields(v, depth+1)...)
		case !f.IsExported(), isZero(f, v):
		default:
			out = append(out, f.Name+": "+w.value(v, depth+1))
		}
	}
	return out
}
