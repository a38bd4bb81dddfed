package nir_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/h5"
	"github.com/spikegrad/spikegrad/nir"
)

// visit reads a file that may be damaged and does with it what commands do.
func visit(b []byte) error {
	g, err := nir.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	if _, err := g.Shapes(); err != nil {
		return err
	}
	if _, err := nir.Import(g, 1e-3, nir.Options{Metadata: true}); err != nil {
		return err
	}
	return nir.Write(&bytes.Buffer{}, g)
}

// A byte that is not what it was gives an error, or other numbers, never a panic; of a
// file that was cut something is missing.
func TestDamaged(t *testing.T) {
	b := written(t, everything())
	require.NoError(t, visit(b))
	for i := 0; i < len(b); i += 331 {
		b[i] ^= 0xff
		_ = visit(b)
		b[i] ^= 0xff
	}
	for cut := 0; cut < len(b)-8; cut += 2003 {
		_, err := nir.Read(bytes.NewReader(b[:cut]), int64(cut))
		require.Error(t, err, "cut at %d", cut)
	}
}

func words(s ...string) *h5.Array {
	if len(s) == 1 {
		return &h5.Array{Data: s}
	}
	return &h5.Array{Shape: []int{len(s) / 2, 2}, Data: s}
}

// file returns a file with this graph.
func file(t *testing.T, node h5.Group) []byte {
	var b bytes.Buffer
	require.NoError(t, h5.Write(&b, h5.Group{"version": words("1"), "node": node}))
	return b.Bytes()
}

// Files that somebody has made to do harm give errors that say where.
func TestHostile(t *testing.T) {
	lif := func() h5.Group {
		one := &h5.Array{Shape: []int{1}, Data: []float64{1}}
		return h5.Group{"type": words("LIF"), "tau": one, "r": one, "v_leak": one, "v_threshold": one}
	}
	with := func(nodes h5.Group, edges ...string) h5.Group {
		e := words(edges...)
		if len(edges) == 0 {
			e = &h5.Array{Shape: []int{0, 2}, Data: []string{}}
		}
		return h5.Group{"type": words("NIRGraph"), "nodes": nodes, "edges": e}
	}
	change := func(f func(g h5.Group)) h5.Group { g := lif(); f(g); return with(h5.Group{"a": g}) }
	deep := with(h5.Group{})
	for range 40 {
		deep = with(h5.Group{"g": deep})
	}
	meta := h5.Group{}
	for range 40 {
		meta = h5.Group{"m": meta}
	}
	for want, node := range map[string]h5.Group{
		"/node/nodes/a: it has no type":                                change(func(g h5.Group) { delete(g, "type") }),
		"/node/nodes/a/type: shape [1 2] of []string, want one text":   change(func(g h5.Group) { g["type"] = words("LIF", "IF") }),
		"/node/nodes/a/type: shape [] of []int64, want one text":       change(func(g h5.Group) { g["type"] = &h5.Array{Data: []int64{3}} }),
		"/node/nodes/a/type is a group, want a data set":               change(func(g h5.Group) { g["type"] = h5.Group{} }),
		`/node/nodes/a: type is "../../etc/passwd", want one of`:       change(func(g h5.Group) { g["type"] = words("../../etc/passwd") }),
		"/node/nodes/a: tau: elements are a []string, want numbers":    change(func(g h5.Group) { g["tau"] = words("x") }),
		"/node/nodes/a: tau: element 0 is NaN, want a finite number":   change(func(g h5.Group) { g["tau"] = &h5.Array{Shape: []int{1}, Data: []float64{nan}} }),
		"/node/nodes/a: it has an array extra":                         change(func(g h5.Group) { g["extra"] = words("x") }),
		"…: metadata stand one in the other more than 32 times":        change(func(g h5.Group) { g["metadata"] = meta }),
		"/node/nodes/a/metadata is a data set, want a group":           change(func(g h5.Group) { g["metadata"] = words("x") }),
		"graphs stand one in the other more than 32 times":             deep,
		"/node/nodes/a is a data set, want the group of a node":        with(h5.Group{"a": words("x")}),
		"/node: it has other, which a graph has not":                   {"type": words("NIRGraph"), "other": words("x")},
		"/node: a graph has nodes and edges, and here one is missing":  {"type": words("NIRGraph"), "nodes": h5.Group{}},
		"/node: type is LIF, want NIRGraph":                            lif(),
		`the edge from "a" to "../b": there is no node "../b", have a`: with(h5.Group{"a": lif()}, "a", "../b"),
		"/node/edges: shape [2 1] of []string, want [n 2] texts":       {"type": words("NIRGraph"), "nodes": h5.Group{}, "edges": &h5.Array{Shape: []int{2, 1}, Data: []string{"a", "b"}}},
		"in /node/nodes the name \"a\\nb\" is none for a node":         with(h5.Group{"a\nb": lif()}),
	} {
		err := visit(file(t, node))
		require.ErrorContains(t, err, want)
		require.Less(t, len(err.Error()), 600)
	}
	require.EqualError(t, visit(nil), "nir: the file does not start as an HDF5 file does")
	_, err := nir.Read(nil, 10)
	require.EqualError(t, err, "nir: the reader is nil")
}

var nan = func() float64 { z := 0.0; return z / z }()

// Addresses that go round in a circle, names that climb, and shapes without end, which
// no writer writes.
func TestForged(t *testing.T) {
	b := file(t, h5.Group{"type": words("NIRGraph"), "edges": &h5.Array{Shape: []int{0, 2}, Data: []string{}}, "nodes": h5.Group{
		"up": h5.Group{"type": words("Linear"), "weight": &h5.Array{Shape: []int{3, 5}, Data: make([]float64, 15)}},
	}})
	require.NoError(t, readable(b))
	forge := func(old, new string) []byte {
		require.Equal(t, 1, bytes.Count(b, []byte(old)), "%q", old)
		return bytes.Replace(b, []byte(old), []byte(new), 1)
	}
	// The name of the node is in the names of its group, before zeros.
	require.ErrorContains(t, readable(forge("\x00up\x00\x00\x00\x00\x00\x00", "\x00..\x00\x00\x00\x00\x00\x00")), `in /node/nodes the name ".." is none for a node`)
	require.ErrorContains(t, readable(forge("\x00up\x00\x00\x00\x00\x00\x00", "\x00/x\x00\x00\x00\x00\x00\x00")), `in /node/nodes the name "/x" is none for a node`)
	// A shape of 2⁶⁰ elements.
	shape := string(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, 3), 5))
	for _, to := range []uint64{1 << 60, 1 << 38, 1 << 30} {
		err := readable(forge(shape, string(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, to), 5))))
		require.ErrorContains(t, err, "/node/nodes/up/weight: ")
	}
	// A group that is its own child: every address of a header becomes that of the root.
	root := binary.LittleEndian.Uint64(b[64:])
	circles := 0
	for at := 96; at+8 <= len(b); at += 8 {
		old := binary.LittleEndian.Uint64(b[at:])
		if old < 96 || old+4 > uint64(len(b)) || old%8 != 0 || b[old] != 1 || b[old+1] != 0 {
			continue
		}
		c := bytes.Clone(b)
		binary.LittleEndian.PutUint64(c[at:], root)
		require.Error(t, readable(c))
		circles++
	}
	require.Greater(t, circles, 5)
}

func readable(b []byte) error {
	_, err := nir.Read(bytes.NewReader(b), int64(len(b)))
	return err
}

// Ten thousand groups one in the other end at the limit, and take no longer than reading
// the file.
func TestDeep(t *testing.T) {
	b := []byte(deepFile(10_000))
	err := readable(b)
	require.ErrorContains(t, err, "graphs stand one in the other more than 32 times")
	require.Less(t, len(err.Error()), 400)
}

// deepFile returns a file with so many graphs one in the other, which Write refuses to
// write: it is put together from two files of which one has one more.
func deepFile(n int) string {
	le := binary.LittleEndian
	var b []byte
	b = append(b, make([]byte, 96)...)
	put := func(x []byte) uint64 {
		for len(b)%8 != 0 {
			b = append(b, 0)
		}
		at := uint64(len(b))
		b = append(b, x...)
		return at
	}
	u64 := func(x []byte, vs ...uint64) []byte {
		for _, v := range vs {
			x = le.AppendUint64(x, v)
		}
		return x
	}
	message := func(kind uint16, body []byte) []byte {
		for len(body)%8 != 0 {
			body = append(body, 0)
		}
		return append(append(le.AppendUint16(le.AppendUint16(nil, kind), uint16(len(body))), 0, 0, 0, 0), body...)
	}
	header := func(ms ...[]byte) uint64 {
		all := bytes.Join(ms, nil)
		x := le.AppendUint16([]byte{1, 0}, uint16(len(ms)))
		x = le.AppendUint32(le.AppendUint32(x, 1), uint32(len(all)))
		return put(append(append(x, 0, 0, 0, 0), all...))
	}
	group := func(names []string, headers []uint64) uint64 {
		text := make([]byte, 8)
		node := le.AppendUint16([]byte("SNOD\x01\x00"), uint16(len(names)))
		for i, name := range names {
			node = u64(node, uint64(len(text)), headers[i], 0, 0, 0)
			text = append(append(text, name...), 0)
			for len(text)%8 != 0 {
				text = append(text, 0)
			}
		}
		snod := put(node)
		data := put(text)
		heap := put(u64([]byte("HEAP\x00\x00\x00\x00"), uint64(len(text)), 1, data))
		tree := put(u64([]byte("TREE\x00\x00\x01\x00"), ^uint64(0), ^uint64(0), 0, snod, 8))
		return header(message(0x11, u64(nil, tree, heap)))
	}
	texts := func(rank byte, dims []uint64, s ...string) uint64 {
		var refs []byte
		for _, s := range s {
			col := u64([]byte("GCOL\x01\x00\x00\x00"), uint64(16+16+(len(s)+7)/8*8+16), 1, uint64(len(s)))
			col = append(col, s...)
			for len(col)%8 != 0 {
				col = append(col, 0)
			}
			at := put(u64(col, 0, 16))
			refs = le.AppendUint32(u64(le.AppendUint32(refs, uint32(len(s))), at), 1)
		}
		at := put(refs)
		space := u64([]byte{1, rank, 0, 0, 0, 0, 0, 0}, dims...)
		kind := []byte("\x19\x01\x01\x00\x10\x00\x00\x00\x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x08\x00")
		return header(message(1, space), message(3, kind), message(8, u64([]byte{3, 1}, at, uint64(len(refs)))))
	}
	inner := uint64(0)
	for i := range n {
		names, headers := []string{}, []uint64{}
		if i > 0 {
			names, headers = append(names, "g"), append(headers, inner)
		}
		nodes := group(names, headers)
		inner = group([]string{"edges", "nodes", "type"}, []uint64{texts(2, []uint64{0, 2}), nodes, texts(0, nil, "NIRGraph")})
	}
	root := group([]string{"node", "version"}, []uint64{inner, texts(0, nil, "1")})
	copy(b, u64([]byte("\x89HDF\r\n\x1a\n\x00\x00\x00\x00\x00\x08\x08\x00\x04\x00\x10\x00\x00\x00\x00\x00"), 0, ^uint64(0), uint64(len(b)), ^uint64(0), 0, root, 0, 0, 0))
	return string(b)
}

func FuzzRead(f *testing.F) {
	f.Add(written(f, recurrent(1))) // small ones, so that one is tried in a moment
	g := chain([]int64{2}, []int64{2}, node("Linear", params{"weight": f4([]float64{1, 2, 3, 4}, 2, 2)}))
	g.Metadata = nir.Metadata{"spikegrad": nir.Metadata{"readout": nir.Of([]string{"last"})}}
	f.Add(written(f, g))
	f.Add([]byte(deepFile(3)))
	f.Add([]byte(strings.Repeat("\x89HDF\r\n\x1a\n", 20)))
	f.Fuzz(func(_ *testing.T, b []byte) {
		if len(b) < 1<<18 {
			_ = visit(b)
		}
	})
}
