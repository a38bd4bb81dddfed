package fields

import (
	"fmt"
	"reflect"
	"strings"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

var (
	nodeType  = reflect.TypeFor[*G.Node]()
	paramType = reflect.TypeFor[graph.Param]()
)

// Field returns a pointer to the field of the struct that p points to whose
// name is the given one, whatever the capitals and underscores: "tau_mem_inv"
// finds TauMemInv. Fields of nested structs are found too, outer ones first; an
// inner one alone by its path, "inner.tau_mem_inv". It is how names from files
// and command lines find parameters and states.
func Field(p any, name string) (any, error) {
	s, f, err := find(p, name)
	if err != nil {
		return nil, err
	}
	return s.FieldByIndex(f.Index).Addr().Interface(), nil
}

// find returns the struct in which Field finds a name, and its field.
func find(p any, name string) (reflect.Value, reflect.StructField, error) {
	v := reflect.ValueOf(p)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return v, reflect.StructField{}, fmt.Errorf("graph: got a %T, want a pointer to a struct", p)
	}
	head, rest, nested := strings.Cut(name, ".")
	level := []reflect.Value{v.Elem()}
	for len(level) > 0 {
		var next []reflect.Value
		for _, s := range level {
			for i := range s.NumField() {
				f := s.Type().Field(i)
				if !f.IsExported() {
					continue
				}
				if fold(f.Name) == fold(head) {
					if !nested {
						return s, f, nil
					}
					if f.Type.Kind() == reflect.Struct {
						return find(s.Field(i).Addr().Interface(), rest)
					}
				}
				if f.Type.Kind() == reflect.Struct && f.Type != paramType {
					next = append(next, s.Field(i))
				}
			}
		}
		level = next
	}
	return v, reflect.StructField{}, fmt.Errorf("graph: %v has no field %q", v.Elem().Type(), name)
}

// Default returns a pointer to the parameter that counts for the named one of the
// struct that p points to: the parameter itself if it is given, or has no tag
//
//	VPeak graph.Param `default:"VTh"`
//
// and else the one that the tag names, which Field finds in the same struct.
func Default(p any, name string) (*graph.Param, error) {
	s, f, err := find(p, name)
	if err != nil {
		return nil, err
	}
	param, ok := s.FieldByIndex(f.Index).Addr().Interface().(*graph.Param)
	if !ok {
		return nil, fmt.Errorf("graph: %s is a %v, want a %v", name, f.Type, paramType)
	}
	if other := f.Tag.Get("default"); other != "" && !param.Given() {
		return Default(s.Addr().Interface(), other)
	}
	return param, nil
}

func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// Params lists the fields of type graph.Param of a parameter struct, those of nested structs by
// their path.
func Params(p any) []string { return namesOf(reflect.TypeOf(p), paramType, "") }

// Nodes lists the node fields of a state or parameter struct, those of nested structs by their
// path.
func Nodes(s any) []string { return namesOf(reflect.TypeOf(s), nodeType, "") }

// namesOf returns the fields of a struct type that are of another type; none of what is no struct,
// or has one that is not exported.
func namesOf(t, want reflect.Type, prefix string) (names []string) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Type == want:
			if !f.IsExported() {
				return nil
			}
			names = append(names, prefix+f.Name)
		case f.Type.Kind() == reflect.Struct && f.Type != paramType && f.IsExported():
			inner := prefix + f.Name + "."
			if f.Anonymous {
				inner = prefix
			}
			names = append(names, namesOf(f.Type, want, inner)...)
		}
	}
	return names
}
