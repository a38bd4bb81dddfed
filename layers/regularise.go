package layers

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// A Regulariser is a penalty on the activity of a layer of neurons.
type Regulariser interface {
	// Penalise adds the penalty, a scalar, to the graph of the activity. What it
	// averages over samples it averages by b.BatchMean, so that padding does not
	// count; what it reads over time it reads by methods of b such as b.MeanOverTime,
	// so that it goes with sequences of any lengths and in windows.
	Penalise(b *Build, a Activity) (Penalty, error)
}

// penalise enters the penalty of r, under a name of its own.
func (b *Build) penalise(r Regulariser, a Activity) error {
	if r == nil {
		return errors.New("a regulariser is nil")
	}
	var p Penalty
	err := guard.Call("Penalise", "regulariser", r, func() (err error) { p, err = r.Penalise(b, a); return err })
	if err != nil {
		return err
	}
	if p.Node == nil || !p.Node.IsScalar() {
		return fmt.Errorf("the penalty %q of %T is no scalar", p.Name, r)
	}
	name := p.Name
	for i := 2; slices.ContainsFunc(b.Penalties, func(q Penalty) bool { return q.Name == p.Name }); i++ {
		p.Name = fmt.Sprintf("%s %d", name, i)
	}
	b.Penalties = append(b.Penalties, p)
	return nil
}

// checkWeight returns an error unless w is a finite number of at least 0.
func checkWeight(w float64) error {
	if w >= 0 && !math.IsInf(w, 1) {
		return nil
	}
	return fmt.Errorf("weight is %v, want a finite number of at least 0", w)
}

// Rate keeps firing rates between bounds. With r the mean number of spikes per
// time step, over time and over the samples of the batch, it adds
//
//	Weight · mean of (max(0, r − Upper)² + max(0, Lower − r)²)
//
// to the loss, the mean being over neurons; or, with Layer, the same of the mean
// rate of the whole layer.
type Rate struct {
	Lower, Upper float64 // spikes per time step; an Upper of 0 means no upper bound
	Weight       float64
	Layer        bool // bound the mean over the layer instead of each neuron
}

// Penalise implements Regulariser. The penalty is called "rate".
func (r Rate) Penalise(b *Build, a Activity) (Penalty, error) {
	upper := r.Upper
	if upper == 0 {
		upper = math.Inf(1)
	}
	err := checkWeight(r.Weight)
	switch {
	case err != nil:
	case !(r.Lower >= 0 && upper >= r.Lower) || math.IsInf(r.Lower, 1):
		err = fmt.Errorf("bounds are %v and %v, want 0 ≤ lower ≤ upper", r.Lower, r.Upper)
	case !a.Spiking:
		err = errors.New("the neurons do not spike")
	}
	if err != nil {
		return Penalty{}, fmt.Errorf("rate regulariser: %w", err)
	}
	rate, err := b.MeanOverTime(a.Out)
	if err != nil {
		return Penalty{}, err
	}
	if rate, err = b.BatchMean(rate); err != nil {
		return Penalty{}, err
	}
	var g graph.Builder
	n := float64(rate.Shape().TotalSize())
	if r.Layer {
		rate = g.Scale(g.Reduce(rate, []int{1}), graph.Const(1/n))
		n = 1
	}
	low := g.Relu(g.Shift(g.Neg(rate), graph.Const(r.Lower)))
	cost := g.Square(low)
	if r.Upper != 0 {
		cost = g.Add(cost, g.Square(g.Relu(g.Shift(rate, graph.Const(-upper)))))
	}
	p := g.Scale(g.Reduce(cost, nil), graph.Const(r.Weight/n))
	return Penalty{Name: b.Name("rate"), Node: p}, g.Err()
}

// Voltage keeps membrane voltages between bounds. It adds
//
//	Weight · mean of (max(0, v − Upper)² + max(0, Lower − v)²)
//
// to the loss, the mean being over time, samples and neurons.
type Voltage struct {
	Lower, Upper float64 // in the unit of the membrane voltage; one may be infinite
	Weight       float64
	State        string // the state to bound; "" means "V"
}

// Penalise implements Regulariser. The penalty is called "voltage".
func (v Voltage) Penalise(b *Build, a Activity) (Penalty, error) {
	err := checkWeight(v.Weight)
	switch {
	case err != nil:
	case !(v.Lower < v.Upper) || math.IsInf(v.Lower, -1) && math.IsInf(v.Upper, 1):
		err = fmt.Errorf("bounds are %v and %v, want lower < upper and one of them finite", v.Lower, v.Upper)
	}
	if err != nil {
		return Penalty{}, fmt.Errorf("voltage regulariser: %w", err)
	}
	if a.Trace == nil {
		return Penalty{}, errors.New("voltage regulariser: the activity has no traces")
	}
	trace, err := a.Trace(cmp.Or(v.State, "V"))
	if err != nil {
		return Penalty{}, err
	}
	cost, err := b.Excursion(trace, v.Lower, v.Upper)
	if err != nil {
		return Penalty{}, err
	}
	if cost, err = b.BatchMean(cost); err != nil {
		return Penalty{}, err
	}
	var g graph.Builder
	p := g.Scale(g.Reduce(cost, nil), graph.Const(v.Weight/float64(cost.Shape().TotalSize())))
	return Penalty{Name: b.Name("voltage"), Node: p}, g.Err()
}
