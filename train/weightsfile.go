package train

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/npy"
	"github.com/spikegrad/spikegrad/internal/safetensors"
)

const (
	tensorsExt = ".safetensors"
	arrayExt   = ".npy"
)

// SaveWeights writes the parameters under their names, also the values that
// neurons have from layers.Each and keep: to one file if path ends
// in ".safetensors", which Python reads by
//
//	safetensors.numpy.load_file(path)
//
// or safetensors.torch.load_file; else to a folder, NAME.npy for each, where what
// a file name cannot have is escaped as in a URL. A file appears whole or not at
// all, and replaces one that is there.
//
// A parameter with a constraint is there as the value that the network has. So that
// LoadWeights gives back every bit, what is learnt stands beside it as learnt/NAME. JSON
// names the constraints by parameter: the entry "constraints" of the metadata, or the file
// constraints.json of the folder.
func (m *Model) SaveWeights(path string) error {
	if err := m.within(func() error { return m.reading(func() error { return m.saveWeights(path) }) }); err != nil {
		return fmt.Errorf("train: save weights: %w", err)
	}
	return nil
}

func (m *Model) saveWeights(path string) error {
	single, err := isFile(path)
	if err != nil {
		return err
	}
	ts, err := m.namedValues()
	if err != nil {
		return err
	}
	within, err := json.Marshal(m.constraints())
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
		err := files.Replace(filepath.Join(path, arrayFile(t.Name)), func(w io.Writer) error {
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
	src, err := readWeights(path)
	if err != nil {
		return p, err
	}
	ts := src.tensors
	params := m.all()
	ws := valuesOf(params)
	for i, param := range params {
		at := slices.IndexFunc(ts, func(t safetensors.Tensor) bool { return t.Name == param.name })
		if at < 0 {
			p.Missing = append(p.Missing, param.name)
			continue
		}
		if ws[i], err = src.learntOf(param, ts[at]); err != nil {
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
	return p, m.family.change(func() error { return assign(params, ws) })
}

// arrayFile returns the name of the file for a parameter. It does not begin with a
// dot, as those of hidden files do, which are passed over.
func arrayFile(param string) string {
	name := url.PathEscape(param)
	if rest, ok := strings.CutPrefix(name, "."); ok {
		name = "%2E" + rest
	}
	return strings.ReplaceAll(name, ":", "%3A") + arrayExt // which some systems have a meaning for
}

// isFile reports whether path is that of a file of tensors, not of a folder.
func isFile(path string) (bool, error) {
	if filepath.Ext(path) == tensorsExt {
		return true, nil
	}
	info, err := os.Stat(path)
	folder := err == nil && info.IsDir() || strings.HasSuffix(path, string(filepath.Separator))
	if path == "" || filepath.Ext(path) != "" && !folder {
		return false, fmt.Errorf("the path is %q, want that of a file *%s, or of a folder for one file *%s a parameter", path, tensorsExt, arrayExt)
	}
	return false, nil
}

// readFile reads a file of tensors.
func readFile(path string) (*safetensors.File, error) {
	var f *safetensors.File
	err := open(path, func(r io.Reader, size int64) (err error) {
		f, err = safetensors.Read(r, size)
		return err
	})
	return f, err
}

// readArrays reads the arrays in a folder, in the order of their names.
func readArrays(dir string) ([]safetensors.Tensor, error) {
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var ts []safetensors.Tensor
	for _, e := range found {
		base, ok := strings.CutSuffix(e.Name(), arrayExt)
		if !ok || strings.HasPrefix(base, ".") {
			continue
		}
		name, err := url.PathUnescape(base)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", describe.Quote(e.Name()), describe.Short(err))
		}
		err = open(filepath.Join(dir, e.Name()), func(r io.Reader, size int64) error {
			shape, data, err := npy.Read(r, size)
			if x, ok := data.([]float32); ok {
				ts = append(ts, safetensors.Of(name, shape, x))
			} else if x, ok := data.([]float64); ok {
				ts = append(ts, safetensors.Of(name, shape, x))
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", describe.Quote(e.Name()), err)
		}
	}
	if ts == nil {
		return nil, fmt.Errorf("the folder has no file *%s", arrayExt)
	}
	return ts, nil
}

// open calls read with a file and the number of its bytes.
func open(path string, read func(r io.Reader, size int64) error) error {
	f, info, err := files.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return read(f, info.Size())
}

// namedWeights returns all parameters as they are, not copies.
func (m *Model) namedWeights() ([]safetensors.Tensor, error) {
	params := m.all()
	ts := make([]safetensors.Tensor, len(params))
	for i, p := range params {
		t, err := named(p.name, p.value)
		if err != nil {
			return nil, fmt.Errorf("%s %w", p.name, err)
		}
		ts[i] = t
	}
	return ts, nil
}

// named returns d under a name, not a copy.
func named(name string, d *tensor.Dense) (safetensors.Tensor, error) {
	f, err := flat.Of(d)
	if err != nil {
		return safetensors.Tensor{}, err
	}
	if f.F32 != nil {
		return safetensors.Of(name, d.Shape(), f.F32), nil
	}
	return safetensors.Of(name, d.Shape(), f.F64), nil
}

// dense returns t as a tensor, if it can take the place of the value of p.
func (p *Parameter) dense(t safetensors.Tensor) (*tensor.Dense, error) {
	want, err := named(p.name, p.value)
	if err != nil {
		return nil, fmt.Errorf("%s %w", p.name, err)
	}
	if t.DType != want.DType || !slices.Equal(t.Shape, want.Shape) {
		return nil, fmt.Errorf("%s is %s of shape %v, want %s of shape %v", p.name, t.DType, describe.Numbers(t.Shape), want.DType, want.Shape)
	}
	return denseOf(t)
}

// denseOf returns t as a tensor, which has its elements, not a copy.
func denseOf(t safetensors.Tensor) (*tensor.Dense, error) {
	if t.DType != "F32" && t.DType != "F64" || len(t.Shape) == 0 || slices.Contains(t.Shape, 0) {
		return nil, fmt.Errorf("%s is %s of shape %v, want F32 or F64 of at least one axis and element", describe.Quote(t.Name), t.DType, describe.Numbers(t.Shape))
	}
	return tensor.New(tensor.WithShape(t.Shape...), tensor.WithBacking(t.Data)), nil
}
