package team

import (
	"fmt"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/vitals"
)

// A Gradient is that of all parameters in one piece, as ranks add it up over the batches of a step.
type Gradient struct {
	InOrder bool // the batches are added up in their order, so that their number of ranks changes no bit

	all, one *tensor.Dense
	kept     []*tensor.Dense // of the batches of this rank, where they are added up in order
	n        int             // of these
}

// Clear makes it 0, of parameters with such gradients.
func (g *Gradient) Clear(grads []*tensor.Dense) error {
	g.n = 0
	if g.all != nil {
		g.all.Zero()
		return nil
	}
	n, dt := 1, tensor.Float64 // of a network without parameters
	for i, d := range grads {
		v, err := flat.Of(d)
		if err != nil {
			return fmt.Errorf("gradient %d %w", i, err)
		}
		if dt = d.Dtype(); i == 0 {
			n = 0
		}
		n += v.Len()
	}
	g.all = tensor.New(tensor.Of(dt), tensor.WithShape(n))
	g.one = g.all.Clone().(*tensor.Dense)
	return nil
}

// Take takes the gradients of a batch of this rank, which counts so much.
func (g *Gradient) Take(grads []*tensor.Dense, share float64) error {
	one := g.one
	if g.InOrder {
		if g.n == len(g.kept) {
			g.kept = append(g.kept, g.all.Clone().(*tensor.Dense))
		}
		one = g.kept[g.n]
		g.n++
	}
	err := each(one, grads, func(part, grad flat.Values) {
		copy(part.F32, grad.F32)
		copy(part.F64, grad.F64)
	})
	if err == nil && !g.InOrder {
		vitals.Along(g.all, g.all, one, share)
	}
	return err
}

// AddUp makes the sum over the batches from, …, to−1 of all ranks the gradients. share returns what a
// batch counts.
func (g *Gradient) AddUp(t *Team, grads []*tensor.Dense, from, to int, share func(b int) float64) error {
	err := g.sum(t, from, to, share)
	if err != nil {
		return err
	}
	return each(g.all, grads, func(part, grad flat.Values) {
		copy(grad.F32, part.F32)
		copy(grad.F64, part.F64)
	})
}

func (g *Gradient) sum(t *Team, from, to int, share func(b int) float64) error {
	if !g.InOrder {
		return t.Sum(g.all)
	}
	for b := from; b < to; b += t.Size { // one batch of each rank at a time
		end := min(b+t.Size, to)
		var mine *tensor.Dense
		if len(t.Mine(b, end)) > 0 {
			mine = g.kept[len(t.Mine(from, b))]
		}
		got, err := t.Collect(mine)
		if err != nil {
			return err
		}
		for k := b; k < end; k++ {
			if err := Read(g.one, got[t.Owner(k)]); err != nil {
				return err
			}
			vitals.Along(g.all, g.all, g.one, share(k))
		}
	}
	return nil
}

// each calls f with each gradient, and the part of all that is its.
func each(all *tensor.Dense, grads []*tensor.Dense, f func(part, grad flat.Values)) error {
	whole, err := flat.Of(all)
	if err != nil {
		return err
	}
	for i, d := range grads {
		grad, err := flat.Of(d)
		if err != nil {
			return fmt.Errorf("gradient %d %w", i, err)
		}
		n := grad.Len()
		if grad.F32 != nil {
			f(flat.Values{F32: whole.F32[:n]}, grad)
			whole.F32 = whole.F32[n:]
		} else {
			f(flat.Values{F64: whole.F64[:n]}, grad)
			whole.F64 = whole.F64[n:]
		}
	}
	return nil
}
