package h5_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/h5"
	"github.com/spikegrad/spikegrad/internal/long"
)

// made returns the folder of files that h5py has written, or skips the test where
// there is no h5py. PYTHON names the interpreter.
func made(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var said error
	for _, python := range []string{cmp.Or(os.Getenv("PYTHON"), "python3"), "/usr/bin/python3"} {
		out, err := exec.Command(python, filepath.Join("testdata", "make.py"), dir).CombinedOutput()
		if err == nil {
			return dir
		}
		said = fmt.Errorf("%s: %w: %s", python, err, out)
		if !bytes.Contains(out, []byte("ModuleNotFoundError")) && !errors.Is(err, exec.ErrNotFound) && !os.IsNotExist(err) {
			t.Fatal(said)
		}
	}
	t.Skipf("no h5py to write files: install python3-h5py: %v", said)
	return ""
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
	b, err := os.ReadFile(filepath.Join(dir, "latest.h5"))
	require.NoError(t, err)
	_, err = h5.Open(bytes.NewReader(b), int64(len(b)))
	require.ErrorContains(t, err, `save it again with h5py's libver="earliest"`)
}
