// Package h5test writes small HDF5 files for tests, straight from the description of
// the format and apart from the reader.
package h5test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// A Set is a data set.
type Set struct {
	Shape []int
	Type  []byte   // a datatype message
	Data  []byte   // of Type, one element after the other; nil of rows
	Rows  [][]byte // of a type of rows: the bytes of each
	Size  int      // bytes of an element of a row
	Chunk int      // chunks of so many elements of the first axis, shuffled, packed and with a checksum; 0: contiguous
}

// Types of elements.
var (
	Uint16  = []byte("\x10\x00\x00\x00\x02\x00\x00\x00\x00\x00\x10\x00")
	Int64   = []byte("\x10\x08\x00\x00\x08\x00\x00\x00\x00\x00\x40\x00")
	Float16 = []byte("\x11\x20\x0f\x00\x02\x00\x00\x00\x00\x00\x10\x00\x0a\x05\x00\x0a\x0f\x00\x00\x00")
	Float32 = []byte("\x11\x20\x1f\x00\x04\x00\x00\x00\x00\x00\x20\x00\x17\x08\x00\x17\x7f\x00\x00\x00")
	Words   = []byte("\x19\x01\x01\x00\x10\x00\x00\x00\x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x08\x00")
)

// RowsOf is the type of rows of elements of a type.
func RowsOf(of []byte) []byte { return append([]byte("\x19\x00\x00\x00\x10\x00\x00\x00"), of...) }

var le = binary.LittleEndian

// A writer is a file that grows.
type writer struct{ b []byte }

func (w *writer) put(b []byte) uint64 {
	for len(w.b)%8 != 0 {
		w.b = append(w.b, 0)
	}
	at := uint64(len(w.b))
	w.b = append(w.b, b...)
	return at
}

// u64 appends numbers of 64 bits.
func u64(b []byte, vs ...uint64) []byte {
	for _, v := range vs {
		b = le.AppendUint64(b, v)
	}
	return b
}

// Write returns a file with data sets at these paths, as "spikes/times".
func Write(sets map[string]Set) []byte {
	w := &writer{b: make([]byte, 96)}
	root, tree, heap := w.group(sets)
	b := []byte("\x89HDF\r\n\x1a\n\x00\x00\x00\x00\x00\x08\x08\x00\x04\x00\x10\x00\x00\x00\x00\x00")
	b = u64(b, 0, ^uint64(0), uint64(len(w.b)), ^uint64(0), 0, root, 1, tree, heap)
	copy(w.b, b)
	return w.b
}

// group writes a group with what is in it, and returns where its header, tree and
// names are.
func (w *writer) group(sets map[string]Set) (header, tree, heap uint64) {
	inside := map[string]map[string]Set{}
	for path, s := range sets {
		name, rest, ok := strings.Cut(path, "/")
		if inside[name] == nil {
			inside[name] = map[string]Set{}
		}
		if ok {
			inside[name][rest] = s
		}
	}
	var names []string
	for name := range inside {
		names = append(names, name)
	}
	slices.Sort(names)
	text, places := make([]byte, 8), []uint64{}
	var nodes []byte // the nodes of four names each, behind each other
	type entry struct{ name, header, kind, tree, heap uint64 }
	var entries []entry
	for _, name := range names {
		e := entry{name: uint64(len(text))}
		text = append(append(text, name...), 0)
		for len(text)%8 != 0 {
			text = append(text, 0)
		}
		if s, ok := sets[name]; ok {
			e.header = w.set(s)
		} else {
			e.header, e.tree, e.heap = w.group(inside[name])
			e.kind = 1
		}
		entries = append(entries, e)
	}
	keys := []uint64{0}
	for es := range slices.Chunk(entries, 4) {
		nodes = append([]byte("SNOD\x01\x00"), byte(len(es)), 0)
		for _, e := range es {
			nodes = u64(nodes, e.name, e.header, e.kind, e.tree, e.heap)
		}
		places = append(places, w.put(append(nodes, make([]byte, 40*(8-len(es)))...)))
		keys = append(keys, es[len(es)-1].name)
	}
	data := w.put(text)
	heap = w.put(u64([]byte("HEAP\x00\x00\x00\x00"), uint64(len(text)), 1, data))
	b := u64(append([]byte("TREE\x00\x00"), byte(len(places)), 0), ^uint64(0), ^uint64(0))
	for i, p := range places {
		b = u64(b, keys[i], p)
	}
	tree = w.put(append(u64(b, keys[len(places)]), make([]byte, 16*(32-len(places)))...))
	return w.header(message(0x11, u64(nil, tree, heap))), tree, heap
}

// message returns a part of a header.
func message(kind uint16, body []byte) []byte {
	for len(body)%8 != 0 {
		body = append(body[:len(body):len(body)], 0)
	}
	b := le.AppendUint16(le.AppendUint16(nil, kind), uint16(len(body)))
	return append(append(b, 0, 0, 0, 0), body...)
}

// header writes the header of an object, the last message in a part of its own.
func (w *writer) header(ms ...[]byte) uint64 {
	last := ms[len(ms)-1]
	at := w.put(last)
	ms = append(slices.Clone(ms[:len(ms)-1]), message(0x10, u64(nil, at, uint64(len(last)))))
	all := bytes.Join(ms, nil)
	b := le.AppendUint16([]byte{1, 0}, uint16(len(ms)+1))
	b = le.AppendUint32(le.AppendUint32(b, 1), uint32(len(all)))
	return w.put(append(append(b, 0, 0, 0, 0), all...))
}

func (w *writer) set(s Set) uint64 {
	space := []byte{1, byte(len(s.Shape)), 0, 0, 0, 0, 0, 0}
	for _, d := range s.Shape {
		space = u64(space, uint64(d))
	}
	if s.Rows != nil {
		s.Data = w.rows(s)
	}
	ms := [][]byte{message(1, space), message(3, s.Type), message(5, []byte{2, 2, 2, 0})}
	if s.Chunk == 0 {
		at := w.put(s.Data)
		return w.header(append(ms, message(8, u64([]byte{3, 1}, at, uint64(len(s.Data)))))...)
	}
	return w.header(append(ms, w.chunks(s)...)...)
}

// rows writes rows into a collection, and returns where they are.
func (w *writer) rows(s Set) (refs []byte) {
	b := []byte("GCOL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	for i, row := range s.Rows {
		b = u64(append(le.AppendUint16(nil, 0)[:0:0], b...), uint64(i+1), uint64(len(row)))
		b = append(b, row...)
		for len(b)%8 != 0 {
			b = append(b, 0)
		}
	}
	left := max(4096-len(b), 16)
	b = append(u64(b, 0, uint64(left)), make([]byte, left-16)...)
	le.PutUint64(b[8:], uint64(len(b)))
	at := w.put(b)
	for i, row := range s.Rows {
		refs = le.AppendUint32(refs, uint32(len(row)/max(s.Size, 1)))
		refs = le.AppendUint32(u64(refs, at), uint32(i+1))
	}
	return refs
}

// chunks writes chunks, and returns the messages that say where they are and how they
// are packed.
func (w *writer) chunks(s Set) [][]byte {
	size := int(le.Uint32(s.Type[4:]))
	row := len(s.Data) / s.Shape[0]
	tree := []byte{}
	n := 0
	for from := 0; from < s.Shape[0]; from += s.Chunk {
		plain := make([]byte, s.Chunk*row)
		copy(plain, s.Data[from*row:min(from+s.Chunk, s.Shape[0])*row])
		packed := pack(plain, size)
		at := w.put(packed)
		tree = le.AppendUint32(le.AppendUint32(tree, uint32(len(packed))), 0)
		tree = u64(tree, uint64(from))
		tree = u64(tree, make([]uint64, len(s.Shape))...)
		tree = u64(tree, at)
		n++
	}
	b := u64(append([]byte("TREE\x01\x00"), byte(n), 0), ^uint64(0), ^uint64(0))
	at := w.put(append(b, tree...))
	layout := u64([]byte{3, 2, byte(len(s.Shape) + 1)}, at)
	layout = le.AppendUint32(layout, uint32(s.Chunk))
	for _, d := range s.Shape[1:] {
		layout = le.AppendUint32(layout, uint32(d))
	}
	layout = le.AppendUint32(layout, uint32(size))
	filters := []byte{1, 3, 0, 0, 0, 0, 0, 0}
	for _, f := range [][]uint16{{2, 1}, {1, 1}, {3, 0}} { // shuffle, gzip, checksum
		filters = le.AppendUint16(le.AppendUint16(filters, f[0]), 8)
		filters = append(le.AppendUint16(le.AppendUint16(filters, 1), f[1]), "a name\x00\x00"...)
		if f[1] == 1 {
			filters = le.AppendUint32(le.AppendUint32(filters, uint32(size)), 0)
		}
	}
	return [][]byte{message(0x0b, filters), message(8, layout)}
}

// pack shuffles elements of a size, packs them and appends Fletcher's checksum.
func pack(b []byte, size int) []byte {
	var shuffled []byte
	for k := range size {
		for i := k; i < len(b); i += size {
			shuffled = append(shuffled, b[i])
		}
	}
	var buf bytes.Buffer
	z := zlib.NewWriter(&buf)
	_, _ = z.Write(shuffled) // a buffer takes everything
	_ = z.Close()
	out := buf.Bytes()
	var s1, s2 uint64
	for i := 0; i < len(out); i += 2 {
		word := uint64(out[i]) * 256
		if i+1 < len(out) {
			word += uint64(out[i+1])
		}
		s1 += word
		s2 += s1 % 65535
	}
	return le.AppendUint32(out, uint32(s2%65535)<<16|uint32(s1%65535))
}

// Uint16s returns numbers of 16 bits.
func Uint16s(vs ...uint16) (b []byte) {
	for _, v := range vs {
		b = le.AppendUint16(b, v)
	}
	return b
}

// Float32s returns numbers of 32 bits.
func Float32s(vs ...float32) (b []byte) {
	for _, v := range vs {
		b = le.AppendUint32(b, math.Float32bits(v))
	}
	return b
}
