package train

import (
	"cmp"
	"sync"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
)

// A family is what a model and its replicas have in common: the weights. Replicas read
// them while the model may be in training, and no code of anybody's runs under the
// mutex, so that nobody waits for himself.
type family struct {
	names      []string
	mu         sync.Mutex
	ended      sync.Cond // a replica has ended
	live       *snapshot // the tensors of the model
	shown      *snapshot // what replicas read: live, or while that changes a copy of it
	spare      *snapshot // a copy that was shown before; nil if there is none
	replicated bool
}

// A snapshot is the weights at some time, which do not change while anybody reads them.
type snapshot struct {
	tensors []*tensor.Dense
	readers int
}

func newFamily(ps []*Parameter) *family {
	f := &family{live: &snapshot{tensors: valuesOf(ps)}}
	for _, p := range ps {
		f.names = append(f.names, p.name)
	}
	f.shown = f.live
	f.ended.L = &f.mu
	return f
}

// borrow returns the weights for a replica to read, until it gives them back.
func (f *family) borrow() *snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.replicated = true
	f.shown.readers++
	return f.shown
}

func (f *family) giveBack(s *snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.readers--; s.readers == 0 {
		f.ended.Broadcast()
	}
}

// hide shows replicas a copy of the weights, and waits until none reads the model's own.
func (f *family) hide() error {
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

// show lets replicas that have been shown a copy follow the weights.
func (f *family) show() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shown == f.live {
		return nil
	}
	return f.copy()
}

// open shows replicas the weights themselves.
func (f *family) open() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shown, f.spare = f.live, nil
}

// copy shows a copy of the weights as they are.
func (f *family) copy() error {
	to := f.spare
	if to == nil || to.readers > 0 {
		to = &snapshot{}
		for _, t := range f.live.tensors {
			to.tensors = append(to.tensors, tensor.New(tensor.Of(t.Dtype()), tensor.WithShape(t.Shape()...)))
		}
	}
	for i, t := range to.tensors {
		if err := flat.Copy(t, f.live.tensors[i]); err != nil {
			return err
		}
	}
	if f.spare = nil; f.shown != f.live {
		f.spare = f.shown
	}
	f.shown = to
	return nil
}

// change runs change, code of ours, which changes the weights.
func (f *family) change(change func() error) error {
	f.mu.Lock()
	if !f.replicated {
		defer f.mu.Unlock()
		return change()
	}
	hidden := f.shown != f.live
	f.mu.Unlock()
	if err := f.hide(); err != nil {
		return err
	}
	err := change()
	if hidden {
		return cmp.Or(err, f.show())
	}
	f.open()
	return err
}

// train runs step, code of ours, which changes the weights in a training: until that is
// over, replicas are shown copies.
func (f *family) train(step func() error) error {
	f.mu.Lock()
	if !f.replicated {
		defer f.mu.Unlock()
		return step()
	}
	f.mu.Unlock()
	if err := f.hide(); err != nil {
		return err
	}
	return step()
}

// back puts the weights back to what replicas are shown, if that is a copy.
func (f *family) back() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shown == f.live {
		return nil
	}
	for i, t := range f.shown.tensors {
		if err := flat.Copy(f.live.tensors[i], t); err != nil {
			return err
		}
	}
	return nil
}
