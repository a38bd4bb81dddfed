package train

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/internal/safetensors"
	"github.com/spikegrad/spikegrad/internal/weights"
	"github.com/spikegrad/spikegrad/online"
)

// LoadWeights reads the parameters from where SaveWeights has written them, or
// from a checkpoint or the final file of a training. An error names the
// parameters that are not there, those that do not fit or are out of the range of their
// constraint, and what is there besides; then no parameter is changed.
//
// A parameter may have been saved within another constraint than that of the model, or
// without one: its values count, and what is learnt is computed from them, which rounds.
// A file that names no constraints, not even that there are none, and has no learnt/NAME is
// from before they were named. It holds what is learnt.
func (m *Model) LoadWeights(path string) error {
	p, err := m.loadWeights(path, true)
	if err != nil {
		return fmt.Errorf("train: load weights: %s: %w", path, err)
	}
	return p.err(path)
}

// LoadPartial is LoadWeights for a file that has some of the parameters only, or
// others besides: those that it has are loaded, and Partial says what is left.
// That one does not fit is an error here too, and then no parameter is changed.
func (m *Model) LoadPartial(path string) (Partial, error) {
	p, err := m.loadWeights(path, false)
	if err != nil {
		return Partial{}, fmt.Errorf("train: load weights: %s: %w", path, err)
	}
	return p, nil
}

// Partial says how far the weights in a file are those of a model.
type Partial struct {
	Missing []string // parameters that the file does not have; they are as they were
	Unused  []string // tensors in the file that are no parameters
}

// err returns an error unless everything was there and nothing else.
func (p Partial) err(path string) error {
	var what []string
	if len(p.Missing) > 0 {
		what = append(what, fmt.Sprintf("does not have %s", describe.Names(p.Missing)))
	}
	if len(p.Unused) > 0 {
		what = append(what, fmt.Sprintf("has %s, which the model does not", describe.Names(p.Unused)))
	}
	if what == nil {
		return nil
	}
	return fmt.Errorf("train: load weights: %s %s; LoadPartial loads what fits", path, strings.Join(what, " and "))
}

// loadWeights loads the parameters that the file at path has; all or none, if all
// are wanted.
func (m *Model) loadWeights(path string, all bool) (p Partial, err error) {
	err = m.within(func() (err error) { p, err = m.readFrom(path, all); return err })
	return p, err
}

// readFrom is loadWeights for a model in use.
func (m *Model) readFrom(path string, all bool) (p Partial, err error) {
	if err := m.owner(); err != nil {
		return p, err
	}
	src, err := weights.Read(path, fromCheckpoint)
	if err != nil {
		return p, err
	}
	ts := src.Tensors
	params := m.all()
	ws := valuesOf(params)
	for i, param := range params {
		at := slices.IndexFunc(ts, func(t safetensors.Tensor) bool { return t.Name == param.name })
		if at < 0 {
			p.Missing = append(p.Missing, param.name)
			continue
		}
		if ws[i], err = src.LearntOf(param.weight(), ts[at]); err != nil {
			return Partial{}, err
		}
		ts = slices.Delete(ts, at, at+1)
	}
	for _, t := range ts {
		p.Unused = append(p.Unused, t.Name)
	}
	if all && len(p.Missing)+len(p.Unused) > 0 {
		return p, nil
	}
	return p, m.family.Change(func() error { return assign(params, ws) })
}

// fromCheckpoint returns the parameters in a checkpoint; nil if the file is none.
func fromCheckpoint(f *safetensors.File) (*weights.Source, error) {
	if _, ok := f.Metadata[documentName]; !ok {
		return nil, nil
	}
	c, err := decode(f)
	if err != nil {
		return nil, err
	}
	w, err := c.weights()
	if err != nil {
		return nil, err
	}
	return &weights.Source{Within: w.Within, Tensors: slices.DeleteFunc(c.tensors, func(t safetensors.Tensor) bool {
		feedback := strings.HasPrefix(t.Name, online.FeedbackName) // is learnt beside the network
		return !slices.Contains(w.Params, t.Name) && !slices.Contains(w.Fixed, t.Name) || feedback
	})}, nil
}
