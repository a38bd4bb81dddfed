package blueprint

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"unsafe"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/fields"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// A model makes layers of a step that is registered.
type model interface {
	// is reports whether a step is this one, or this one that wrap.Refractory has made refractory.
	is(step, params any) (same, refractory bool, err error)
	layer(how wiring, fill func(params any) ([]layers.LiftOption, error)) (layers.Layer, error)
}

// A wiring says what is around the step of a layer of neurons.
type wiring struct {
	refractory, recurrent bool
	through               layers.Feedback // of RecurrentThrough, else nil
}

type modelOf[S any, P graph.Params[S]] struct{ step graph.Step[S, P] }

func (m modelOf[S, P]) is(step, params any) (same, refractory bool, err error) {
	if f, ok := step.(graph.Step[S, P]); ok {
		_, same = params.(P)
		return same && closure(f) == closure(m.step), false, nil
	}
	f, ok := step.(graph.Step[wrap.RefractoryState[S], wrap.RefractoryParams[S, P]])
	p, ok2 := params.(wrap.RefractoryParams[S, P])
	if !ok || !ok2 || f == nil {
		return false, false, nil
	}
	err = guard.Call("", "step", f, func() error { same = closure(p.Inside(f)) == closure(m.step); return nil })
	return same, true, err
}

func (m modelOf[S, P]) layer(how wiring, fill func(params any) ([]layers.LiftOption, error)) (layers.Layer, error) {
	if how.refractory {
		return layerOf(wrap.Refractory(m.step), how, fill)
	}
	return layerOf(m.step, how, fill)
}

func layerOf[S any, P graph.Params[S]](step graph.Step[S, P], how wiring, fill func(params any) ([]layers.LiftOption, error)) (layers.Layer, error) {
	var p P
	opts, err := fill(&p)
	if err != nil {
		return nil, err
	}
	switch {
	case how.through != nil:
		return layers.RecurrentThrough(how.through, step, p, opts...), nil
	case how.recurrent:
		return layers.Recurrent(step, p, opts...), nil
	}
	return layers.Lift(step, p, opts...), nil
}

// loaded is how parameters with a value for each neuron begin: with the constant that they
// have, until a file of weights gives them theirs.
type loaded float64

// Draw fills w.
func (v loaded) Draw(_ *rand.Rand, _ []int, w []float64) error {
	for i := range w {
		w[i] = float64(v)
	}
	return nil
}

// Loaded says that the values are not those to start from.
func (loaded) Loaded() {}

// eachOf returns the option that gives a parameter a value for each neuron.
func eachOf(params any, name string) layers.LiftOption {
	v := 0.0
	if p, err := fields.Default(params, name); err == nil {
		v, _ = p.Value()
	}
	return layers.Each(loaded(v), name)
}

// closure tells a function from others: it is the same for the same function, and of closures
// for the same value, for two may have the same code.
func closure(f any) unsafe.Pointer {
	if v := reflect.ValueOf(f); v.Kind() != reflect.Func || v.IsNil() {
		return nil
	}
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&f))[1] // the second word of an interface is what it holds
}

// RegisterNeurons enters a step under a name: neurons of one's own, or wrapped ones, as
//
//	var coupled = wrap.Coupled(neurons.LIFStep)
//
// of which that value is the step of the layer, too. With a step that step made refractory
// by wrap.Refractory can be written, too.
func RegisterNeurons[S any, P graph.Params[S]](name string, step graph.Step[S, P]) error {
	registered.Lock()
	defer registered.Unlock()
	if name == "" || step == nil || taken(name) {
		return fmt.Errorf("blueprint: register neurons %q: the name is empty or taken, or the step is nil", name)
	}
	registered.neurons[name] = modelOf[S, P]{step}
	return nil
}

// RegisterFunc enters a function under a name: a layers.Func, a layers.Join, a
// wrap.Accumulator, or of another type that a field of a registered type has.
//
//	var half = layers.Func(func(x *G.Node) (*G.Node, error) { … })
//
//	func init() { err := blueprint.RegisterFunc("half", half) … }
//
// The value that is registered is the one that the network has, and not another one of the
// same code. It is for func init; a name or a value that is there already is an error.
func RegisterFunc[F any](name string, f F) error {
	registered.Lock()
	defer registered.Unlock()
	if name == "" || taken(name) || closure(f) == nil {
		return fmt.Errorf("blueprint: register function %q: the name is empty or taken, or the value %T is nil or no function", name, f)
	}
	for other, of := range registered.values {
		if reflect.TypeOf(of) == reflect.TypeOf(f) && closure(of) == closure(f) {
			return fmt.Errorf("blueprint: register function %q: it is registered as %q", name, other)
		}
	}
	registered.values[name] = f
	return nil
}
