package layers

import (
	"reflect"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/fields"
)

// Opened is what a layer is made of that hides it: what Named, Shared, Given, Lift and
// Recurrent return. What writes networks into files goes by it.
type Opened struct {
	Name    string // of Named and Shared
	Shared  bool   // the layer is there once, wherever it stands
	Layer   Layer  // inside; nil of neurons
	Neurons *Neurons
}

// Neurons are a layer of neurons as it was described.
type Neurons struct {
	Step       any // the graph.Step; of Recurrent and RecurrentThrough that of the neurons inside
	Params     any // its parameters
	Recurrent  bool
	Through    Feedback // of RecurrentThrough, else nil
	KeepEvery  int
	Learn      []Learnt
	Each       []string // parameters that have a value for each neuron
	Regularise []Regulariser
}

// A Learnt is a parameter that is learnt.
type Learnt struct {
	Name string
	Each bool // one value for each neuron
	Keep graph.Constraint
}

// Open returns what a layer is made of, if it is one that hides it.
func Open(l Layer) (Opened, bool) {
	switch l := l.(type) {
	case named:
		return Opened{Name: l.name, Layer: l.Layer}, true
	case given:
		return Opened{Layer: l.Layer}, true
	case *shared:
		if l == nil {
			return Opened{}, false
		}
		return Opened{Name: l.name, Shared: true, Layer: l.layer}, true
	case interface{ open() *Neurons }:
		return Opened{Neurons: l.open()}, true
	}
	return Opened{}, false
}

func (l lifted) open() *Neurons {
	n := &Neurons{Step: l.step, Params: l.p, Recurrent: l.recurrent, KeepEvery: l.scan.KeepEvery, Regularise: l.regs}
	if l.wiring != nil {
		n.Through = l.wiring.of
	}
	if l.recurrent || l.wiring != nil {
		n.Step = l.inner
		if inner, err := fields.Field(l.own(), "Inner"); err == nil {
			n.Params = reflect.ValueOf(inner).Elem().Interface()
		}
	}
	for _, k := range l.learn {
		n.Learn = append(n.Learn, Learnt{k.name, k.perNeuron, k.keep})
	}
	for _, e := range l.each {
		n.Each = append(n.Each, e.name)
	}
	return n
}
