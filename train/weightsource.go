package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/safetensors"
	"github.com/spikegrad/spikegrad/internal/tensorfile"
)

// constraints are those of parameters, by name.
type constraints map[string]graph.Constraint

// The names of constraints among metadata and in a folder, and of tensors that are learnt
// beside their values.
const (
	constraintsName = "constraints"
	constraintsFile = "constraints.json"
	learntPrefix    = "learnt/"
)

// constraints returns those of the parameters that have one.
func (m *Model) constraints() constraints {
	cs := constraints{}
	for _, p := range m.params {
		if p.keep != (graph.Constraint{}) {
			cs[p.name] = p.keep
		}
	}
	return cs
}

// A weightSource is what is in a file or a folder of weights.
type weightSource struct {
	tensors []safetensors.Tensor // parameters
	values  bool                 // that they hold; else what is learnt
	learnt  []safetensors.Tensor // what is learnt of some of them, beside their values
	within  constraints          // nil if nothing is said of them
}

// readWeights returns the weights in a file or a folder.
func readWeights(path string) (*weightSource, error) {
	single, err := tensorfile.IsFile(path)
	if err != nil {
		return nil, err
	}
	if !single {
		return readFolder(path)
	}
	f, err := tensorfile.Read(path)
	if err != nil {
		return nil, err
	}
	if _, ok := f.Metadata[documentName]; !ok {
		text, ok := f.Metadata[constraintsName]
		return newSource(f.Tensors, []byte(text), ok)
	}
	c, err := decode(f)
	if err != nil {
		return nil, err
	}
	w, err := c.weights()
	if err != nil {
		return nil, err
	}
	return &weightSource{within: w.Within, tensors: slices.DeleteFunc(c.tensors, func(t safetensors.Tensor) bool {
		return !slices.Contains(w.Params, t.Name) && !slices.Contains(w.Fixed, t.Name)
	})}, nil
}

// readFolder returns the weights in a folder.
func readFolder(dir string) (*weightSource, error) {
	ts, err := tensorfile.ReadArrays(dir)
	if err != nil {
		return nil, err
	}
	var text []byte
	err = tensorfile.Open(filepath.Join(dir, constraintsFile), func(r io.Reader, size int64) (err error) {
		const most = 1 << 24
		if size > most {
			return fmt.Errorf("%s has %d bytes, want at most %d", constraintsFile, size, most)
		}
		text, err = io.ReadAll(r)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return newSource(ts, text, err == nil)
}

// newSource tells values from what is learnt. The text names the constraints, if there is
// one.
func newSource(ts []safetensors.Tensor, text []byte, said bool) (*weightSource, error) {
	s := &weightSource{values: said}
	if said {
		if err := json.Unmarshal(text, &s.within); err != nil {
			return nil, fmt.Errorf("its constraints make no sense: %w", err)
		}
	}
	names := map[string]bool{}
	for _, t := range ts {
		names[t.Name] = true
	}
	for _, t := range ts {
		if of, ok := strings.CutPrefix(t.Name, learntPrefix); ok && names[of] {
			s.learnt, s.values = append(s.learnt, t), true
		} else {
			s.tensors = append(s.tensors, t)
		}
	}
	return s, nil
}

// learntOf returns what is to be learnt of p to be t of the source.
func (s *weightSource) learntOf(p *Parameter, t safetensors.Tensor) (*tensor.Dense, error) {
	d, err := p.dense(t)
	if err != nil {
		return nil, err
	}
	if s.values {
		at := slices.IndexFunc(s.learnt, func(l safetensors.Tensor) bool { return l.Name == learntPrefix+p.name })
		if at >= 0 && p.keep != (graph.Constraint{}) {
			l, err := p.dense(s.learnt[at])
			// Of another constraint, or of values that somebody has changed, it says nothing.
			if err == nil && same(applied(p.keep, l), d) {
				return l, nil
			}
		}
	} else if c := s.within[p.name]; s.within == nil || c == p.keep {
		return d, nil
	} else {
		d = applied(c, d)
	}
	if d, err = p.learnt(d, false); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	return d, nil
}
