package blueprint

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
)

// mostBytes is how long a text is at most.
const mostBytes = 1 << 24

// Read returns the network of which text is the JSON. An error says where in it what is
// wrong: a name that is not registered, a field that a type does not have. Nothing of
// the text is run, and it makes no weights: those come when the network is built.
func Read(text []byte) (layers.Layer, error) {
	v, err := parse(text, "net")
	if err != nil {
		return nil, fmt.Errorf("blueprint: %w", err)
	}
	r := &reader{shared: map[string]layers.Layer{}}
	l, err := r.layer(v, "net", 0)
	if err == nil && l == nil {
		err = errors.New("net: there is no network")
	}
	if err != nil {
		return nil, fmt.Errorf("blueprint: %w", err)
	}
	return l, nil
}

// ReadValue returns the value of which text is the JSON, as WriteValue has written it.
func ReadValue[T any](text []byte) (v T, err error) {
	x, err := parse(text, "value")
	if err == nil {
		r := &reader{shared: map[string]layers.Layer{}}
		err = r.value(x, reflect.ValueOf(&v).Elem(), "value", 0)
	}
	if err != nil {
		return v, fmt.Errorf("blueprint: %w", err)
	}
	return v, nil
}

// parse returns what stands under a name beside the version.
func parse(text []byte, name string) (any, error) {
	if len(text) > mostBytes {
		return nil, fmt.Errorf("the text has %d bytes, want at most %d", len(text), mostBytes)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var all object
	if err := d.Decode(&all); err != nil {
		return nil, fmt.Errorf("the text is no JSON: %w", err)
	}
	version, ok := all["version"].(json.Number)
	switch n, err := version.Int64(); {
	case !ok || err != nil || n < 1:
		return nil, errors.New("the text has no version")
	case n > Version:
		return nil, fmt.Errorf("the text has version %d, and this library reads up to %d: a newer one has written it", n, Version)
	}
	return all[name], nil
}

type reader struct {
	shared map[string]layers.Layer
}

// layer returns the layer that an object describes.
func (r *reader) layer(v any, at string, depth int) (layers.Layer, error) {
	if v == nil {
		return nil, nil
	}
	if depth > mostDeep {
		return nil, fmt.Errorf("%.60s…: layers stand one in the other more than %d times", at, mostDeep)
	}
	o, ok := v.(object)
	if !ok {
		return nil, fmt.Errorf("%s: %.60v is no object", at, v)
	}
	kind, _ := o["type"].(string)
	switch kind {
	case "Sequential", "Concat", "Sum", "Heads":
		parts, ok := o["layers"].([]any)
		if !ok || len(o) != 2 {
			return nil, fmt.Errorf("%s: a %s has a list of layers, and nothing else", at, kind)
		}
		var ls []layers.Layer
		for i, p := range parts {
			l, err := r.layer(p, fmt.Sprintf("%s.%d", at, i), depth+1)
			if err != nil {
				return nil, err
			}
			ls = append(ls, l)
		}
		return map[string]func() layers.Layer{
			"Sequential": func() layers.Layer { return layers.Sequential(ls) }, "Concat": func() layers.Layer { return layers.Concat(ls) },
			"Sum": func() layers.Layer { return layers.Sum(ls) }, "Heads": func() layers.Layer { return layers.Heads(ls) },
		}[kind](), nil
	case "Named", "Shared":
		return r.called(kind, o, at, depth)
	case "Neurons":
		return r.neurons(o, at, depth)
	}
	var l layers.Layer
	return l, r.any(o, reflect.ValueOf(&l).Elem(), at, depth)
}

// called returns a layer that has a name.
func (r *reader) called(kind string, o object, at string, depth int) (layers.Layer, error) {
	name, ok := o["name"].(string)
	if !ok || name == "" || len(o) != 3 {
		return nil, fmt.Errorf("%s: a %s layer has a name and a layer, and nothing else", at, kind)
	}
	if l := r.shared[name]; kind == "Shared" && l != nil {
		return l, nil
	}
	in, err := r.layer(o["layer"], at+"."+name, depth+1)
	if err != nil {
		return nil, err
	}
	if kind == "Named" {
		return layers.Named(name, in), nil
	}
	r.shared[name] = layers.Shared(name, in)
	return r.shared[name], nil
}

// neurons returns a layer of neurons.
func (r *reader) neurons(o object, at string, depth int) (layers.Layer, error) {
	var said struct {
		Model                 string
		Refractory, Recurrent bool
		Through               layers.Feedback
		KeepEvery             int
		Each                  []string
		Learn                 []struct {
			Name, Within string
			Each         bool
		}
		Regularise []layers.Regulariser
	}
	plain := object{}
	for k, v := range o {
		if k != "type" && k != "params" {
			plain[k] = v
		}
	}
	names := map[string]string{"model": "Model", "refractory": "Refractory", "recurrent": "Recurrent", "through": "Through", "keep_every": "KeepEvery", "each": "Each", "learn": "Learn", "regularise": "Regularise"}
	if err := r.fields(plain, reflect.ValueOf(&said).Elem(), at, depth, names); err != nil {
		return nil, err
	}
	registered.RLock()
	m := registered.neurons[said.Model]
	registered.RUnlock()
	if m == nil {
		return nil, fmt.Errorf("%s: neurons %q are not registered: RegisterNeurons enters them", at, said.Model)
	}
	if said.Recurrent && said.Through != nil {
		return nil, fmt.Errorf("%s: the neurons are recurrent and recurrent through other connections, want one of it", at)
	}
	var opts []layers.LiftOption
	for _, l := range said.Learn {
		learn := layers.Learn
		if l.Each {
			learn = layers.LearnEach
		}
		opts = append(opts, learn(l.Name))
		if l.Within == "" {
			continue
		}
		var c graph.Constraint
		if err := c.UnmarshalText([]byte(l.Within)); err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		opts = append(opts, layers.Constrain(c, l.Name))
	}
	opts = append(opts, layers.Regularise(said.Regularise...))
	if said.KeepEvery != 0 {
		opts = append(opts, layers.KeepEvery(said.KeepEvery))
	}
	return m.layer(wiring{said.Refractory, said.Recurrent, said.Through}, func(p any) ([]layers.LiftOption, error) {
		params, ok := o["params"].(object)
		if !ok {
			return nil, fmt.Errorf("%s: the neurons have no params", at)
		}
		err := r.fields(params, reflect.ValueOf(p).Elem(), at+".params", depth+1, nil)
		for _, name := range said.Each {
			opts = append(opts, eachOf(p, name))
		}
		return opts, err
	})
}

var jsonType = reflect.TypeFor[json.Unmarshaler]()

// any puts what an object describes into an interface.
func (r *reader) any(o object, into reflect.Value, at string, depth int) error {
	kind, _ := o["type"].(string)
	registered.RLock()
	value, constant := registered.values[kind]
	t := registered.types[kind]
	registered.RUnlock()
	v := reflect.ValueOf(value)
	switch {
	case constant && len(o) > 1:
		return fmt.Errorf("%s: a %s has no fields", at, kind)
	case constant:
	case t == nil:
		return fmt.Errorf("%s: the type %.60q is not registered: Register enters it", at, kind)
	case t.Kind() == reflect.Pointer && t.Implements(jsonType):
		v = reflect.New(t.Elem())
		text, err := json.Marshal(o["value"])
		if err == nil {
			err = v.Interface().(json.Unmarshaler).UnmarshalJSON(text)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	default:
		v = reflect.New(t).Elem()
		rest := maps.Clone(o)
		delete(rest, "type")
		var err error
		if x, ok := rest["value"]; ok && t.Kind() != reflect.Struct {
			err = r.value(x, v, at, depth+1)
		} else if t.Kind() == reflect.Struct {
			err = r.fields(rest, v, at, depth+1, nil)
		}
		if err != nil {
			return err
		}
	}
	if !v.Type().AssignableTo(into.Type()) {
		return fmt.Errorf("%s: a %s is no %v", at, kind, into.Type())
	}
	into.Set(v)
	return nil
}

// fields puts the members of an object into the fields of a struct: by their names, or by
// those that names gives them.
func (r *reader) fields(o object, into reflect.Value, at string, depth int, names map[string]string) error {
	for _, k := range slices.Sorted(maps.Keys(o)) {
		name := k
		if names != nil {
			name = names[k]
		}
		f, ok := into.Type().FieldByName(name)
		if !ok || !f.IsExported() || len(f.Index) != 1 {
			return fmt.Errorf("%s: %v has no field %.60q", at, into.Type(), k)
		}
		if err := r.value(o[k], into.FieldByIndex(f.Index), at+"."+k, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// value puts v into a field.
func (r *reader) value(v any, into reflect.Value, at string, depth int) error {
	wrong := func() error { return fmt.Errorf("%s: %.60v is no %v", at, v, into.Type()) }
	if depth > mostDeep {
		return fmt.Errorf("%.60s…: values stand one in the other more than %d times", at, mostDeep)
	}
	if v == nil {
		return nil
	}
	switch into.Type() {
	case paramType:
		x, ok := float(v)
		if !ok {
			return wrong()
		}
		into.Set(reflect.ValueOf(graph.Const(x)))
		return nil
	case nodeType:
		return wrong()
	case dtypeType:
		of := map[any]tensor.Dtype{"float32": tensor.Float32, "float64": tensor.Float64}
		name, _ := v.(string)
		dt, ok := of[name]
		if !ok {
			return wrong()
		}
		into.Set(reflect.ValueOf(dt))
		return nil
	case layerType:
		l, err := r.layer(v, at, depth+1)
		if err == nil && l != nil {
			into.Set(reflect.ValueOf(l))
		}
		return err
	}
	if m, ok := into.Addr().Interface().(encoding.TextUnmarshaler); ok {
		text, ok := v.(string)
		if !ok {
			return wrong()
		}
		if err := m.UnmarshalText([]byte(text)); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		return nil
	}
	return r.plain(v, into, at, depth, wrong)
}

// plain puts v into a field of one of Go's own kinds.
func (r *reader) plain(v any, into reflect.Value, at string, depth int, wrong func() error) error {
	switch into.Kind() {
	case reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			return wrong()
		}
		into.SetBool(b)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, ok := v.(json.Number)
		i, err := n.Int64()
		if !ok || err != nil || into.OverflowInt(i) {
			return wrong()
		}
		into.SetInt(i)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, ok := v.(json.Number)
		i, err := n.Int64()
		if !ok || err != nil || i < 0 || into.OverflowUint(uint64(i)) {
			return wrong()
		}
		into.SetUint(uint64(i))
	case reflect.Float32, reflect.Float64:
		x, ok := float(v)
		if !ok {
			return wrong()
		}
		into.SetFloat(x)
	case reflect.String:
		s, ok := v.(string)
		if !ok {
			return wrong()
		}
		into.SetString(s)
	case reflect.Slice:
		vs, ok := v.([]any)
		if !ok {
			return wrong()
		}
		s := reflect.MakeSlice(into.Type(), len(vs), len(vs))
		for i := range vs {
			if err := r.value(vs[i], s.Index(i), fmt.Sprintf("%s[%d]", at, i), depth+1); err != nil {
				return err
			}
		}
		into.Set(s)
	case reflect.Pointer:
		p := reflect.New(into.Type().Elem())
		if err := r.value(v, p.Elem(), at, depth+1); err != nil {
			return err
		}
		into.Set(p)
	case reflect.Struct, reflect.Interface, reflect.Func:
		o, ok := v.(object)
		switch {
		case !ok:
			return wrong()
		case into.Kind() != reflect.Struct:
			return r.any(o, into, at, depth+1)
		}
		var names map[string]string
		if into.NumField() > 0 && into.Type().Name() == "" { // of this package
			names = map[string]string{"name": "Name", "within": "Within", "each": "Each"}
		}
		return r.fields(o, into, at, depth+1, names)
	default:
		return wrong()
	}
	return nil
}

// float returns a number.
func float(v any) (float64, bool) {
	switch x := v.(type) {
	case json.Number:
		f, err := x.Float64()
		return f, err == nil
	case string:
		f, ok := map[string]float64{"NaN": math.NaN(), "Inf": math.Inf(1), "-Inf": math.Inf(-1)}[x]
		return f, ok
	}
	return 0, false
}
