package nir

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
)

// delays returns the delay of each element in time steps.
func (im *importing) delays(v *vertex) ([]int, error) {
	ds, err := v.node.Params["delay"].Floats()
	if err != nil {
		return nil, fmt.Errorf("delay: %w", err)
	}
	steps := make([]int, len(ds))
	off := 0.0
	for i, d := range ds {
		k := math.Round(d / im.dt)
		if !(k >= 0 && k <= connect.MaxDelay) {
			return nil, fmt.Errorf("delay: element %d is %v s, which are %v time steps of %v s, want 0 to %d", i, d, k, im.dt, connect.MaxDelay)
		}
		off = max(off, math.Abs(d/im.dt-k))
		steps[i] = int(k)
	}
	im.note(v.name, "delay", "%d to %d time steps, off by at most %.2g of one", slices.Min(steps), slices.Max(steps), off)
	v.steps = steps
	return steps, nil
}

// lengths returns the delays that elements have, each once.
func (v *vertex) lengths() []int {
	ks := slices.Clone(v.steps)
	slices.Sort(ks)
	return slices.Compact(ks)
}

// masks adds for each length of a delay which elements have it; none where all have one.
func (a *applying) masks(v *vertex) (ns []*G.Node, err error) {
	lengths := v.lengths()
	if len(lengths) == 1 {
		return nil, nil
	}
	for _, k := range lengths {
		m := make([]float64, len(v.steps))
		for i, of := range v.steps {
			if of == k {
				m[i] = 1
			}
		}
		n, err := a.constant(fmt.Sprintf("after %d", k), m, v.In)
		if err != nil {
			return nil, err
		}
		ns = append(ns, n)
	}
	return ns, nil
}

// delayed adds a node that delays each element by its own number of time steps.
func (a *applying) delayed(v *vertex, x *G.Node) (*G.Node, error) {
	most := slices.Max(v.steps)
	if most == 0 {
		return x, nil
	}
	var b graph.Builder
	shape, n := x.Shape(), len(v.steps)
	flat := []int{shape[0], shape[1], n}
	at := make([]float64, n)
	for i, k := range v.steps {
		at[i] = float64(k)
	}
	ds := connect.Delays{Max: most, Width: b.Constant(x, 0, 1)}
	var err error
	if ds.At, err = a.constant("delay", at, []int{n}); err != nil {
		return nil, err
	}
	rest := b.Constant(x, 0, shape[1], most, n)
	x = b.Reshape(x, flat...)
	if b.Err() != nil {
		return nil, b.Err()
	}
	later, err := a.b.Enter("delay", rest)
	if err != nil {
		return nil, err
	}
	ds.Enter = later.From()
	y, err := connect.Delay(x, ds)
	if err != nil {
		return nil, err
	}
	if later.Out, err = y.Leave(); err != nil {
		return nil, err
	}
	return b.Reshape(y.Y, shape...), b.Err()
}

// delay adds the node of delays of channels, which are whole time steps in evaluation.
func (e *exporting) delay(a applied, l layers.Delay) error {
	at := a.weight("delay.at")
	if at == nil {
		return refusal(a, "its positions delay.at are not found")
	}
	if l.Interpolate && !l.Fixed {
		n, err := arrayOf(a.weight("delay.batches"), 1)
		done := []float64{0}
		if err == nil {
			done, err = n.Floats()
		}
		if err != nil || l.Over == 0 || done[0] < float64(l.Over) {
			return refusal(a, "its delays lie between time steps, which readers of the format round; train it to the end of Over, from which on they are whole, or make it Fixed, which rounds them now")
		}
	}
	positions, err := arrayOf(at, at.Shape()...)
	if err != nil {
		return err
	}
	ps, err := positions.Floats()
	if err != nil {
		return err
	}
	shape := slices.Clone(a.x.Shape()[2:])
	delays := make([]float64, shape.TotalSize())
	for i := range delays {
		p := min(max(ps[i/(len(delays)/len(ps))], 0), float64(l.Max))
		delays[i] = math.Floor(p+0.5) * cmp.Or(e.dt, 1)
	}
	return e.add(a, a.x, "Delay", map[string]Array{"delay": Of(delays, shape...)})
}
