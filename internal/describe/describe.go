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

// Value returns the type of v and those of its exported fields that are set. A
// pointer is what it points to, a function its name, and what has a method String
// what that says.
func Value(v any) string { return new(writer).value(reflect.ValueOf(v), 0) }

// Name returns the name of the type of v, without its package and the types that
// it was made with; of a function its name, "graph.LastStep".
func Name(v any) string {
	r := reflect.ValueOf(v)
	for r.Kind() == reflect.Pointer && !r.IsNil() {
		r = r.Elem()
	}
	if !r.IsValid() {
		return "nil"
	}
	if r.Kind() == reflect.Func {
		return function(r)
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

func function(r reflect.Value) string {
	if r.IsNil() {
		return "nil"
	}
	f := runtime.FuncForPC(r.Pointer())
	if f == nil {
		return "function"
	}
	name := f.Name()
	return name[strings.LastIndexByte(name, '/')+1:]
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
		return typeName(r.Type()) + "{" + strings.Join(w.fields(r, depth), ", ") + "}"
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
