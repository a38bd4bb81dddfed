package layers

import (
	"cmp"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// A Feedback says how the spikes of neurons come back to them: BackOneToOne, BackConv2D, BackSparse
// or BackLate.
type Feedback interface{ feedback() }

// BackOneToOne returns to each neuron its own spikes, by a weight each, "recurrent.w".
type BackOneToOne struct {
	Init Init // nil means −1, so that neurons hold themselves back
}

// BackConv2D returns the spikes of images [T, batch, c, h, w] through a convolution of the
// same size, with kernels "recurrent.w" [c, c/Groups, Kernel, Kernel].
type BackConv2D struct {
	Kernel int  // pixels
	Groups int  // of channels; 0 means 1
	Init   Init // nil means LeCun's normal
}

// BackSparse returns the spikes of [T, batch, n] through the connections of a pattern, of
// weights "recurrent.w" [connections].
type BackSparse struct {
	Pattern Pattern
	Init    Init // nil means LeCun's normal
}

// BackLate returns the spikes of [T, batch, n] by weights "recurrent.w" [n, n], each connection with a delay
// of its own behind the one step that all spikes take, which is learnt: "delay.at" [n, n]. With Channels the neurons that
// fire have one each, "delay.at" [n]. What is on its way is the state "Later" [batch, Delay.Max, n].
type BackLate struct {
	Delay    Delay
	Channels bool
	Init     Init // of the weights; nil means LeCun's normal
}

func (BackLate) feedback()     {}
func (BackOneToOne) feedback() {}
func (BackConv2D) feedback()   {}
func (BackSparse) feedback()   {}

// RecurrentThrough is Recurrent for other connections than those of all neurons to all.
func RecurrentThrough[S any, P graph.Params[S]](f Feedback, step graph.Step[S, P], p P, opts ...LiftOption) Layer {
	w := wiring{of: f, name: describe.Value(f)}
	switch f := f.(type) {
	case BackOneToOne:
		w.want, w.most, w.add = "[T batch … n]", math.MaxInt, f.wire
	case BackConv2D:
		w.want, w.most, w.add = "[T batch c h w]", 5, f.wire
	case BackSparse:
		w.want, w.most, w.add = "[T batch n]", 3, f.wire
	case BackLate:
		w.want, w.most, w.add = "[T batch n]", 3, f.wire
		var lift graph.Step[wrap.LateState[S], wrap.LateParams[S, P]]
		if step != nil {
			lift = wrap.RecurrentLate(step)
		}
		return throughLift(lift, wrap.LateParams[S, P]{Inner: p, Through: wrap.LateBack{Max: f.Delay.Max}}, w, step, opts)
	default:
		return Lift(step, p, append(opts, func(o *liftOptions) {
			o.broken = "the feedback is " + w.name + ", want a BackOneToOne, a BackConv2D, a BackSparse or a BackLate"
		})...)
	}
	var lift graph.Step[wrap.RecurrentState[S], wrap.FeedbackParams[S, P, back]]
	if step != nil {
		lift = wrap.RecurrentThrough[S, P, back](step)
	}
	return throughLift(lift, wrap.FeedbackParams[S, P, back]{Inner: p}, w, step, opts)
}

// throughLift lifts a step with a wiring, and with the step inside of it.
func throughLift[S any, P graph.Params[S]](step graph.Step[S, P], p P, w wiring, inner any, opts []LiftOption) Layer {
	return Lift(step, p, append([]LiftOption{func(o *liftOptions) { o.wiring, o.inner = &w, inner }}, opts...)...)
}

// back is any of the connections, of one type: each type would be a copy of the code of all neurons.
type back struct {
	W, From, To *G.Node // those of a wrap.SparselyBack; From and To are nil in others
	Padding     connect.Conv
	image       bool
}

// Back returns what the spikes z add to the input of the next time step.
func (f back) Back(b *graph.Builder, z *G.Node) *G.Node {
	switch {
	case f.From != nil:
		return wrap.SparselyBack{W: f.W, From: f.From, To: f.To}.Back(b, z)
	case f.image:
		return wrap.Convolved{W: f.W, Padding: f.Padding}.Back(b, z)
	}
	return wrap.OneToOne{W: f.W}.Back(b, z)
}

// A wiring is what connects neurons among themselves.
type wiring struct {
	of   Feedback
	want string // shape of x
	most int    // axes it has
	add  func(b *Build, x *G.Node, init Init) (any, error)
	name string
}

// wire adds the weights, and returns the connection for a layer whose input is x.
func (f BackOneToOne) wire(b *Build, x *G.Node, init Init) (any, error) {
	w, err := b.Weight(x, "recurrent.w", orInit(init, f.Init, Constant(-1)), x.Shape()[2:]...)
	if err == nil {
		w, err = b.Quantised(w) // one channel: a weight by itself would be its scale
	}
	return back{W: w}, err
}

func (f BackConv2D) wire(b *Build, x *G.Node, init Init) (any, error) {
	if x.Dims() != 5 {
		return nil, b.errorf("neurons", "x has shape %v, want [T batch c h w]", []int(x.Shape()))
	}
	if f.Kernel < 1 {
		return nil, b.errorf("neurons", "the kernel has %d pixels, want at least 1", f.Kernel)
	}
	c := x.Shape()[2]
	in, err := b.perGroup("neurons", c, c, f.Groups)
	if err != nil {
		return nil, err
	}
	w, err := b.Weight(x, "recurrent.w", orInit(init, f.Init, Scaled{Gain: 1}), c, in, f.Kernel, f.Kernel)
	if err == nil {
		w, err = b.Quantised(w, 0)
	}
	return back{W: w, Padding: connect.Conv{Same: true, Groups: cmp.Or(f.Groups, 1)}, image: true}, err
}

func (f BackLate) wire(b *Build, x *G.Node, init Init) (any, error) {
	n := x.Shape()[2]
	w, err := b.Weight(x, "recurrent.w", orLeCun(orInit(init, f.Init)), n, n)
	if err == nil {
		w, err = b.Quantised(w, 1)
	}
	if err != nil {
		return nil, err
	}
	shape := tensor.Shape{n, n}
	if f.Channels {
		shape = shape[:1]
	}
	d, err := f.Delay.delays(b, x, shape)
	return wrap.LateBack{W: w, At: d.At, Width: d.Width, Max: d.Max, Interpolate: d.Interpolate}, err
}

func (f BackSparse) wire(b *Build, x *G.Node, init Init) (any, error) {
	if f.Pattern == nil {
		return nil, b.errorf("neurons", "the pattern is nil")
	}
	n := x.Shape()[2]
	w, from, to, err := b.connections(x, "recurrent.w", f.Pattern, orInit(init, f.Init, nil), n, n)
	if err == nil {
		w, err = b.quantisedSparse(w, to, n)
	}
	return back{W: w, From: from, To: to}, err
}

// orInit returns the first that is not nil.
func orInit(is ...Init) Init {
	for _, i := range is {
		if i != nil {
			return i
		}
	}
	return nil
}
