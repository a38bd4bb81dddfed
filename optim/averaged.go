package optim

import (
	"fmt"
	"math"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// Averaged takes the steps of another optimiser, and keeps means of the weights beside them, which
// often do better:
//
//	m ← d m + (1 − d) w     with a Decay d, an exponential mean
//	m ← m + (w − m) / k     without, at the k-th time: stochastic weight averaging (SWA)
//
// after the first so many steps From, and then at each step, or each Every steps. A Trainer looks at
// the validation set with the means, too, and Model.TakeAverages makes them the weights of the model.
// What is no parameter, as the running statistics of batch norm, is not averaged.
//
// B. T. Polyak and A. B. Juditsky, SIAM J. Control Optim. 30 (1992), 838. P. Izmailov et al.,
// Averaging weights leads to wider optima and better generalization, UAI (2018).
type Averaged struct {
	Of    Optimiser // nil means Adam with its defaults
	Decay float64   // d, in [0, 1)
	From  int       // steps before the first weights that count
	Every int       // steps from one to the next, those of an epoch, say; 0 means 1

	steps int
	means map[string]*mean
}

// A mean is that of one parameter.
type mean struct {
	of *tensor.Dense
	n  int // weights that it is of
}

var _ Optimiser = (*Averaged)(nil)

func (a *Averaged) inner() Optimiser {
	if guard.IsNil(a.Of) {
		a.Of = &Adam{}
	}
	return a.Of
}

// Rate implements Optimiser.
func (a *Averaged) Rate() float64 { return a.inner().Rate() }

// SetRateFactor implements Optimiser.
func (a *Averaged) SetRateFactor(factor float64) { a.inner().SetRateFactor(factor) }

// Step implements Optimiser.
func (a *Averaged) Step(params []G.ValueGrad) error {
	if !(a.Decay >= 0 && a.Decay < 1) || a.From < 0 || a.Every < 0 {
		return fmt.Errorf("optim: averaged: Decay is %v, From %d and Every %d, want a number in [0, 1) and numbers of at least 0", a.Decay, a.From, a.Every)
	}
	if err := a.inner().Step(params); err != nil {
		return err
	}
	if a.steps++; a.steps <= a.From || (a.steps-a.From)%max(a.Every, 1) != 0 {
		return nil
	}
	if a.means == nil {
		a.means = map[string]*mean{}
	}
	for i, p := range params {
		w, err := flat.Of(p.Value())
		if err != nil {
			return fmt.Errorf("optim: averaged: parameter #%d: value %w", i, err)
		}
		m := a.means[nameOf(p)]
		if m == nil || m.of.Shape().TotalSize() != w.Len() || m.of.Dtype() != p.Value().Dtype() {
			m = &mean{of: w.Clone().Dense(p.Value().Shape().Clone())}
			a.means[nameOf(p)] = m
		}
		m.n++
		share := 1 - a.Decay
		if a.Decay == 0 || m.n == 1 {
			share = 1 / float64(m.n)
		}
		to, err := flat.Of(m.of)
		if err != nil {
			return err
		}
		toward(to.F32, w.F32, share)
		toward(to.F64, w.F64, share)
	}
	return nil
}

// toward moves m the given share of the way to w.
func toward[F float](m, w []F, share float64) {
	for i, x := range w {
		m[i] += F(share * (float64(x) - float64(m[i])))
	}
}

// Mean returns a copy of the mean of the parameter of a name, nil as long as there is none.
func (a *Averaged) Mean(name string) *tensor.Dense {
	if a == nil || a.means[name] == nil {
		return nil
	}
	return a.means[name].of.Clone().(*tensor.Dense)
}

// meanPrefix is put before the name of a parameter in a State, for its mean.
const meanPrefix = "mean of "

// State implements Optimiser. The mean of NAME is the moment "mean" of "mean of NAME".
func (a *Averaged) State() State {
	s := a.inner().State()
	s.Steps = a.steps
	for name := range a.means {
		s.Slots[meanPrefix+name] = Slot{Steps: a.means[name].n, Moments: map[string]*tensor.Dense{"mean": a.Mean(name)}}
	}
	return s
}

// Restore implements Optimiser.
func (a *Averaged) Restore(s State) error {
	of := State{Steps: s.Steps, Slots: map[string]Slot{}}
	means := map[string]*mean{}
	for name, slot := range s.Slots {
		param, ok := strings.CutPrefix(name, meanPrefix)
		if !ok {
			of.Slots[name] = slot
			continue
		}
		d := slot.Moments["mean"]
		if d == nil || len(slot.Moments) != 1 || slot.Steps < 1 {
			return fmt.Errorf("optim: averaged: restore: %s has %d moments and %d steps, want the moment mean and at least one step", name, len(slot.Moments), slot.Steps)
		}
		if x := flat.Float64s(d); len(x) == 0 || math.IsNaN(x[0]) {
			return fmt.Errorf("optim: averaged: restore: %s begins with NaN", name)
		}
		means[param] = &mean{d.Clone().(*tensor.Dense), slot.Steps}
	}
	if len(of.Slots) == 0 {
		of.Steps = 0
	}
	if err := a.inner().Restore(of); err != nil {
		return err
	}
	a.steps, a.means = s.Steps, means
	return nil
}

// Fresh reports whether what is remembered is still for the parameters that come first.
func (a *Averaged) Fresh() bool {
	f, ok := a.inner().(interface{ Fresh() bool })
	return ok && f.Fresh()
}
