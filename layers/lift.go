package layers

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/fields"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// Lift returns the layer of a neuron model, lifted in time by graph.Scan: from
// input currents [T, batch, …, n] to outputs of the same shape. It starts from
// rest.
func Lift[S any, P graph.Params[S]](step graph.Step[S, P], p P, opts ...LiftOption) Layer {
	l := lifted{step: step, p: p, own: func() any { p := p; return &p }, typed: steps[S, P](step)}
	for _, o := range opts {
		if o == nil {
			l.broken = "an option is nil"
			continue
		}
		o(&l.liftOptions)
	}
	if step == nil {
		l.broken = "the step is nil"
	}
	return l
}

// Recurrent returns the layer of neurons that are connected among themselves:
// the spikes of a step come back one step later through learnt weights [n, n],
// called "recurrent.w". x has shape [T, batch, n].
func Recurrent[S any, P graph.Params[S]](step graph.Step[S, P], p P, opts ...LiftOption) Layer {
	r := wrap.RecurrentParams[S, P]{Inner: p}
	var lift graph.Step[wrap.RecurrentState[S], wrap.RecurrentParams[S, P]]
	if step != nil {
		lift = wrap.Recurrent(step)
	}
	alone := func(name string, p any) models.Model {
		return models.Of(name, step, p.(*wrap.RecurrentParams[S, P]).Inner)
	}
	return Lift(lift, r, append([]LiftOption{func(o *liftOptions) { o.recurrent, o.inner, o.alone = true, step, alone }}, opts...)...)
}

// A lifted layer forgets the types of its step, or each neuron would be a copy of the code.
type lifted struct {
	step  any        // graph.Step[S, P]
	p     any        // P
	own   func() any // a copy of p, a *P
	typed typed
	liftOptions
}

// typed is what needs the types of a step. Parameters are a *P.
type typed interface {
	// scan lifts the step, from rest or from the states that the network carries, which
	// it returns; instant without the gradient through the state that a step starts from.
	scan(b *Build, x *G.Node, p any, o graph.ScanOptions) (scanned, map[string]*State, error)
	model(name string, p any) models.Model
}

// scanned is a graph.Run without its type.
type scanned struct {
	out    *G.Node
	unused []string
	trace  func(name string) (*G.Node, error)
}

type steps[S any, P graph.Params[S]] graph.Step[S, P]

func (s steps[S, P]) model(name string, p any) models.Model {
	return models.Of(name, graph.Step[S, P](s), *p.(*P))
}

func (s steps[S, P]) scan(b *Build, x *G.Node, p any, o graph.ScanOptions) (scanned, map[string]*State, error) {
	step, params := graph.Step[S, P](s), *p.(*P)
	if b.Carry == nil {
		run, err := graph.Scan(step, x, nil, params, o)
		return scannedOf(run, err), nil, err
	}
	rest, err := graph.Rest[S](x, params)
	if err != nil {
		return scanned{}, nil, err
	}
	carried := map[string]*State{}
	if rest, err = graph.MapState(rest, enter(b, carried)); err != nil {
		return scanned{}, nil, err
	}
	if b.Local != nil {
		step = instant(step)
	}
	run, err := graph.Scan(step, x, &rest, params, o)
	if err != nil {
		return scanned{}, nil, err
	}
	final, err := run.Final()
	if err == nil {
		_, err = graph.MapState(final, leave(carried))
	}
	return scannedOf(run, err), carried, err
}

func scannedOf[S any](r *graph.Run[S], err error) scanned {
	if err != nil {
		return scanned{}
	}
	return scanned{r.Out, r.Unused, r.Trace}
}

// enter returns what takes a state from those that the network carries.
func enter(b *Build, carried map[string]*State) func(name string, rest *G.Node) (*G.Node, error) {
	return func(name string, rest *G.Node) (*G.Node, error) {
		st, err := b.Enter(name, rest)
		if err != nil {
			return nil, err
		}
		carried[name] = st
		return st.From(), nil
	}
}

// leave returns what says which node a state is at the end.
func leave(carried map[string]*State) func(name string, n *G.Node) (*G.Node, error) {
	return func(name string, n *G.Node) (*G.Node, error) {
		carried[name].Out = n
		return n, nil
	}
}

// Apply adds the neurons, their learnable parameters and their penalties.
func (l lifted) Apply(b *Build, x *G.Node) (*G.Node, error) {
	want, most := "[T batch … n]", math.MaxInt
	if l.recurrent {
		want, most = "[T batch n]", 3
	}
	if l.wiring != nil {
		want, most = l.wiring.want, l.wiring.most
	}
	if err := b.takes("neurons", x, want, 3, most); err != nil {
		return nil, err
	}
	if l.broken != "" {
		return nil, b.errorf("neurons", "%s", l.broken)
	}
	p, err := l.params(b, x)
	if err != nil {
		return nil, err
	}
	spike, _ := fields.Field(p, "Spike")
	f, spiking := spike.(*graph.Func)
	if spiking && b.Spike != nil {
		*f = b.Spike(b.Path(), *f)
	}
	if g, ok := p.(interface{ Graded() bool }); ok && g.Graded() {
		spiking = false
	}
	run, entered, err := l.typed.scan(b, x, p, l.scan)
	if err != nil {
		return nil, b.errorf("neurons", "%w", err)
	}
	for _, name := range run.unused {
		b.Warnings = append(b.Warnings, "the neurons do not depend on "+name+": its gradient is zero")
	}
	act := Activity{Name: b.Path(), In: x, Out: run.out, Spiking: spiking, Params: p, Step: l.step, Trace: run.trace}
	if l.recurrent {
		act.Step = l.inner
	}
	next := run.out
	if b.Local != nil {
		if err := l.local(&act, p, entered); err != nil {
			return nil, b.errorf("neurons", "%w", err)
		}
		if next, err = b.Local(&act); err != nil {
			return nil, b.errorf("neurons", "%w", err)
		}
	}
	b.Activities = append(b.Activities, act)
	for _, r := range l.regs {
		if err := b.penalise(r, act); err != nil {
			return nil, b.errorf("neurons", "%w", err)
		}
	}
	return next, nil
}

// params returns the parameters, a *P, with nodes for what is learnt.
func (l lifted) params(b *Build, x *G.Node) (any, error) {
	p := l.own()
	shape := x.Shape()
	for _, e := range l.each {
		if !slices.ContainsFunc(l.learn, func(k learnt) bool { return k.name == e.name }) {
			if err := l.spreadOut(b, x, p, e); err != nil {
				return p, err
			}
		}
	}
	for _, k := range l.learn {
		start := slices.IndexFunc(l.each, func(e spread) bool { return e.name == k.name })
		var init Init
		if start >= 0 {
			init = l.each[start].init
		}
		if err := l.makeLearnable(b, x, p, k, init); err != nil {
			return p, err
		}
	}
	if l.wiring != nil {
		return p, l.wire(b, x, p)
	}
	if !l.recurrent {
		return p, nil
	}
	f, err := fields.Field(p, "W")
	if err != nil {
		return p, b.errorf("neurons", "%w", err)
	}
	n := shape[len(shape)-1]
	w, err := b.Weight(x, "recurrent.w", orLeCun(l.init), n, n)
	if err == nil {
		*f.(**G.Node), err = b.Quantised(w, 1)
	}
	return p, err
}

// wire adds the connections of RecurrentThrough to p.
func (l lifted) wire(b *Build, x *G.Node, p any) error {
	through, err := l.wiring.add(b, x, l.init)
	if err != nil {
		return err
	}
	f, err := fields.Field(p, "Through")
	if err != nil {
		return b.errorf("neurons", "%w", err)
	}
	reflect.ValueOf(f).Elem().Set(reflect.ValueOf(through))
	return nil
}

// constant returns the named parameter of p, and the value that it had in the layer's
// parameters: that of another one, if it was not given and stands for that.
func (l lifted) constant(b *Build, p any, name string) (*graph.Param, float64, error) {
	f, err := fields.Field(p, name)
	if err != nil {
		return nil, 0, b.errorf("neurons", "%w", err)
	}
	param, ok := f.(*graph.Param)
	if !ok {
		return nil, 0, b.errorf("neurons", "%s is a %T, want a *graph.Param", name, f)
	}
	if param.Node() != nil {
		return nil, 0, b.errorf("neurons", "%s has a node already", name)
	}
	had, err := fields.Default(l.own(), name)
	if err != nil {
		return nil, 0, b.errorf("neurons", "%w", err)
	}
	v, ok := had.Value()
	if !ok {
		return nil, 0, b.errorf("neurons", "%s is not given, and what it stands for has a node; give it the value to start from", name)
	}
	return param, v, nil
}

// makeLearnable puts a learnable node in the place of a constant of p. Its values
// start from the constant, or are drawn by init unless that is nil.
func (l lifted) makeLearnable(b *Build, x *G.Node, p any, k learnt, init Init) error {
	param, v, err := l.constant(b, p, k.name)
	if err != nil {
		return err
	}
	shape := []int{1}
	switch {
	case k.perNeuron:
		shape = x.Shape()[2:]
	case init != nil:
		return b.errorf("neurons", "%s has a value for each neuron and is learnt as one for all; want LearnEach", k.name)
	}
	if init == nil {
		init = Constant(v)
	}
	n, err := b.Weight(x, k.name, within{init, k.keep}, shape...)
	if err != nil {
		return err
	}
	b.Constrain(n, k.keep)
	*param = b.param(n, init, k.keep)
	return nil
}

// param returns the parameter of a node, whose values are drawn unless the Build gives them or
// they come later, from a file.
func (b *Build) param(n *G.Node, init Init, c graph.Constraint) graph.Param {
	p := graph.LearnIn(n, c)
	if b.Values != nil && b.Values(n.Name()) != nil || loaded(init) {
		return p.Trained()
	}
	return p
}

// loaded reports whether values are those of a network that was read from a file, whose own come
// when its weights are read.
func loaded(i Init) bool { _, ok := i.(interface{ Loaded() }); return ok }

// spreadOut puts a node that is not learnt in the place of a constant of p.
func (l lifted) spreadOut(b *Build, x *G.Node, p any, e spread) error {
	param, _, err := l.constant(b, p, e.name)
	if err != nil {
		return err
	}
	n, fresh, err := b.input(x, e.name, e.init, x.Shape()[2:]...)
	if err != nil {
		return err
	}
	if fresh {
		b.Fixed = append(b.Fixed, n)
	}
	*param = b.param(n, e.init, graph.Constraint{})
	return nil
}

// within draws the nodes from which a constraint makes the values of an Init.
type within struct {
	Init
	keep graph.Constraint
}

// Draw fills w.
func (in within) Draw(r *rand.Rand, shape []int, w []float64) error {
	if err := in.Init.Draw(r, shape, w); err != nil {
		return err
	}
	for i, v := range w {
		var err error
		if w[i], err = in.keep.Inverse(v); err != nil {
			if !loaded(in.Init) {
				return err
			}
			w[i] = 0
		}
	}
	return nil
}
