package h5_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/h5"
	"github.com/spikegrad/spikegrad/internal/h5/h5test"
	"github.com/spikegrad/spikegrad/internal/long"
)

// made returns the folder of files that h5py has written, or skips the test where
// there is no h5py.
func made(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	h5test.Python(t, filepath.Join("testdata", "make.py"), dir)
	return dir
}

func open(t *testing.T, path string) *h5.File {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	f, err := h5.Open(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	return f
}

// What h5py has written is read as it was.
func TestH5py(t *testing.T) {
	long.Test(t)
	dir := made(t)
	f := open(t, filepath.Join(dir, "numbers.h5"))
	read := func(path string) *h5.Dataset {
		d, err := f.Read(path)
		require.NoError(t, err, path)
		return d
	}
	types := []string{"int8", "uint8", "int16", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float16", "float32", "float32", "float64", "float64"}
	for k, typ := range types {
		want := make([]float64, 24)
		for i := range want {
			if want[i] = float64(i); typ[0] != 'u' {
				want[i] -= 5
			}
		}
		for _, group := range []string{"plain", "packed"} {
			d := read(fmt.Sprintf("/%s/n%d", group, k))
			require.Equal(t, typ, d.Type.String())
			require.Equal(t, []int{2, 3, 4}, d.Shape)
			got, err := d.Floats()
			require.NoError(t, err)
			require.Equal(t, want, got, "%s %s", group, typ)
			if whole, err := d.Ints(); typ[0] != 'f' {
				require.NoError(t, err)
				require.EqualValues(t, want[0], whole[0])
				require.EqualValues(t, want[23], whole[23])
			} else {
				require.Error(t, err)
			}
		}
	}
	floats := func(path string) []float64 {
		v, err := read(path).Floats()
		require.NoError(t, err)
		return v
	}
	words := func(path string) []string {
		v, err := read(path).Strings()
		require.NoError(t, err)
		return v
	}
	require.Empty(t, read("scalar").Shape)
	require.Equal(t, []float64{-7}, floats("scalar"))
	require.Equal(t, []string{"grüß"}, words("text"))
	require.Equal(t, []string{"a", "bc", "", "def"}, words("words"))
	require.Equal(t, []string{"ab", "c"}, words("fixed"))
	require.Equal(t, []float64{1, 0, 1}, floats("flags"))
	require.Equal(t, []float64{2.5, 2.5, 2.5, 2.5, 2.5}, floats("empty"))
	holes := floats("holes")
	for i, v := range holes {
		want := -1.0
		if y, x := i/6, i%6; y/2 == 1 && x/2 == 1 {
			want = 9
		}
		require.Equal(t, want, v)
	}
	require.Equal(t, []int{0, 3}, read("none").Shape)
	require.Equal(t, []float64{0, math.Copysign(0, -1), 1, -1, 65504, 0x1p-24, 0x3p-24, 0x1p-14, math.Inf(1), math.Inf(-1)}, floats("halves"))
	_, err := read("big").Ints()
	require.EqualError(t, err, "/big: element 0 is 18446744073709551615, more than an int64 holds")
	_, err = f.Read("compound")
	require.EqualError(t, err, "/compound: its elements are compound numbers, which are not read")
	_, err = f.Read("lzf")
	require.ErrorContains(t, err, "packed by filter 32000, want gzip (1), shuffle (2) or fletcher32 (3)")
	_, err = f.Read("nothing/there")
	require.ErrorIs(t, err, h5.ErrNotFound)
	_, err = f.Read("plain")
	require.EqualError(t, err, "/plain: it is no data set")

	root, err := f.Root()
	require.NoError(t, err)
	links, err := root.Links()
	require.NoError(t, err)
	require.Len(t, links, 15)
	many, err := root.Child("many")
	require.NoError(t, err)
	require.True(t, many.IsGroup())
	links, err = many.Links() // a tree of several nodes
	require.NoError(t, err)
	require.Len(t, links, 300)
	for i, l := range links {
		require.Equal(t, fmt.Sprintf("d%03d", i), l.Name)
		o, err := many.Open(l)
		require.NoError(t, err)
		d, err := o.Dataset()
		require.NoError(t, err)
		v, err := d.Ints()
		require.NoError(t, err)
		require.Equal(t, []int64{int64(i)}, v)
	}
	for name, want := range map[string]any{"eps": []float64{1e-4}, "v": []float64{0, 1, 2}, "name": []string{"net"}} {
		a, err := root.Attribute(name)
		require.NoError(t, err)
		if texts, ok := want.([]string); ok {
			got, err := a.Strings()
			require.NoError(t, err)
			require.Equal(t, texts, got)
			continue
		}
		got, err := a.Floats()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err = root.Attribute("none")
	require.ErrorIs(t, err, h5.ErrNotFound)

	for _, name := range []string{"rows.h5", "chunked.h5"} {
		f = open(t, filepath.Join(dir, name))
		times, units := read("/spikes/times"), read("spikes/units")
		require.Equal(t, "rows of float16", times.Type.String())
		for i := range 20 {
			n := i * 37 % 60
			a, err := times.Row(i)
			require.NoError(t, err)
			b, err := units.Row(i)
			require.NoError(t, err)
			require.Len(t, a, n)
			require.Len(t, b, n)
			for k := range n {
				require.Equal(t, float64(k)/64, a[k])
				require.Equal(t, float64(k*11%700), b[k])
			}
		}
		require.Equal(t, "word 6", words("extra/keys")[6])
	}
	later(t, open(t, filepath.Join(dir, "latest.h5")), 2000)
	later(t, open(t, filepath.Join(dir, "v108.h5")), 60)
	f = open(t, filepath.Join(dir, "latest.h5"))
	_, err = f.Read("grows")
	require.ErrorContains(t, err, `save it again with h5py's libver="earliest"`)
}

// later holds a file of later versions of the format to what make.py wrote into it.
func later(t *testing.T, f *h5.File, many int) {
	t.Helper()
	for _, group := range []struct {
		path string
		n    int
	}{{"few", 3}, {"many", many}} {
		o, err := f.Lookup(group.path)
		require.NoError(t, err)
		require.True(t, o.IsGroup())
		links, err := o.Links()
		require.NoError(t, err)
		require.Len(t, links, group.n)
		for i := 0; i < group.n; i += 1 + group.n/40 {
			require.Equal(t, fmt.Sprintf("d%04d", i), links[i].Name)
			o, err := o.Open(links[i])
			require.NoError(t, err)
			d, err := o.Dataset()
			require.NoError(t, err)
			v, err := d.Ints()
			require.NoError(t, err)
			require.Equal(t, []int64{int64(i)}, v)
		}
	}
	want := make([]float64, 35)
	for i := range want {
		want[i] = float64(i)
	}
	for _, name := range []string{"one", "packed", "chunks"} {
		d, err := f.Read(name)
		require.NoError(t, err)
		require.Equal(t, []int{5, 7}, d.Shape)
		v, err := d.Floats()
		require.NoError(t, err)
		require.Equal(t, want, v)
	}
	d, err := f.Read("text")
	require.NoError(t, err)
	s, err := d.Strings()
	require.NoError(t, err)
	require.Equal(t, []string{"grüß"}, s)
	root, err := f.Root()
	require.NoError(t, err)
	a, err := root.Attribute("eps")
	require.NoError(t, err)
	v, err := a.Floats()
	require.NoError(t, err)
	require.Equal(t, []float64{1e-4}, v)
}

// The file that is here has been written by make.py.
func TestLater(t *testing.T) {
	f := open(t, filepath.Join("testdata", "later.h5"))
	later(t, f, 60)
	b, err := os.ReadFile(filepath.Join("testdata", "later.h5"))
	require.NoError(t, err)
	whole := 0
	for i := 0; i < len(b); i += 97 {
		b[i] ^= 0x10
		if visit(b) {
			whole++
		}
		b[i] ^= 0x10
	}
	require.Less(t, whole, len(b)/97) // checksums find most of what was changed
	for cut := 0; cut < len(b)-8; cut += 997 {
		visit(b[:cut])
	}
}
