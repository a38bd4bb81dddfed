package nir

import (
	"reflect"

	G "gorgonia.org/gorgonia"
)

// States of a scan are fields of a struct. These structs have room for as many as a loop
// of a network needs.
type one struct{ N *G.Node }

type four[S any] struct{ A, B, C, D S }

type (
	upTo4   = four[one]
	upTo16  = four[upTo4]
	upTo64  = four[upTo16]
	upTo256 = four[upTo64]
)

// places returns where the nodes of a struct are, in the order of its fields.
func places(s any) (ps []**G.Node) {
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		for i := range v.NumField() {
			if p, ok := v.Field(i).Addr().Interface().(**G.Node); ok {
				ps = append(ps, p)
			} else {
				walk(v.Field(i))
			}
		}
	}
	walk(reflect.ValueOf(s).Elem())
	return ps
}

// nodesIn returns the nodes of a struct.
func nodesIn[S any](s S) []*G.Node {
	ps := places(&s)
	ns := make([]*G.Node, len(ps))
	for i, p := range ps {
		ns[i] = *p
	}
	return ns
}

// holding returns a struct with these nodes; those that are left have the last.
func holding[S any](ns []*G.Node) S {
	var s S
	for i, p := range places(&s) {
		*p = ns[min(i, len(ns)-1)]
	}
	return s
}
