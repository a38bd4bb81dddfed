package h5_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/h5"
	"github.com/spikegrad/spikegrad/internal/h5/h5test"
)

// written is a file of each way in which elements are kept.
func written() []byte {
	rows := [][]byte{h5test.Uint16s(1, 2, 3), nil, h5test.Uint16s(700)}
	return h5test.Write(map[string]h5test.Set{
		"x":           {Shape: []int{2, 3}, Type: h5test.Float32, Data: h5test.Float32s(0, 1, 2, 3, 4, -5.5)},
		"chunks":      {Shape: []int{5, 3}, Type: h5test.Uint16, Data: h5test.Uint16s(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 65535), Chunk: 2},
		"spikes/rows": {Shape: []int{3}, Type: h5test.RowsOf(h5test.Uint16), Rows: rows, Size: 2},
		"spikes/more": {Shape: []int{3}, Type: h5test.RowsOf(h5test.Uint16), Rows: rows, Size: 2, Chunk: 2},
		"words":       {Shape: []int{2}, Type: h5test.Words, Rows: [][]byte{[]byte("grüß"), []byte("b")}, Size: 1},
		"scalar":      {Shape: nil, Type: h5test.Int64, Data: bytes.Repeat([]byte{0xff}, 8)},
		"a":           {Shape: []int{1}, Type: h5test.Float16, Data: h5test.Uint16s(0x3c00)},
		"b/c/d":       {Shape: []int{1}, Type: h5test.Float16, Data: h5test.Uint16s(0xc500)},
	})
}

// all reads everything that a file has, as far as it goes.
func all(o *h5.Object, depth int, each func(d *h5.Dataset, err error)) {
	if !o.IsGroup() {
		d, err := o.Dataset()
		each(d, err)
		return
	}
	links, err := o.Links()
	if err != nil || depth > 8 {
		each(nil, err)
		return
	}
	for _, l := range links[:min(len(links), 50)] {
		child, err := o.Open(l)
		if err != nil {
			each(nil, err)
			continue
		}
		all(child, depth+1, each)
	}
}

func TestStraight(t *testing.T) {
	b := written()
	f, err := h5.Open(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	got := map[string]any{}
	root, err := f.Root()
	require.NoError(t, err)
	all(root, 0, func(d *h5.Dataset, err error) {
		require.NoError(t, err)
		switch d.Type.Class {
		case h5.Words:
			got[d.Path], err = d.Strings()
		case h5.Rows:
			var rows [][]float64
			for i := range d.Len() {
				row, err := d.Row(i)
				require.NoError(t, err)
				rows = append(rows, row)
			}
			got[d.Path] = rows
		default:
			got[d.Path], err = d.Floats()
		}
		require.NoError(t, err)
	})
	rows := [][]float64{{1, 2, 3}, {}, {700}}
	require.Equal(t, map[string]any{
		"/x": []float64{0, 1, 2, 3, 4, -5.5}, "/chunks": []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 65535},
		"/spikes/rows": rows, "/spikes/more": rows, "/words": []string{"grüß", "b"}, "/scalar": []float64{-1},
		"/a": []float64{1}, "/b/c/d": []float64{-5},
	}, got)
	d, err := f.Read("spikes/rows")
	require.NoError(t, err)
	_, err = d.Row(3)
	require.EqualError(t, err, "/spikes/rows: row 3 asked for, want 0 to 2")
	_, err = d.Floats()
	require.EqualError(t, err, "/spikes/rows: its elements are rows of uint16, want numbers")
}

// visit reads all of a file that may be damaged, and returns whether nothing was wrong.
func visit(b []byte) bool {
	f, err := h5.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return false
	}
	root, err := f.Root()
	if err != nil {
		return false
	}
	ok := true
	all(root, 0, func(d *h5.Dataset, err error) {
		if err != nil {
			ok = false
			return
		}
		_, err1 := d.Floats()
		_, err2 := d.Strings()
		_, err3 := d.Ints()
		for i := range min(d.Len(), 100) {
			if _, err := d.Row(i); d.Type.Class == h5.Rows && err != nil {
				ok = false
			}
		}
		ok = ok && (err1 == nil || err2 == nil || err3 == nil || d.Type.Class == h5.Rows)
	})
	_, _ = root.Attribute("x")
	return ok
}

// Of a file that was cut something is missing, wherever that was.
func TestTruncated(t *testing.T) {
	b := written()
	require.True(t, visit(b))
	for cut := 0; cut < len(b)-8; cut += 61 {
		require.False(t, visit(b[:cut]), "cut at %d", cut)
	}
}

// A byte that is not what it was gives an error or other numbers, never a panic; the
// numbers of a chunk have a checksum.
func TestFlipped(t *testing.T) {
	b := written()
	for i := 0; i < len(b); i += 7 {
		b[i] ^= 0xff
		visit(b)
		b[i] ^= 0xff
	}
	i := bytes.Index(b, []byte{0x78, 0x9c}) // where the first chunk begins
	b[i+5] ^= 1
	f, err := h5.Open(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	for _, name := range []string{"chunks", "spikes/more"} {
		if _, e := f.Read(name); e != nil {
			err = e
		}
	}
	require.ErrorContains(t, err, "its checksum differs: the file is damaged")
}

func FuzzOpen(f *testing.F) {
	b := written()
	f.Add(b)
	f.Add(b[:len(b)/2])
	later, err := os.ReadFile(filepath.Join("testdata", "later.h5"))
	require.NoError(f, err)
	f.Add(later)
	f.Add(written2(f, h5.Group{"a": h5.Group{"b": &h5.Array{Shape: []int{2}, Data: []string{"x", "y"}}}, "c": &h5.Array{Shape: []int{40}, Data: make([]float64, 40), Gzip: true}}))
	f.Fuzz(func(_ *testing.T, b []byte) {
		if len(b) < 1<<17 {
			visit(b)
		}
	})
}
