package augment

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// An Op is one kind of change. Those of a list are made one after the other.
type Op interface {
	// Check returns an error unless samples of so many frames of h × w pixels can be changed.
	Check(steps, h, w int) error
	// Draw draws a change. It may be called by several goroutines at once, each with a generator
	// of its own.
	Draw(r *rand.Rand, steps, h, w int) Change
}

// A Change is what becomes of one sample. What is nil changes nothing.
type Change struct {
	// From says which pixel comes to row y and column x, false that none does; To, where pixel
	// (y, x) comes to. They say the same, the one for dense images, the other for spikes.
	From, To func(y, x int) (int, int, bool)
	// Later is by how many time steps a sequence comes later. What is beyond its end is lost.
	Later int
	// Value changes the value of an element, of spikes that of each; one that becomes 0 is lost.
	Value func(v float32) float32
}

// New returns d with its samples changed by all of ops. What d is besides, classed, a Targeter,
// Spiking or Varied, the result is, too; targets stay as they are. It may be read by several
// goroutines at once if d may. An error says that the samples are no images.
func New(d data.Dataset, seed uint64, ops ...Op) (data.Dataset, error) {
	if guard.IsNil(d) {
		return nil, errors.New("augment: the data set is nil")
	}
	s := d.Shape()
	if len(s) < 2 || len(s) > 4 {
		return nil, fmt.Errorf("augment: samples have shape %v, want [h w], [c h w] or [T c h w]", s)
	}
	a := &set{Dataset: d, seed: seed, ops: ops, steps: 1, h: s[len(s)-2], w: s[len(s)-1]}
	if len(s) == 4 {
		a.steps = s[0]
	}
	_, spiking := d.(data.Spiking)
	for _, op := range ops {
		if guard.IsNil(op) {
			return nil, errors.New("augment: a change is nil")
		}
		if _, noise := op.(Noise); noise && spiking {
			return nil, errors.New("augment: noise: it would make all elements of a data set of spikes other than 0; drop some by Drop")
		}
		if err := op.Check(a.steps, a.h, a.w); err != nil {
			return nil, fmt.Errorf("augment: %w", err)
		}
	}
	return a.as(), nil
}

// A set is a data set whose samples are changed.
type set struct {
	data.Dataset
	seed        uint64
	ops         []Op
	steps, h, w int
	epoch       atomic.Int64
}

// Epoch says that what is read from now on is of an epoch.
func (a *set) Epoch(epoch int) { a.epoch.Store(int64(epoch)) }

// Classes returns those of what is changed.
func (a *set) Classes() int { return data.Classes(a.Dataset) }

// changes returns what becomes of sample i.
func (a *set) changes(i int) []Change {
	r := rand.New(rand.NewPCG(a.seed^uint64(a.epoch.Load())*0x9e3779b97f4a7c15, uint64(i)))
	var cs []Change
	for _, op := range a.ops {
		cs = append(cs, op.Draw(r, a.steps, a.h, a.w))
	}
	return cs
}

// Sample implements data.Dataset.
func (a *set) Sample(i int, x []float32) (int, error) {
	label, err := a.Dataset.Sample(i, x)
	if err != nil {
		return 0, err
	}
	for _, c := range a.changes(i) {
		c.dense(x, a.steps, a.h, a.w)
	}
	return label, nil
}

// dense changes images in place.
func (c Change) dense(x []float32, steps, h, w int) {
	if c.Value != nil {
		for i, v := range x {
			x[i] = c.Value(v)
		}
	}
	if c.From != nil {
		from := make([]int, h*w) // of all frames and channels alike
		for i := range from {
			y, k, ok := c.From(i/w, i%w)
			if from[i] = -1; ok && inside(y, h) && inside(k, w) {
				from[i] = y*w + k
			}
		}
		was := make([]float32, h*w)
		for at := 0; at < len(x); at += h * w {
			image := x[at : at+h*w]
			copy(was, image)
			for i, k := range from {
				if image[i] = 0; k >= 0 {
					image[i] = was[k]
				}
			}
		}
	}
	if frame := len(x) / steps; c.Later > 0 {
		n := min(c.Later, steps) * frame
		copy(x[n:], x)
		clear(x[:n])
	}
}

func inside(i, n int) bool { return i >= 0 && i < n }

// events changes spikes in place.
func (c Change) events(es []data.Event, steps, h, w int) []data.Event {
	kept := es[:0]
	for _, e := range es {
		if e.Step += c.Later; e.Step >= steps {
			continue
		}
		if c.To != nil {
			y, x, ok := c.To(e.Index/w%h, e.Index%w)
			if !ok || !inside(y, h) || !inside(x, w) {
				continue
			}
			e.Index = e.Index/(h*w)*h*w + y*w + x
		}
		if c.Value != nil {
			v := e.Value
			if v == 0 { // which stands for 1
				v = 1
			}
			if e.Value = c.Value(v); e.Value == 0 {
				continue
			}
		}
		kept = append(kept, e)
	}
	return kept
}

// as returns the data set with the methods that what is changed has.
func (a *set) as() data.Dataset {
	t, targets := a.Dataset.(data.Targeter)
	s, spiking := a.Dataset.(data.Spiking)
	v, varies := a.Dataset.(data.Varied)
	sp := spikes{a, s}
	switch {
	case targets && spiking && varies:
		return struct {
			spikes
			data.Targeter
			data.Varied
		}{sp, t, v}
	case targets && spiking:
		return struct {
			spikes
			data.Targeter
		}{sp, t}
	case targets && varies:
		return struct {
			*set
			data.Targeter
			data.Varied
		}{a, t, v}
	case spiking && varies:
		return struct {
			spikes
			data.Varied
		}{sp, v}
	case targets:
		return struct {
			*set
			data.Targeter
		}{a, t}
	case spiking:
		return sp
	case varies:
		return struct {
			*set
			data.Varied
		}{a, v}
	}
	return a
}

// spikes are a set of which the spikes are known.
type spikes struct {
	*set
	of data.Spiking
}

// Sample implements data.Dataset: it is made of the spikes.
func (s spikes) Sample(i int, x []float32) (int, error) {
	es, label, err := s.Events(i, nil)
	if err != nil {
		return 0, err
	}
	clear(x)
	frame := len(x) / s.steps
	for _, e := range es {
		at := e.Step*frame + e.Index
		if e.Index < 0 || e.Index >= frame || at < 0 || at >= len(x) {
			return 0, fmt.Errorf("augment: sample %d has a spike of element %d at time step %d, and %d elements at %d steps", i, e.Index, e.Step, frame, s.steps)
		}
		if e.Value == 0 {
			e.Value = 1
		}
		x[at] += e.Value
	}
	return label, nil
}

// Events implements data.Spiking.
func (s spikes) Events(i int, dst []data.Event) ([]data.Event, int, error) {
	before := len(dst)
	dst, label, err := s.of.Events(i, dst)
	if err != nil {
		return dst, 0, err
	}
	es := dst[before:]
	for _, c := range s.changes(i) {
		es = c.events(es, s.steps, s.h, s.w)
	}
	return dst[:before+len(es)], label, nil
}
