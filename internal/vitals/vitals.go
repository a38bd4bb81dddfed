package vitals

import (
	"fmt"
	"reflect"

	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/internal/fields"
)

// Network is what an examination of a network measures, on some samples.
type Network struct {
	Loss      float64
	Output    float64 // effect of the outputs on the loss: Σ |gradient · output|
	Samples   int
	Input     float64 // the largest size of an input
	Starts    bool    // some input of the first quarter of the steps is not zero
	Labels    []int   // of as many samples; nil where targets are no labels
	SameLabel bool    // all labels of the data set are the same
	Layers    []*Layer
}

// A Layer has the vitals of a layer of neurons.
type Layer struct {
	Name    string
	Params  any       // a pointer to the parameters of the neurons
	Fires   []float64 // spikes per step, by neuron; nil if the neurons do not spike
	Current float64   // the largest size of a current into a neuron; NaN if one is not finite
	Top     float64   // the highest voltage; −∞ if the neurons have none
	Early   float64   // the largest size of a voltage in the first quarter; NaN as above
	Late    float64   // and in the rest
	Flips   float64   // share of the steps of the neuron with the largest voltage at which it turns round
	Slopes  *Slopes   // nil if the neurons do not spike, or fire by chance
	Effect  float64   // of the currents on the loss: Σ |gradient · current|
	Time    []float64 // norm of the gradient of the currents, by step; nil if not known
	Neuron  []float64 // the same by neuron
}

// Findings returns what is wrong, causes before consequences: what a silent layer
// does to the gradients is not told apart from it.
func (v *Network) Findings() []diagnose.Finding {
	fs := v.data()
	for _, l := range v.Layers {
		fs = append(fs, l.constants()...)
	}
	for _, l := range v.Layers {
		if fs = append(fs, l.stability()...); len(fs) > 0 {
			return fs
		}
	}
	for _, l := range v.Layers {
		f := l.activity(v.Samples)
		if len(f) > 0 && f[0].Kind == diagnose.SilentLayer {
			// What comes behind is silent for want of input, and gets no gradient.
			return append(fs, f...)
		}
		if len(f) == 0 {
			f = l.surrogate()
		}
		if len(f) == 0 {
			f = l.dead(v.Samples)
		}
		fs = append(fs, f...)
	}
	return append(fs, v.gradients()...)
}

// data finds inputs and labels that teach nothing.
func (v *Network) data() (fs []diagnose.Finding) {
	if v.Input == 0 {
		fs = append(fs, diagnose.Finding{Kind: diagnose.ZeroInput, Value: 0, Limit: 0,
			Message: fmt.Sprintf("All inputs of %d samples are zero.", v.Samples),
			Cure:    "Look at what the data set and the encoder return: a scale of 0, a wrong file, spikes of a rate that is too low for so few time steps."})
	}
	if v.SameLabel {
		fs = append(fs, diagnose.Finding{Kind: diagnose.ConstantLabels, Value: float64(v.Labels[0]), Limit: 0,
			Message: fmt.Sprintf("All samples have the label %d.", v.Labels[0]),
			Cure:    "Look at how the labels are read, and whether the data set was cut from a sorted one."})
	}
	return fs
}

// paramNames lists the parameters of the neurons.
func (l *Layer) paramNames() []string {
	p := reflect.ValueOf(l.Params)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return nil
	}
	return fields.Params(p.Elem().Interface())
}

// values returns what a parameter of the neurons is now; nil if there is none.
func (l *Layer) values(name string) []float64 {
	p, err := fields.Default(l.Params, name)
	if err != nil {
		return nil
	}
	vs, err := p.Values()
	if err != nil {
		return nil
	}
	return vs
}
