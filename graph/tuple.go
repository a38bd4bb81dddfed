package graph

import (
	"fmt"
	"reflect"

	G "gorgonia.org/gorgonia"
)

var (
	nodeType  = reflect.TypeFor[*G.Node]()
	paramType = reflect.TypeFor[Param]()
)

// A slot is one place in a struct that holds a node: a field of type
// *gorgonia.Node, or a Param.
type slot struct {
	name  string
	index []int // path of field indices
	param bool
}

func (s slot) get(v reflect.Value) *G.Node {
	f := v.FieldByIndex(s.index)
	if s.param {
		return f.Interface().(Param).node
	}
	return f.Interface().(*G.Node)
}

func (s slot) set(v reflect.Value, n *G.Node) {
	f := v.FieldByIndex(s.index)
	if s.param {
		p := f.Interface().(Param)
		if p.outer == nil {
			p.outer = p.node
		}
		p.node = n
		f.Set(reflect.ValueOf(p))
		return
	}
	f.Set(reflect.ValueOf(n))
}

// slotsOf lists the places of struct type t that hold nodes, in the order of
// the fields; the fields of nested structs come where the struct stands.
func slotsOf(t reflect.Type) ([]slot, error) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("graph: got a %v, want a struct of nodes and parameters", t)
	}
	return appendSlots(nil, t, nil, "")
}

func appendSlots(slots []slot, t reflect.Type, path []int, prefix string) ([]slot, error) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(append([]int{}, path...), i)
		name := prefix + f.Name
		switch {
		case f.Type == nodeType, f.Type == paramType:
			if !f.IsExported() {
				return nil, fmt.Errorf("graph: field %s of %v is not exported", name, t)
			}
			slots = append(slots, slot{name: name, index: index, param: f.Type == paramType})
		case f.Type.Kind() == reflect.Struct && f.IsExported():
			if !f.Anonymous {
				name += "."
			} else {
				name = prefix
			}
			var err error
			if slots, err = appendSlots(slots, f.Type, index, name); err != nil {
				return nil, err
			}
		}
	}
	return slots, nil
}

// nodesOf returns the nodes that the slots of v hold, nil where there is none.
func nodesOf(v any, slots []slot) G.Nodes {
	r := reflect.ValueOf(v)
	ns := make(G.Nodes, len(slots))
	for i, s := range slots {
		ns[i] = s.get(r)
	}
	return ns
}

// withNodes returns a copy of v whose slots hold ns, those that are not nil.
func withNodes(v any, slots []slot, ns G.Nodes) any {
	r := reflect.New(reflect.TypeOf(v)).Elem()
	r.Set(reflect.ValueOf(v))
	for i, s := range slots {
		if ns[i] != nil {
			s.set(r, ns[i])
		}
	}
	return r.Interface()
}
