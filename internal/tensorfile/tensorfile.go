// Package tensorfile reads tensors from a file, or from a folder with a file for each.
package tensorfile

import (
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

// Ext is how the name of a file of tensors ends.
const Ext = ".safetensors"

const arrayExt = ".npy"

// ArrayName returns the name of the file for a parameter. It does not begin with a
// dot, as those of hidden files do, which are passed over.
func ArrayName(param string) string {
	name := url.PathEscape(param)
	if rest, ok := strings.CutPrefix(name, "."); ok {
		name = "%2E" + rest
	}
	return strings.ReplaceAll(name, ":", "%3A") + arrayExt // which some systems have a meaning for
}

// IsFile reports whether path is that of a file of tensors, not of a folder.
func IsFile(path string) (bool, error) {
	if filepath.Ext(path) == Ext {
		return true, nil
	}
	info, err := os.Stat(path)
	folder := err == nil && info.IsDir() || strings.HasSuffix(path, string(filepath.Separator))
	if path == "" || filepath.Ext(path) != "" && !folder {
		return false, fmt.Errorf("the path is %q, want that of a file *%s, or of a folder for one file *%s a parameter", path, Ext, arrayExt)
	}
	return false, nil
}

// Read reads a file of tensors.
func Read(path string) (*safetensors.File, error) {
	var f *safetensors.File
	err := Open(path, func(r io.Reader, size int64) (err error) {
		f, err = safetensors.Read(r, size)
		return err
	})
	return f, err
}

// ReadArrays reads the arrays in a folder, in the order of their names.
func ReadArrays(dir string) ([]safetensors.Tensor, error) {
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
		err = Open(filepath.Join(dir, e.Name()), func(r io.Reader, size int64) error {
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

// Open calls read with a file and the number of its bytes.
func Open(path string, read func(r io.Reader, size int64) error) error {
	f, info, err := files.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return read(f, info.Size())
}

// Of returns d under a name, not a copy.
func Of(name string, d *tensor.Dense) (safetensors.Tensor, error) {
	f, err := flat.Of(d)
	if err != nil {
		return safetensors.Tensor{}, err
	}
	if f.F32 != nil {
		return safetensors.Of(name, d.Shape(), f.F32), nil
	}
	return safetensors.Of(name, d.Shape(), f.F64), nil
}

// Dense returns t as a tensor, which has its elements, not a copy.
func Dense(t safetensors.Tensor) (*tensor.Dense, error) {
	if t.DType != "F32" && t.DType != "F64" || len(t.Shape) == 0 || slices.Contains(t.Shape, 0) {
		return nil, fmt.Errorf("%s is %s of shape %v, want F32 or F64 of at least one axis and element", describe.Quote(t.Name), t.DType, describe.Numbers(t.Shape))
	}
	return tensor.New(tensor.WithShape(t.Shape...), tensor.WithBacking(t.Data)), nil
}
