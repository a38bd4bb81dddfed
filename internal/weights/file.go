package weights

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/npy"
	"github.com/spikegrad/spikegrad/internal/safetensors"
	"github.com/spikegrad/spikegrad/internal/tensorfile"
)

// Constraints are those of weights, by name.
type Constraints map[string]graph.Constraint

// The names of constraints among metadata and in a folder, and of tensors that are learnt
// beside their values.
const (
	constraintsName = "constraints"
	constraintsFile = "constraints.json"
	learntPrefix    = "learnt/"
)

// ConstraintsOf returns those of the weights that have one.
func ConstraintsOf(ws []Weight) Constraints {
	cs := Constraints{}
	for _, w := range ws {
		if w.Keep != (graph.Constraint{}) {
			cs[w.Name] = w.Keep
		}
	}
	return cs
}

// A Source is what is in a file or a folder of weights.
type Source struct {
	Tensors []safetensors.Tensor // parameters
	Values  bool                 // that they hold; else what is learnt
	Learnt  []safetensors.Tensor // what is learnt of some of them, beside their values
	Within  Constraints          // nil if nothing is said of them
}

// Read returns the weights in a file or a folder. What has other metadata than ours is for other,
// which says whether it is its file.
func Read(path string, other func(*safetensors.File) (*Source, error)) (*Source, error) {
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
	if s, err := other(f); s != nil || err != nil {
		return s, err
	}
	text, ok := f.Metadata[constraintsName]
	return newSource(f.Tensors, []byte(text), ok)
}

// readFolder returns the weights in a folder.
func readFolder(dir string) (*Source, error) {
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
func newSource(ts []safetensors.Tensor, text []byte, said bool) (*Source, error) {
	s := &Source{Values: said}
	if said {
		if err := json.Unmarshal(text, &s.Within); err != nil {
			return nil, fmt.Errorf("its constraints make no sense: %w", err)
		}
	}
	names := map[string]bool{}
	for _, t := range ts {
		names[t.Name] = true
	}
	for _, t := range ts {
		if of, ok := strings.CutPrefix(t.Name, learntPrefix); ok && names[of] {
			s.Learnt, s.Values = append(s.Learnt, t), true
		} else {
			s.Tensors = append(s.Tensors, t)
		}
	}
	return s, nil
}

// LearntOf returns what is to be learnt of w to be t of the source.
func (s *Source) LearntOf(w Weight, t safetensors.Tensor) (*tensor.Dense, error) {
	d, err := w.Dense(t)
	if err != nil {
		return nil, err
	}
	if s.Values {
		at := slices.IndexFunc(s.Learnt, func(l safetensors.Tensor) bool { return l.Name == learntPrefix+w.Name })
		if at >= 0 && w.Keep != (graph.Constraint{}) {
			l, err := w.Dense(s.Learnt[at])
			// Of another constraint, or of values that somebody has changed, it says nothing.
			if err == nil && same(Applied(w.Keep, l), d) {
				return l, nil
			}
		}
	} else if c := s.Within[w.Name]; s.Within == nil || c == w.Keep {
		return d, nil
	} else {
		d = Applied(c, d)
	}
	if d, err = w.Learnt(d, false); err != nil {
		return nil, fmt.Errorf("%s: %w", w.Name, err)
	}
	return d, nil
}

// Save writes weights: to one file, or to a folder with an array for each.
func Save(path string, ws []Weight) error {
	single, err := tensorfile.IsFile(path)
	if err != nil {
		return err
	}
	ts, err := namedValues(ws)
	if err != nil {
		return err
	}
	within, err := json.Marshal(ConstraintsOf(ws))
	if err != nil {
		return err
	}
	if single {
		f := safetensors.File{Tensors: ts, Metadata: map[string]string{constraintsName: string(within)}}
		return files.Replace(path, f.Write)
	}
	if err := os.MkdirAll(path, 0o777); err != nil {
		return err
	}
	for _, t := range ts {
		err := files.Replace(filepath.Join(path, tensorfile.ArrayName(t.Name)), func(w io.Writer) error {
			if x, ok := t.Data.([]float32); ok {
				return npy.Write(w, t.Shape, x)
			}
			return npy.Write(w, t.Shape, t.Data.([]float64))
		})
		if err != nil {
			return err
		}
	}
	return files.Replace(filepath.Join(path, constraintsFile), func(w io.Writer) error {
		_, err := w.Write(within)
		return err
	})
}

// Named returns weights as they are, not copies.
func Named(ws []Weight) ([]safetensors.Tensor, error) {
	ts := make([]safetensors.Tensor, len(ws))
	for i, w := range ws {
		t, err := tensorfile.Of(w.Name, w.Value)
		if err != nil {
			return nil, fmt.Errorf("%s %w", w.Name, err)
		}
		ts[i] = t
	}
	return ts, nil
}

// namedValues returns weights as the values that the network has, and behind them what is learnt,
// where that is something else.
func namedValues(ws []Weight) ([]safetensors.Tensor, error) {
	ts, err := Named(ws)
	if err != nil {
		return nil, err
	}
	for i, w := range ws {
		if w.Keep == (graph.Constraint{}) {
			continue
		}
		learnt := ts[i]
		if ts[i], err = tensorfile.Of(w.Name, Applied(w.Keep, w.Value)); err != nil {
			return nil, fmt.Errorf("%s %w", w.Name, err)
		}
		learnt.Name = learntPrefix + w.Name
		ts = append(ts, learnt)
	}
	return ts, nil
}
