package layers

import (
	"math"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
)

// Delay is a layer by which each channel of [T, batch, c, …] arrives later by a time of its own,
// which is learnt: an axonal delay. In a DelayedLinear it describes those of connections.
//
// A position between two steps spreads a value over those around it, so that there is a gradient:
// as a Gaussian whose width shrinks from Width to half a step over so many batches, or with
// Interpolate over the two beside it. connect.Delays has the equations. After Over batches, and
// in evaluation with a Gaussian at any time, delays are whole steps; from then on they do not
// learn, and cost least. How many batches there were is a buffer, so that a training goes on
// where it was. A position is in time steps and wants a larger learning rate than weights:
// optim.Groups gives "*delay.at" its own.
//
// I. Hammouamri, I. Khalfaoui-Hassani and T. Masquelier, ICLR (2024).
type Delay struct {
	Max         int     // the longest delay, in time steps
	Init        Init    // of the positions; nil draws them evenly from 0 to Max
	Width       float64 // of the Gaussian at first, in time steps; 0 means Max/2
	Over        int     // training batches until delays are whole steps; with Interpolate 0 means never
	Interpolate bool    // between the two steps beside a position, in the place of a Gaussian
	Fixed       bool    // positions are not learnt, and are whole steps from the beginning
}

// delayEnd is the width of a Gaussian before delays become whole steps, in time steps.
const delayEnd = 0.5

// Apply adds the positions, called "delay.at" [c], and the buffer "delay.batches" [1].
func (d Delay) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("delay", x, "[T batch c …]", 3, math.MaxInt); err != nil {
		return nil, err
	}
	return d.apply(b, x, x.Shape()[2:].TotalSize(), x.Shape()[2:3], func(ds connect.Delays) (connect.Delayed, error) {
		return connect.Delay(x, ds)
	})
}

// apply adds a delayed sequence of n elements a sample, with positions of the given shape.
func (d Delay) apply(b *Build, x *G.Node, n int, shape tensor.Shape, delayed func(connect.Delays) (connect.Delayed, error)) (*G.Node, error) {
	ds, err := d.delays(b, x, shape)
	if err != nil {
		return nil, err
	}
	var later *State
	if b.Carry != nil {
		var g graph.Builder
		rest := g.Constant(x, 0, x.Shape()[1], d.Max, n)
		if g.Err() != nil {
			return nil, b.errorf("delay", "%w", g.Err())
		}
		if later, err = b.Enter("delay.later", rest); err != nil {
			return nil, err
		}
		ds.Enter = later.From()
	}
	y, err := delayed(ds)
	if err == nil && later != nil {
		later.Out, err = y.Leave()
	}
	if err != nil {
		return nil, b.errorf("delay", "%w", err)
	}
	return y.Y, nil
}

// delays adds the positions, and the width that they have at present.
func (d Delay) delays(b *Build, x *G.Node, shape tensor.Shape) (ds connect.Delays, err error) {
	ds = connect.Delays{Max: d.Max, Interpolate: d.Interpolate}
	if err := d.check(b); err != nil {
		return ds, err
	}
	init := d.Init
	if init == nil {
		init = evenly(d.Max)
	}
	var g graph.Builder
	if d.Fixed {
		var fresh bool
		if ds.At, fresh, err = b.input(x, "delay.at", init, shape...); err == nil && fresh {
			b.Fixed = append(b.Fixed, ds.At)
		}
		ds.Width = g.Constant(x, 0, 1)
		return ds, orErr(err, g.Err())
	}
	if ds.At, err = b.Weight(x, "delay.at", init, shape...); err != nil {
		return ds, err
	}
	if d.Over == 0 {
		ds.Width = g.Constant(x, 1, 1)
		return ds, g.Err()
	}
	batches, err := b.Buffer(x, "delay.batches", Constant(0), 1)
	if err != nil {
		return ds, err
	}
	before := batches.Node
	if batches.Next == nil { // else it is shared, and the batch has been counted
		batches.Next = g.AtMost(g.Shift(before, graph.Const(1)), float64(d.Over))
	}
	ds.Width = g.Not(g.Above(before, float64(d.Over)-0.5))
	if d.Interpolate {
		return ds, g.Err()
	}
	training, err := b.Training(x)
	if err != nil {
		return ds, err
	}
	start := d.width()
	shrink := math.Log(min(delayEnd, start)/start) / float64(d.Over)
	width := g.Exp(g.Shift(g.Scale(before, graph.Const(shrink)), graph.Const(math.Log(start))))
	ds.Width = g.Mul(g.Mul(ds.Width, training), width)
	return ds, g.Err()
}

// width returns the width of the Gaussian at first.
func (d Delay) width() float64 {
	if d.Width == 0 {
		return float64(d.Max) / 2
	}
	return d.Width
}

func (d Delay) check(b *Build) error {
	switch {
	case d.Max < 1 || d.Max > connect.MaxDelay:
		return b.errorf("delay", "Max is %d, want 1 to %d time steps", d.Max, connect.MaxDelay)
	case !(d.Width >= 0 && d.Width <= connect.MaxDelay) || d.Width > 0 && d.Width < 1e-3:
		return b.errorf("delay", "Width is %v, want 0 for Max/2, or 0.001 to %d time steps", d.Width, connect.MaxDelay)
	case d.Over < 0 || d.Over > mostBatches:
		return b.errorf("delay", "Over is %d, want 0 to %d batches", d.Over, mostBatches)
	case d.Over == 0 && !d.Interpolate && !d.Fixed:
		return b.errorf("delay", "Over is 0, want the number of training batches in which the Gaussian shrinks to whole steps: most of those that there will be; or set Interpolate, or Fixed")
	}
	return nil
}

// mostBatches is how far a float32 counts.
const mostBatches = 1 << 24

func orErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// evenly draws from 0 to a number.
type evenly float64

// Draw fills w.
func (e evenly) Draw(r *rand.Rand, _ []int, w []float64) error {
	if r == nil {
		return errNoRand
	}
	for i := range w {
		w[i] = r.Float64() * float64(e)
	}
	return nil
}

// DelayedLinear is a linear map from [T, batch, in] to [T, batch, Out] in which each connection
// has its own delay, which is learnt. It follows the spikes, and costs as much as they do, times the
// steps over which a delay is spread.
type DelayedLinear struct {
	Out    int   // width of the output
	Delay  Delay // of each connection
	NoBias bool  // leave out b
	Init   Init  // of W; nil means LeCun's normal. b starts at 0
}

// Apply adds W, called "linear.w" [in, Out], b, called "linear.b" [Out], and what a Delay adds, with
// "delay.at" [in, Out].
func (l DelayedLinear) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("delayed linear", x, "[T batch in]", 3, 3); err != nil {
		return nil, err
	}
	if l.Out < 1 {
		return nil, b.errorf("delayed linear", "width of the output is %d, want at least 1", l.Out)
	}
	shape := tensor.Shape{x.Shape()[2], l.Out}
	w, err := b.Weight(x, "linear.w", orLeCun(l.Init), shape...)
	if err == nil {
		w, err = b.Quantised(w, 1)
	}
	if err != nil {
		return nil, err
	}
	var bias *G.Node
	if !l.NoBias {
		if bias, err = b.Weight(x, "linear.b", Constant(0), l.Out); err != nil {
			return nil, err
		}
	}
	return l.Delay.apply(b, x, l.Out, shape, func(ds connect.Delays) (connect.Delayed, error) {
		return connect.DelayedLinear(x, w, bias, ds)
	})
}

func (l DelayedLinear) melt(*G.Node) (Layer, string, string, func(tensor.Shape, int) int) {
	l.NoBias = false
	return l, "linear.w", "linear.b", along(1)
}
