package exact

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A Network describes layers of neurons, each connected to all of the one before.
type Network struct {
	Inputs   int     // neurons whose spikes are given
	Layers   []Layer // the last one is the output
	Duration float64 // s: a run ends then
}

// A Layer is neurons with one threshold and two time constants. Its zero values are those of the
// paper; N has none.
type Layer struct {
	N         int
	TauMem    float64 // τ_m, s; 0 is 20 ms
	TauSyn    float64 // τ_s, s; 0 is 5 ms
	Threshold float64 // ϑ; 0 is 1
	LearnTau  bool    // learn the time constants, as their logarithms
	Readout   bool    // the neurons do not fire; what they say is Run.Integral

	// Weights start from a normal distribution. Where both are 0, the mean is 7.5 divided by
	// the number of inputs, and the deviation half of that: if every input of neurons with the
	// time constants of the paper fires once, about then, they reach their threshold.
	Mean, Deviation float64

	Recurrent          bool // weights from the layer to itself, which start from:
	RecurrentMean      float64
	RecurrentDeviation float64

	// Delays of synapses, also recurrent ones, start uniformly in [0, MaxDelay] and are learnt;
	// they stay in there. 0 leaves them out.
	MaxDelay float64
}

// A Spike is an event: a neuron of the input, or of a layer, fires.
type Spike struct {
	Time   float64 // s
	Neuron int
}

// A neuron may fire MostSpikes times in a run, and a recurrent layer have MostEvents of spikes and
// arrivals: one whose weights are large fires without end.
const (
	MostSpikes = 1 << 14
	MostEvents = 1 << 23
)

// A Model is a Network with weights. Run and Gradient may be called from several goroutines at
// once, as long as nobody changes the weights.
type Model struct {
	net    Network
	layers []*layer
	params []*Param
}

// A Param is a parameter: weights "0.w" [in, n], recurrent weights "0.recurrent.w" [n, n], delays "0.delay"
// and "0.recurrent.delay", of the shapes of the weights, in seconds, and the logarithms "0.logtau" [2] of τ_m and τ_s. It
// is what a Solver of Gorgonia's, or an Optimiser of package optim, takes.
type Param struct {
	name        string
	value, grad *tensor.Dense
	most        float64 // delays: what they may be; 0 elsewhere
}

// Name returns how the parameter is called.
func (p *Param) Name() string { return p.name }

// Value returns the tensor of the parameter, which may be written to between runs.
func (p *Param) Value() G.Value { return p.value }

// Grad returns the gradient that Model.Learn has left.
func (p *Param) Grad() (G.Value, error) { return p.grad, nil }

func (p *Param) floats() []float64 { return p.value.Float64s() }

// A layer is a Layer with its parameters, of which some may be nil.
type layer struct {
	Layer
	in                                     int
	w, recurrent, delay, delayBack, logTau *Param
}

// Compile makes a model, whose weights are drawn from the seed.
func (n Network) Compile(seed uint64) (*Model, error) {
	if n.Inputs < 1 || len(n.Layers) == 0 || !(n.Duration > 0) || math.IsInf(n.Duration, 1) {
		return nil, fmt.Errorf("exact: %d inputs, %d layers and a duration of %v s, want at least one of each", n.Inputs, len(n.Layers), n.Duration)
	}
	n.Layers = append([]Layer{}, n.Layers...)
	m := &Model{net: n}
	r := rand.New(rand.NewPCG(seed, 0x6578616374))
	in := n.Inputs
	for i := range n.Layers {
		l, err := n.Layers[i].withDefaults(in, i == len(n.Layers)-1)
		if err != nil {
			return nil, fmt.Errorf("exact: layer %d: %w", i, err)
		}
		m.add(i, l, in, r)
		in = l.N
	}
	return m, nil
}

func (l Layer) withDefaults(in int, last bool) (Layer, error) {
	l.TauMem, l.TauSyn, l.Threshold = cmp.Or(l.TauMem, 0.020), cmp.Or(l.TauSyn, 0.005), cmp.Or(l.Threshold, 1)
	if l.Mean == 0 && l.Deviation == 0 {
		l.Mean = 7.5 / float64(in)
		l.Deviation = l.Mean / 2
	}
	for name, x := range map[string]float64{"TauMem": l.TauMem, "TauSyn": l.TauSyn, "Threshold": l.Threshold} {
		if !(x > 0) || math.IsInf(x, 1) {
			return l, fmt.Errorf("%s is %v, want a positive number", name, x)
		}
	}
	for name, x := range map[string]float64{"Mean": l.Mean, "RecurrentMean": l.RecurrentMean} {
		if x-x != 0 {
			return l, fmt.Errorf("%s is %v, want a finite number", name, x)
		}
	}
	for name, x := range map[string]float64{"Deviation": l.Deviation, "RecurrentDeviation": l.RecurrentDeviation, "MaxDelay": l.MaxDelay} {
		if !(x >= 0) || math.IsInf(x, 1) {
			return l, fmt.Errorf("%s is %v, want at least 0", name, x)
		}
	}
	switch {
	case l.N < 1:
		return l, fmt.Errorf("it has %d neurons, want at least 1", l.N)
	case l.Readout && !last:
		return l, errors.New("a readout does not fire, so it must be the last layer")
	case l.Readout && l.Recurrent:
		return l, errors.New("a readout does not fire, so it has no recurrence")
	}
	return l, nil
}

func (m *Model) add(number int, of Layer, in int, r *rand.Rand) {
	l := &layer{Layer: of, in: in}
	param := func(name string, most float64, draw func() float64, shape ...int) *Param {
		p := &Param{name: fmt.Sprintf("%d.%s", number, name), most: most}
		p.value = tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(shape...))
		p.grad = tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(shape...))
		for i := range p.floats() {
			p.floats()[i] = draw()
		}
		m.params = append(m.params, p)
		return p
	}
	normal := func(mean, deviation float64) func() float64 {
		return func() float64 { return mean + deviation*r.NormFloat64() }
	}
	uniform := func() float64 { return l.MaxDelay * r.Float64() }
	l.w = param("w", 0, normal(l.Mean, l.Deviation), in, l.N)
	if l.MaxDelay > 0 {
		l.delay = param("delay", l.MaxDelay, uniform, in, l.N)
	}
	if l.Recurrent {
		l.recurrent = param("recurrent.w", 0, normal(l.RecurrentMean, l.RecurrentDeviation), l.N, l.N)
		if l.MaxDelay > 0 {
			l.delayBack = param("recurrent.delay", l.MaxDelay, uniform, l.N, l.N)
		}
	}
	if l.LearnTau {
		next := []float64{math.Log(l.TauMem), math.Log(l.TauSyn)}
		l.logTau = param("logtau", 0, func() float64 { x := next[0]; next = next[1:]; return x }, 2)
	}
	m.layers = append(m.layers, l)
}

// cell returns the neurons as they are now.
func (l *layer) cell() cell {
	c := cell{l.TauMem, l.TauSyn, l.Threshold, l.Readout}
	if l.logTau != nil {
		c.mem, c.syn = math.Exp(l.logTau.floats()[0]), math.Exp(l.logTau.floats()[1])
	}
	return c
}

// Params returns the parameters, layer by layer.
func (m *Model) Params() []*Param { return m.params }

// check returns an error if the parameters are not finite, or a delay or a time constant is out of its range.
func (m *Model) check() error {
	if m == nil || len(m.layers) == 0 {
		return errors.New("exact: the model is nil or was not made by Network.Compile")
	}
	for _, p := range m.params {
		for i, x := range p.floats() {
			if x-x != 0 || p.most > 0 && !(x >= 0 && x <= p.most) {
				return fmt.Errorf("exact: element %d of %s is %v", i, p.name, x)
			}
		}
	}
	const least, most = 1e-100, 1e100 // s: their squares are numbers
	for i, l := range m.layers {
		if c := l.cell(); min(c.mem, c.syn) < least || max(c.mem, c.syn) > most {
			return fmt.Errorf("exact: layer %d: time constants are %v and %v s, want %v to %v", i, c.mem, c.syn, least, most)
		}
	}
	return nil
}
