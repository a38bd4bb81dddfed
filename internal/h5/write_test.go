package h5_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/h5"
	"github.com/spikegrad/spikegrad/internal/h5/h5test"
	"github.com/spikegrad/spikegrad/internal/long"
)

// tree returns a group with everything that Write writes.
func tree() h5.Group {
	ramp := make([]float32, 3000)
	for i := range ramp {
		ramp[i] = float32(i / 7)
	}
	many := h5.Group{}
	for i := range 700 {
		many[fmt.Sprintf("d%03d", i)] = &h5.Array{Data: []int64{int64(i)}}
	}
	long := make([]string, 900)
	for i := range long {
		long[i] = strings.Repeat("x", i%50)
	}
	return h5.Group{
		"version": &h5.Array{Data: []string{"1.0"}},
		"edges":   &h5.Array{Shape: []int{2, 2}, Data: []string{"a", "grüß", "", "b.c"}},
		"long":    &h5.Array{Shape: []int{900}, Data: long},
		"f4":      &h5.Array{Shape: []int{2, 3}, Data: []float32{1, 2.5, -3, 0, 1e-30, 7}},
		"f8":      &h5.Array{Shape: []int{3}, Data: []float64{0.1, 1e300, -0.5}},
		"i8":      &h5.Array{Shape: []int{2}, Data: []int64{-1 << 63, 1<<63 - 1}},
		"flags":   &h5.Array{Shape: []int{3}, Data: []bool{true, false, true}},
		"yes":     &h5.Array{Data: []bool{true}},
		"empty":   &h5.Array{Shape: []int{0, 2}, Data: []string{}},
		"packed":  &h5.Array{Shape: []int{30, 100}, Data: ramp, Gzip: true},
		"short":   &h5.Array{Shape: []int{1}, Data: []float32{1}, Gzip: true}, // longer when packed
		"none":    h5.Group{},
		"deep":    h5.Group{"er": h5.Group{"x": &h5.Array{Data: []float64{0.5}}}},
		"many":    many,
	}
}

func written2(t testing.TB, g h5.Group) []byte {
	var b bytes.Buffer
	require.NoError(t, h5.Write(&b, g))
	return b.Bytes()
}

// compare holds what is read of a group to what was written.
func compare(t *testing.T, o *h5.Object, g h5.Group) {
	links, err := o.Links()
	require.NoError(t, err)
	require.Len(t, links, len(g))
	for _, l := range links {
		child, err := o.Open(l)
		require.NoError(t, err)
		if sub, ok := g[l.Name].(h5.Group); ok {
			compare(t, child, sub)
			continue
		}
		want := g[l.Name].(*h5.Array)
		d, err := child.Dataset()
		require.NoError(t, err)
		require.Equal(t, append([]int{}, want.Shape...), d.Shape)
		var got any
		switch w := want.Data.(type) {
		case []string:
			got, err = d.Strings()
		case []float64:
			got, err = d.Floats()
		case []int64:
			got, err = d.Ints()
		case []bool:
			v, e := d.Ints()
			flags := make([]bool, len(v))
			for i := range v {
				flags[i] = v[i] == 1
			}
			got, err = flags, e
		case []float32:
			v, e := d.Floats()
			f := make([]float32, len(v))
			for i := range v {
				f[i] = float32(v[i])
			}
			got, err = f, e
			require.Len(t, f, len(w))
		}
		require.NoError(t, err)
		require.Equal(t, want.Data, got, l.Name)
	}
}

// What was written is read as it was, and the bytes are the same each time.
func TestWrite(t *testing.T) {
	b := written2(t, tree())
	require.Equal(t, b, written2(t, tree()))
	f, err := h5.Open(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	root, err := f.Root()
	require.NoError(t, err)
	compare(t, root, tree())
	require.Less(t, len(b), 190_000) // 12,000 bytes of numbers are packed
}

func TestWriteRefuses(t *testing.T) {
	deep := h5.Group{}
	for range 200 {
		deep = h5.Group{"g": deep}
	}
	for want, g := range map[string]h5.Group{
		`h5: /a/..: ".." is no name`:                     {"a": h5.Group{"..": h5.Group{}}},
		`h5: /a/b: the name "a/b" has a`:                 {"a/b": h5.Group{}},
		`h5: /: "" is no name`:                           {"": h5.Group{}},
		"h5: /x: 2 elements for the shape [3]":           {"x": &h5.Array{Shape: []int{3}, Data: []int64{1, 2}}},
		"h5: /x: 2 elements for the shape []":            {"x": &h5.Array{Data: []int64{1, 2}}},
		"h5: /x: it is nil":                              {"x": (*h5.Array)(nil)},
		"h5: /x: it is a int, want a Group or an *Array": {"x": 3},
		"h5: /x: its elements are a []int, want []float32, []float64, []int64, []bool or []string": {"x": &h5.Array{Data: []int{1}}},
		"h5: /x: shape [-1]":                    {"x": &h5.Array{Shape: []int{-1}, Data: []int64{1}}},
		"more than 100 groups one in the other": deep,
	} {
		require.ErrorContains(t, h5.Write(&bytes.Buffer{}, g), want)
	}
}

const look = `
import sys, json, h5py
f = h5py.File(sys.argv[1], "r+")
out = {}
def see(name, o):
    if isinstance(o, h5py.Dataset) and not name.startswith("many/"):
        v = o[()]
        if h5py.check_string_dtype(o.dtype):
            v = v.decode() if o.shape == () else [x.decode() for x in o.asstr()[()].ravel().tolist()] if False else o.asstr()[()].ravel().tolist()
        else:
            v = v.tolist()
        out[name] = [str(o.dtype), list(o.shape), o.compression, v if name != "packed" and name != "long" else len(v)]
f.visititems(see)
out["many"] = [len(f["many"]), int(sum(d[()] for d in f["many"].values()))]
out["packed sum"] = float(f["packed"][()].sum())
for i in range(100):
    f["many/more%d" % i] = i
f["deep/y"] = "appended"
f.close()
print(json.dumps(out, sort_keys=True, ensure_ascii=False))
`

// h5py reads what was written, and appends to it.
func TestWriteJudged(t *testing.T) {
	long.Test(t)
	path := filepath.Join(t.TempDir(), "a.h5")
	require.NoError(t, os.WriteFile(path, written2(t, tree()), 0o600))
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(h5test.Python(t, "-c", look, path)), &got))
	want := `{"deep/er/x": ["float64", [], null, 0.5], "edges": ["object", [2, 2], null, ["a", "grüß", "", "b.c"]],
	"empty": ["object", [0, 2], null, []], "f4": ["float32", [2, 3], null, [[1.0, 2.5, -3.0], [0.0, 1.0000000031710769e-30, 7.0]]],
	"f8": ["float64", [3], null, [0.1, 1e300, -0.5]], "flags": ["bool", [3], null, [true, false, true]], "yes": ["bool", [], null, true],
	"i8": ["int64", [2], null, [-9223372036854775808, 9223372036854775807]], "long": ["object", [900], null, 900],
	"many": [700, 244650], "packed": ["float32", [30, 100], "gzip", 30], "packed sum": 641358.0, "short": ["float32", [1], null, [1.0]],
	"version": ["object", [], null, "1.0"]}`
	b, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, want, string(b))
	f := open(t, path)
	o, err := f.Lookup("many")
	require.NoError(t, err)
	links, err := o.Links()
	require.NoError(t, err)
	require.Len(t, links, 800)
}

// The tools of the HDF Group read what was written.
func TestWriteTools(t *testing.T) {
	if _, err := exec.LookPath("h5dump"); err != nil {
		t.Skip("no h5dump to judge files: install hdf5-tools")
	}
	path := filepath.Join(t.TempDir(), "a.h5")
	require.NoError(t, os.WriteFile(path, written2(t, tree()), 0o600))
	out, err := exec.Command("h5dump", "-p", "-d", "/version", "-d", "/edges", "-d", "/packed", path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, want := range []string{"CTYPE H5T_C_S1", "CSET H5T_CSET_UTF8", "COMPRESSION DEFLATE { LEVEL 4 }", `(0,0): "a", "gr`, `(0): "1.0"`, "CHUNKED ( 30, 100 )"} {
		require.Contains(t, string(out), want)
	}
	require.NotContains(t, strings.ToLower(string(out)), "unknown")
	out, err = exec.Command("h5ls", "-r", path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, 700, strings.Count(string(out), "/many/d"))
	require.Contains(t, string(out), "/deep/er/x               Dataset {SCALAR}")
}
