package events

import (
	"archive/zip"
	"errors"
	"fmt"
	"strings"
)

func init() {
	register(format{
		name: "npz", title: "NumPy archive with a structured array, or arrays t, x, y, p",
		extensions: []string{".npz"},
		is:         func(b []byte) bool { return len(b) >= 4 && string(b[:4]) == "PK\x03\x04" },
		open:       openNPZ,
	})
}

// openNPZ reads a .npz, a zip archive of .npy files: the first of them that has
// fields t, x, y and p, or the four that have these names.
func openNPZ(r *Reader) (decoder, head, error) {
	at, size, err := r.everywhere()
	if err != nil {
		return nil, head{}, err
	}
	z, err := zip.NewReader(at, size)
	if err != nil {
		return nil, head{}, fmt.Errorf("the archive: %w", err)
	}
	var four [4]*zip.File
	var firstErr error
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			continue
		}
		if i, ok := role(name); ok {
			if four[i] == nil {
				four[i] = f
			}
			continue
		}
		in, err := entry(f)
		if err != nil {
			return nil, head{}, err
		}
		d, err := newRows(in, r)
		if err == nil {
			r.in = in
			return d, head{}, nil
		}
		if firstErr == nil {
			firstErr = fmt.Errorf("%.40q: %w", f.Name, err)
		}
	}
	for i, f := range four {
		if f == nil && firstErr != nil {
			return nil, head{}, firstErr
		}
		if f == nil {
			return nil, head{}, fmt.Errorf("the archive has no array %s.npy, and none with fields t, x, y, p", roles[i])
		}
	}
	d, err := newApart(four, r)
	return d, head{}, err
}

// entry opens a file of an archive.
func entry(f *zip.File) (*source, error) {
	rc, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%.40q in the archive: %w", f.Name, unexpected(err))
	}
	return newSource(rc), nil
}

// newApart opens the four arrays.
func newApart(four [4]*zip.File, r *Reader) (*apart, error) {
	d := &apart{columns: columns{unit: r.options.unit(), sum: &r.sum}}
	types := [4]*numeric{&d.columns.t, &d.columns.x, &d.columns.y, &d.columns.p}
	for i, f := range four {
		in, err := entry(f)
		if err != nil {
			return nil, err
		}
		a, err := readArray(in, nil)
		if err == nil && len(a.fields) != 1 {
			err = errors.New("it has fields, want one number an event")
		}
		if err == nil && i > 0 && a.rows != d.left {
			err = fmt.Errorf("it has %d elements, and t has %d", a.rows, d.left)
		}
		if err != nil {
			return nil, fmt.Errorf("%.40q: %w", f.Name, unexpected(err))
		}
		d.cols[i], d.left, *types[i] = in, a.rows, a.fields[0].typ
	}
	r.in = d.cols[0]
	return d, nil
}
