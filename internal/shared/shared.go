// Package shared lets replicas of a model read its weights while a training changes them.
package shared

import (
	"cmp"
	"sync"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
)

// Weights are what a model and its replicas have in common. Replicas read
// them while the model may be in training, and no code of anybody's runs under the
// mutex, so that nobody waits for himself.
type Weights struct {
	Names      []string
	mu         sync.Mutex
	ended      sync.Cond // a replica has ended
	live       *Snapshot // the tensors of the model
	shown      *Snapshot // what replicas read: live, or while that changes a copy of it
	spare      *Snapshot // a copy that was shown before; nil if there is none
	replicated bool
}

// A Snapshot is the weights at some time, which do not change while anybody reads them.
type Snapshot struct {
	Tensors []*tensor.Dense
	readers int
}

// New returns the weights that the tensors hold, by name.
func New(names []string, tensors []*tensor.Dense) *Weights {
	f := &Weights{Names: names, live: &Snapshot{Tensors: tensors}}
	f.shown = f.live
	f.ended.L = &f.mu
	return f
}

// Borrow returns the weights for a replica to read, until it gives them back.
func (f *Weights) Borrow() *Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.replicated = true
	f.shown.readers++
	return f.shown
}

// GiveBack ends the reading of what Borrow returned.
func (f *Weights) GiveBack(s *Snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.readers--; s.readers == 0 {
		f.ended.Broadcast()
	}
}

// Hide shows replicas a copy of the weights, and waits until none reads the model's own.
func (f *Weights) Hide() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shown != f.live {
		return nil
	}
	if err := f.copy(); err != nil {
		return err
	}
	for f.live.readers > 0 {
		f.ended.Wait()
	}
	return nil
}

// Show lets replicas that have been shown a copy follow the weights.
func (f *Weights) Show() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shown == f.live {
		return nil
	}
	return f.copy()
}

// Open shows replicas the weights themselves.
func (f *Weights) Open() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shown, f.spare = f.live, nil
}

// copy shows a copy of the weights as they are.
func (f *Weights) copy() error {
	to := f.spare
	if to == nil || to.readers > 0 {
		to = &Snapshot{}
		for _, t := range f.live.Tensors {
			to.Tensors = append(to.Tensors, tensor.New(tensor.Of(t.Dtype()), tensor.WithShape(t.Shape()...)))
		}
	}
	for i, t := range to.Tensors {
		if err := flat.Copy(t, f.live.Tensors[i]); err != nil {
			return err
		}
	}
	if f.spare = nil; f.shown != f.live {
		f.spare = f.shown
	}
	f.shown = to
	return nil
}

// Change runs change, code of ours, which changes the weights.
func (f *Weights) Change(change func() error) error {
	f.mu.Lock()
	if !f.replicated {
		defer f.mu.Unlock()
		return change()
	}
	hidden := f.shown != f.live
	f.mu.Unlock()
	if err := f.Hide(); err != nil {
		return err
	}
	err := change()
	if hidden {
		return cmp.Or(err, f.Show())
	}
	f.Open()
	return err
}

// Train runs step, code of ours, which changes the weights in a training: until that is
// over, replicas are shown copies.
func (f *Weights) Train(step func() error) error {
	f.mu.Lock()
	if !f.replicated {
		defer f.mu.Unlock()
		return step()
	}
	f.mu.Unlock()
	if err := f.Hide(); err != nil {
		return err
	}
	return step()
}

// Back puts the weights back to what replicas are shown, if that is a copy.
func (f *Weights) Back() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shown == f.live {
		return nil
	}
	for i, t := range f.shown.Tensors {
		if err := flat.Copy(f.live.Tensors[i], t); err != nil {
			return err
		}
	}
	return nil
}
