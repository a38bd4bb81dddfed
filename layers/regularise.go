package layers

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// A Regulariser is a penalty on the activity of a layer of neurons.
type Regulariser interface {
	penalty(b *Build, a Activity) (Penalty, error)
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

func (r Rate) penalty(b *Build, a Activity) (Penalty, error) {
	switch {
	case !(r.Weight >= 0):
		return Penalty{}, fmt.Errorf("rate regulariser: weight is %v, want at least 0", r.Weight)
	case !(r.Lower >= 0) || !(r.Upper >= 0) || r.Upper > 0 && r.Upper < r.Lower:
		return Penalty{}, fmt.Errorf("rate regulariser: bounds are %v and %v, want 0 ≤ lower ≤ upper", r.Lower, r.Upper)
	case !a.Spiking:
		return Penalty{}, fmt.Errorf("rate regulariser: the neurons do not spike")
	}
	sum, err := graph.SumOverTime(a.Out)
	if err != nil {
		return Penalty{}, err
	}
	rate, err := b.batchMean(sum) // per neuron, times T
	if err != nil {
		return Penalty{}, err
	}
	var g graph.Builder
	steps := float64(a.Out.Shape()[0])
	n := float64(rate.Shape().TotalSize())
	if r.Layer {
		rate = g.Scale(g.Reduce(rate, []int{1}), graph.Const(1/n))
		n = 1
	}
	rate = g.Scale(rate, graph.Const(1/steps))
	upper := r.Upper
	if upper == 0 {
		upper = math.Inf(1)
	}
	cost := excursion(&g, rate, r.Lower, upper)
	p := g.Scale(g.Reduce(cost, nil), graph.Const(r.Weight/n))
	return Penalty{Name: b.Name("rate"), Node: p}, g.Err()
}

// excursion returns max(0, x − hi)² + max(0, lo − x)².
func excursion(g *graph.Builder, x *G.Node, lo, hi float64) *G.Node {
	var cost *G.Node
	if !math.IsInf(hi, 1) {
		cost = g.Square(g.Relu(g.Less(x, graph.Const(hi))))
	}
	if !math.IsInf(lo, -1) {
		low := g.Square(g.Relu(g.From(graph.Const(lo), x)))
		if cost == nil {
			return low
		}
		cost = g.Add(cost, low)
	}
	return cost
}

// Voltage keeps membrane voltages between bounds. It adds
//
//	Weight · mean of (max(0, v − Upper)² + max(0, Lower − v)²)
//
// to the loss, the mean being over time, samples and neurons.
type Voltage struct {
	Lower, Upper float64 // in the unit of the membrane voltage
	Weight       float64
	State        string // the state to bound; "" means "V"
}

func (v Voltage) penalty(b *Build, a Activity) (Penalty, error) {
	switch {
	case !(v.Weight >= 0):
		return Penalty{}, fmt.Errorf("voltage regulariser: weight is %v, want at least 0", v.Weight)
	case !(v.Lower < v.Upper):
		return Penalty{}, fmt.Errorf("voltage regulariser: bounds are %v and %v, want lower < upper", v.Lower, v.Upper)
	}
	name := v.State
	if name == "" {
		name = "V"
	}
	trace, err := a.Trace(name)
	if err != nil {
		return Penalty{}, err
	}
	var g graph.Builder
	sum, err := graph.SumOverTime(excursion(&g, trace, v.Lower, v.Upper))
	if err != nil {
		return Penalty{}, err
	}
	mean, err := b.batchMean(sum)
	if err != nil {
		return Penalty{}, err
	}
	size := float64(trace.Shape()[0] * mean.Shape().TotalSize())
	p := g.Scale(g.Reduce(mean, nil), graph.Const(v.Weight/size))
	return Penalty{Name: b.Name("voltage"), Node: p}, g.Err()
}
