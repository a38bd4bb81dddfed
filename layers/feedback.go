package layers

import (
	"cmp"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// A Feedback says how the spikes of neurons come back to them: BackOneToOne, BackConv2D or
// BackSparse.
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

func (BackOneToOne) feedback() {}
func (BackConv2D) feedback()   {}
func (BackSparse) feedback()   {}

// RecurrentThrough is Recurrent for other connections than those of all neurons to all.
func RecurrentThrough[S any, P graph.Params[S]](f Feedback, step graph.Step[S, P], p P, opts ...LiftOption) Layer {
	switch f := f.(type) {
	case BackOneToOne:
		return recurrentThrough[S, P, wrap.OneToOne](f, step, p, opts, wiring{want: "[T batch … n]", most: math.MaxInt, add: f.wire})
	case BackConv2D:
		return recurrentThrough[S, P, wrap.Convolved](f, step, p, opts, wiring{want: "[T batch c h w]", most: 5, add: f.wire})
	case BackSparse:
		return recurrentThrough[S, P, wrap.SparselyBack](f, step, p, opts, wiring{want: "[T batch n]", most: 3, add: f.wire})
	}
	return Lift(step, p, append(opts, func(o *liftOptions) {
		o.broken = "the feedback is " + describe.Value(f) + ", want a BackOneToOne, a BackConv2D or a BackSparse"
	})...)
}

func recurrentThrough[S any, P graph.Params[S], F wrap.Feedback](f Feedback, step graph.Step[S, P], p P, opts []LiftOption, w wiring) Layer {
	var lift graph.Step[wrap.RecurrentState[S], wrap.FeedbackParams[S, P, F]]
	if step != nil {
		lift = wrap.RecurrentThrough[S, P, F](step)
	}
	w.name = describe.Value(f)
	return Lift(lift, wrap.FeedbackParams[S, P, F]{Inner: p}, append([]LiftOption{func(o *liftOptions) { o.wiring = &w }}, opts...)...)
}

// A wiring is what connects neurons among themselves.
type wiring struct {
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
	return wrap.OneToOne{W: w}, err
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
	return wrap.Convolved{W: w, Padding: connect.Conv{Same: true, Groups: cmp.Or(f.Groups, 1)}}, err
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
	return wrap.SparselyBack{W: w, From: from, To: to}, err
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
