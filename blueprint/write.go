package blueprint

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
)

// Version is that of the JSON that is written; a later one is not read.
const Version = 1

// mostDeep is how many values stand one in the other at most.
const mostDeep = 128

type object = map[string]any

// Write returns a network as JSON. An error names the layer that it cannot say, and why.
func Write(net layers.Layer) ([]byte, error) {
	if net == nil {
		return nil, errors.New("blueprint: the network is nil")
	}
	v, err := writer{}.layer(net, "net", 0)
	if err != nil {
		return nil, fmt.Errorf("blueprint: %w", err)
	}
	return json.Marshal(object{"version": Version, "net": v})
}

// WriteValue returns a struct as JSON, with the layers, losses and numbers in its exported
// fields.
func WriteValue[T any](v T) ([]byte, error) {
	x, err := writer{}.value(reflect.ValueOf(&v).Elem(), "value", 0)
	if err != nil {
		return nil, fmt.Errorf("blueprint: %w", err)
	}
	return json.Marshal(object{"version": Version, "value": x})
}

type writer struct{}

// layer returns a layer at a path of the network.
func (w writer) layer(l layers.Layer, at string, depth int) (any, error) {
	if depth > mostDeep {
		return nil, fmt.Errorf("%.60s…: layers stand one in the other more than %d times: does one contain itself?", at, mostDeep)
	}
	several := func(kind string, ls []layers.Layer) (any, error) {
		out := []any{}
		for i, l := range ls {
			v, err := w.layer(l, fmt.Sprintf("%s.%d", at, i), depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return object{"type": kind, "layers": out}, nil
	}
	switch l := l.(type) {
	case nil:
		return nil, nil
	case layers.Sequential:
		return several("Sequential", l)
	case layers.Concat:
		return several("Concat", l)
	case layers.Sum:
		return several("Sum", l)
	case layers.Heads:
		return several("Heads", l)
	}
	if o, ok := layers.Open(l); ok {
		if o.Neurons != nil {
			return w.neurons(*o.Neurons, at, depth)
		}
		in, err := w.layer(o.Layer, at, depth+1)
		switch {
		case err != nil || o.Name == "":
			return in, err
		case o.Shared:
			return object{"type": "Shared", "name": o.Name, "layer": in}, nil
		}
		return object{"type": "Named", "name": o.Name, "layer": in}, nil
	}
	return w.any(reflect.ValueOf(l), at, depth)
}

// neurons returns a layer of neurons.
func (w writer) neurons(n layers.Neurons, at string, depth int) (any, error) {
	params, err := w.value(reflect.ValueOf(n.Params), at, depth+1)
	if err != nil {
		return nil, err
	}
	name, refractory, err := nameOf(n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	if name == "" {
		return nil, fmt.Errorf("%s: the step of the neurons, with parameters %T, is registered under no name: RegisterNeurons gives it one", at, n.Params)
	}
	out := object{"type": "Neurons", "model": name, "params": params}
	if refractory {
		out["refractory"] = true
	}
	if n.Recurrent {
		out["recurrent"] = true
	}
	if n.Through != nil {
		if out["through"], err = w.any(reflect.ValueOf(n.Through), at, depth+1); err != nil {
			return nil, err
		}
	}
	if n.KeepEvery != 0 {
		out["keep_every"] = n.KeepEvery
	}
	if len(n.Each) > 0 {
		out["each"] = n.Each
	}
	var learn []any
	for _, l := range n.Learn {
		k := object{"name": l.Name}
		if l.Each {
			k["each"] = true
		}
		if l.Keep != (graph.Constraint{}) {
			k["within"] = l.Keep.String()
		}
		learn = append(learn, k)
	}
	if learn != nil {
		out["learn"] = learn
	}
	var regs []any
	for _, r := range n.Regularise {
		v, err := w.any(reflect.ValueOf(r), at, depth+1)
		if err != nil {
			return nil, err
		}
		regs = append(regs, v)
	}
	if regs != nil {
		out["regularise"] = regs
	}
	return out, nil
}

// nameOf returns the name of a step, "" if it has none, and whether it is that made refractory.
func nameOf(n layers.Neurons) (name string, refractory bool, err error) {
	registered.RLock()
	defer registered.RUnlock()
	for _, k := range slices.Sorted(maps.Keys(registered.neurons)) {
		same, wrapped, err := registered.neurons[k].is(n.Step, n.Params)
		switch {
		case err != nil:
			return "", false, err
		case same && !wrapped: // before a wrapped one, for it has a name of its own
			return k, false, nil
		case same:
			name, refractory = k, true
		}
	}
	return name, refractory, nil
}

// any returns a value that an interface holds: one of those that have a name, or of a
// registered type.
func (w writer) any(v reflect.Value, at string, depth int) (any, error) {
	registered.RLock()
	name := registered.names[v.Type()]
	for k, of := range registered.values {
		if o := reflect.ValueOf(of); o.Type() == v.Type() && (o.Kind() != reflect.Func && o.Equal(v) || o.Kind() == reflect.Func && closure(of) == closure(v.Interface())) {
			name = k
		}
	}
	_, constant := registered.values[name]
	registered.RUnlock()
	switch {
	case name == "" && v.Kind() == reflect.Func:
		return nil, fmt.Errorf("%s: the function, a %v, is registered under no name: RegisterFunc gives it one", at, v.Type())
	case name == "":
		return nil, fmt.Errorf("%s: the type %v is registered under no name: Register gives it one", at, v.Type())
	case constant:
		return object{"type": name}, nil
	}
	if m, ok := v.Interface().(json.Marshaler); ok {
		text, err := m.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		return object{"type": name, "value": json.RawMessage(text)}, nil
	}
	x, err := w.value(v, at, depth+1)
	if err != nil {
		return nil, err
	}
	fields, ok := x.(object)
	if !ok {
		return object{"type": name, "value": x}, nil
	}
	fields["type"] = name
	return fields, nil
}

var (
	initType  = reflect.TypeFor[layers.Init]()
	layerType = reflect.TypeFor[layers.Layer]()
	paramType = reflect.TypeFor[graph.Param]()
	nodeType  = reflect.TypeFor[*G.Node]()
	dtypeType = reflect.TypeFor[tensor.Dtype]()
)

// value returns what a field holds.
func (w writer) value(v reflect.Value, at string, depth int) (any, error) {
	if depth > mostDeep {
		return nil, fmt.Errorf("%s: values stand one in the other more than %d times", at, mostDeep)
	}
	switch t := v.Type(); {
	case t == paramType:
		p := v.Interface().(graph.Param)
		x, ok := p.Value()
		if !ok {
			return nil, fmt.Errorf("%s: parameter %v has a node of a graph; let the layer learn it by layers.Learn", at, p)
		}
		return number(x), nil
	case t == nodeType && !v.IsNil():
		return nil, fmt.Errorf("%s: a node of a graph, which a network that is built anew does not have; layers.Recurrent adds its weights itself, and a layer of one's own that does so in its Apply can be registered", at)
	case t == dtypeType:
		return v.Interface().(tensor.Dtype).String(), nil
	case t == layerType:
		if v.IsNil() {
			return nil, nil
		}
		return w.layer(v.Interface().(layers.Layer), at, depth+1)
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok && v.Kind() != reflect.Interface && v.Kind() != reflect.Pointer {
		text, err := m.MarshalText()
		return string(text), err
	}
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint(), nil
	case reflect.Float32, reflect.Float64:
		return number(v.Float()), nil
	case reflect.String:
		return v.String(), nil
	case reflect.Slice, reflect.Array:
		out := []any{}
		for i := range v.Len() {
			x, err := w.value(v.Index(i), fmt.Sprintf("%s[%d]", at, i), depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, x)
		}
		return out, nil
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		return w.value(v.Elem(), at, depth+1)
	case reflect.Struct:
		return w.fields(v, at, depth)
	case reflect.Interface, reflect.Func:
		if v.IsNil() {
			return nil, nil
		}
		if v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		return w.any(v, at, depth+1)
	}
	return nil, fmt.Errorf("%s: a %v cannot be written", at, v.Type())
}

// fields returns the fields of a struct that are not zero.
func (w writer) fields(v reflect.Value, at string, depth int) (any, error) {
	out := object{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || v.Field(i).IsZero() || f.Type == initType {
			continue
		}
		x, err := w.value(v.Field(i), at+"."+f.Name, depth+1)
		if err != nil {
			return nil, err
		}
		out[f.Name] = x
	}
	return out, nil
}

// number returns a number as JSON has it.
func number(x float64) any {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case math.IsInf(x, 1):
		return "Inf"
	case math.IsInf(x, -1):
		return "-Inf"
	}
	return x
}
