package layers

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons"
)

// Lift returns the layer of a neuron model, lifted in time by graph.Scan: from
// input currents [T, batch, …, n] to outputs of the same shape. It starts from
// rest.
func Lift[S any, P graph.Params[S]](step graph.Step[S, P], p P, opts ...LiftOption) Layer {
	l := lifted[S, P]{step: step, p: p}
	for _, o := range opts {
		o(&l.liftOptions)
	}
	return l
}

// Recurrent returns the layer of neurons that are connected among themselves:
// the spikes of a step come back one step later through learnt weights [n, n],
// called "recurrent.w". x has shape [T, batch, n].
func Recurrent[S any, P graph.Params[S]](step graph.Step[S, P], p P, opts ...LiftOption) Layer {
	r := neurons.RecurrentParams[S, P]{Inner: p}
	return Lift(neurons.Recurrent(step), r, append(opts, withRecurrence)...)
}

// A LiftOption changes a layer of neurons.
type LiftOption func(*liftOptions)

type liftOptions struct {
	learn     []learnt
	regs      []Regulariser
	scan      []graph.Option
	recurrent bool
	init      Init
}

type learnt struct {
	name      string
	perNeuron bool
}

// Learn makes parameters of the neurons learnable, by the names of their fields,
// one value for the whole layer. They start from the constants they had.
func Learn(names ...string) LiftOption {
	return func(o *liftOptions) {
		for _, n := range names {
			o.learn = append(o.learn, learnt{name: n})
		}
	}
}

// LearnEach is Learn with one value for each neuron.
func LearnEach(names ...string) LiftOption {
	return func(o *liftOptions) {
		for _, n := range names {
			o.learn = append(o.learn, learnt{name: n, perNeuron: true})
		}
	}
}

// Regularise adds penalties on the activity of the layer to the loss.
func Regularise(rs ...Regulariser) LiftOption {
	return func(o *liftOptions) { o.regs = append(o.regs, rs...) }
}

// Checkpoint keeps every k-th state only; see graph.Checkpoint.
func Checkpoint(k int) LiftOption {
	return func(o *liftOptions) { o.scan = append(o.scan, graph.Checkpoint(k)) }
}

// RecurrentInit sets how recurrent weights are drawn; LeCun's normal otherwise.
func RecurrentInit(i Init) LiftOption { return func(o *liftOptions) { o.init = i } }

func withRecurrence(o *liftOptions) { o.recurrent = true }

type lifted[S any, P graph.Params[S]] struct {
	step graph.Step[S, P]
	p    P
	liftOptions
}

// Apply adds the neurons and their learnable parameters.
func (l lifted[S, P]) Apply(b *Build, x *G.Node) (*G.Node, error) {
	shape := x.Shape()
	if len(shape) < 3 {
		return nil, fmt.Errorf("layers: neurons %s: x has shape %v, want [T batch … n]", b.Path(), []int(shape))
	}
	p := l.p
	for _, name := range l.learn {
		if err := l.makeLearnable(b, x, &p, name); err != nil {
			return nil, err
		}
	}
	if l.recurrent {
		if len(shape) != 3 {
			return nil, fmt.Errorf("layers: recurrent neurons %s: x has shape %v, want [T batch n]", b.Path(), []int(shape))
		}
		init := l.init
		if init == nil {
			init = Scaled{Gain: 1}
		}
		w, err := b.Weight(x, "recurrent.w", init, shape[2], shape[2])
		if err != nil {
			return nil, err
		}
		f, err := graph.Field(&p, "W")
		if err != nil {
			return nil, err
		}
		*f.(**G.Node) = w
	}
	run, err := graph.Scan(l.step, x, nil, p, l.scan...)
	if err != nil {
		return nil, fmt.Errorf("layers: neurons %s: %w", b.Path(), err)
	}
	for _, name := range run.Unused {
		b.Warnings = append(b.Warnings, fmt.Sprintf("the output of layer %s does not depend on %s: its gradient is zero", b.Path(), name))
	}
	_, err = graph.Field(&p, "Spike")
	act := Activity{Name: b.Path(), Out: run.Out, Spiking: err == nil, Trace: run.Trace}
	b.Activities = append(b.Activities, act)
	for _, r := range l.regs {
		pen, err := r.penalty(b, act)
		if err != nil {
			return nil, fmt.Errorf("layers: neurons %s: %w", b.Path(), err)
		}
		b.Penalties = append(b.Penalties, pen)
	}
	return run.Out, nil
}

func (l lifted[S, P]) makeLearnable(b *Build, x *G.Node, p *P, name learnt) error {
	f, err := graph.Field(p, name.name)
	if err != nil {
		return fmt.Errorf("layers: neurons %s: %w", b.Path(), err)
	}
	param, ok := f.(*graph.Param)
	if !ok {
		return fmt.Errorf("layers: neurons %s: %s is a %T, want a parameter", b.Path(), name.name, f)
	}
	v, ok := param.Value()
	if !ok {
		return fmt.Errorf("layers: neurons %s: %s has a node already", b.Path(), name.name)
	}
	shape := []int{1}
	if name.perNeuron {
		shape = x.Shape()[2:]
	}
	n, err := b.Weight(x, name.name, Constant(v), shape...)
	if err != nil {
		return err
	}
	*param = graph.Learn(n)
	return nil
}
