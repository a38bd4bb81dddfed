package graph

import (
	"fmt"
	"reflect"
	"strings"
)

// Field returns a pointer to the field of the struct that p points to whose
// name is the given one, whatever the capitals and underscores: "tau_mem_inv"
// finds TauMemInv. Fields of nested structs are found too, outer ones first; an
// inner one alone by its path, "inner.tau_mem_inv". It is how names from files
// and command lines find parameters and states.
func Field(p any, name string) (any, error) {
	v := reflect.ValueOf(p)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("graph: got a %T, want a pointer to a struct", p)
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
						return s.Field(i).Addr().Interface(), nil
					}
					if f.Type.Kind() == reflect.Struct {
						return Field(s.Field(i).Addr().Interface(), rest)
					}
				}
				if f.Type.Kind() == reflect.Struct && f.Type != paramType {
					next = append(next, s.Field(i))
				}
			}
		}
		level = next
	}
	return nil, fmt.Errorf("graph: %v has no field %q", v.Elem().Type(), name)
}

func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// ParamNames lists the fields of type Param of a parameter struct, those of
// nested structs by their path.
func ParamNames(p any) []string { return namesOf(p, true) }

// NodeNames lists the node fields of a state or parameter struct, those of
// nested structs by their path.
func NodeNames(s any) []string { return namesOf(s, false) }

func namesOf(v any, params bool) []string {
	slots, err := slotsOf(reflect.TypeOf(v))
	if err != nil {
		return nil
	}
	var names []string
	for _, s := range slots {
		if s.param == params {
			names = append(names, s.name)
		}
	}
	return names
}
