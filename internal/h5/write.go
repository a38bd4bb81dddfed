package h5

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spikegrad/spikegrad/internal/limit"
)

// A Group is what Write writes of a group: what is in it by name, each a *Group or an
// *Array.
type Group map[string]any

// An Array is what Write writes of a data set: numbers, booleans or strings.
type Array struct {
	Shape []int // row by row; empty: one element
	Data  any   // []float32, []float64, []int64, []bool or []string
	Gzip  bool  // packed in one chunk, where that is shorter
}

// Write writes a file whose root is the group: in the earliest version of the format, as
// h5py writes it, with the same bytes for the same group. Strings are of variable length
// and UTF-8, booleans h5py's enumeration. An error names the path of what cannot be
// written.
func Write(w io.Writer, root Group) error {
	f := &writer{b: make([]byte, 96)}
	e, err := f.group("", root, 0)
	if err != nil {
		return err
	}
	b := []byte(signature + "\x00\x00\x00\x00\x00\x08\x08\x00\x04\x00\x10\x00\x00\x00\x00\x00")
	copy(f.b, u64s(b, 0, ^uint64(0), uint64(len(f.b)), ^uint64(0), 0, e.header, 1, e.tree, e.heap))
	_, err = w.Write(f.b)
	return err
}

// A writer is a file that grows.
type writer struct {
	b     []byte
	texts shelf // where strings go
}

// put appends b at a multiple of 8 bytes, and returns where.
func (w *writer) put(b []byte) uint64 {
	w.b = padded(w.b)
	at := uint64(len(w.b))
	w.b = append(w.b, b...)
	return at
}

func padded(b []byte) []byte {
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}

func u64s(b []byte, vs ...uint64) []byte {
	for _, v := range vs {
		b = le.AppendUint64(b, v)
	}
	return b
}

// An entry is a name in a group.
type entry struct {
	name, header uint64 // the name: where it is among the names
	kind         uint64 // 1 for a group, of which tree and heap follow
	tree, heap   uint64
}

// mostDeep is how many groups stand one in the other at most.
const mostDeep = 100

// group writes what is in a group, then its names, their tree, and its header.
func (w *writer) group(path string, g Group, depth int) (e entry, err error) {
	if depth > mostDeep {
		return e, fmt.Errorf("h5: %s: more than %d groups one in the other", path, mostDeep)
	}
	var names []string
	for name := range g {
		names = append(names, name)
	}
	slices.Sort(names)
	text := make([]byte, 8)
	var entries []entry
	for _, name := range names {
		at := path + "/" + name
		if err := ValidName(name); err != nil {
			return e, fmt.Errorf("h5: %s: %w", at, err)
		}
		var in entry
		switch v := g[name].(type) {
		case Group:
			in, err = w.group(at, v, depth+1)
			in.kind = 1
		case *Array:
			in.header, err = w.array(at, v)
		default:
			err = fmt.Errorf("h5: %s: it is a %T, want a Group or an *Array", at, v)
		}
		if err != nil {
			return e, err
		}
		in.name = uint64(len(text))
		text = padded(append(append(text, name...), 0))
		entries = append(entries, in)
	}
	e.tree = w.names(entries)
	data := w.put(text)
	e.heap = w.put(u64s([]byte("HEAP\x00\x00\x00\x00"), uint64(len(text)), 1, data))
	e.header = w.header(part(msgGroup, 0, u64s(nil, e.tree, e.heap)))
	return e, nil
}

// ValidName returns an error if a name cannot be that of what is in a group.
func ValidName(name string) error {
	switch {
	case name == "" || name == "." || name == "..":
		return fmt.Errorf("%q is no name", name)
	case strings.ContainsAny(name, "/\x00") || !utf8.ValidString(name):
		return fmt.Errorf("the name %q has a / or a NUL in it, or is not UTF-8", name)
	case len(name) > 1024:
		return fmt.Errorf("the name has %d bytes, want at most 1024", len(name))
	}
	return nil
}

// names writes the entries of a group, eight a node, and the tree above them, with 32
// children a node at most.
func (w *writer) names(entries []entry) uint64 {
	type child struct{ at, last uint64 }
	level := []child{}
	for es := range slices.Chunk(entries, 8) {
		b := le.AppendUint16([]byte("SNOD\x01\x00"), uint16(len(es)))
		for _, e := range es {
			b = u64s(b, e.name, e.header, e.kind, e.tree, e.heap)
		}
		level = append(level, child{w.put(append(b, make([]byte, 40*(8-len(es)))...)), es[len(es)-1].name})
	}
	for depth := byte(0); ; depth++ {
		var above []child
		for first := 0; first < len(level) || first == 0; first += 32 {
			cs := level[first:min(first+32, len(level))]
			b := u64s(le.AppendUint16([]byte{'T', 'R', 'E', 'E', 0, depth}, uint16(len(cs))), ^uint64(0), ^uint64(0))
			key := uint64(0)
			if first > 0 {
				key = level[first-1].last
			}
			for _, c := range cs {
				b = u64s(b, key, c.at)
				key = c.last
			}
			b = append(u64s(b, key), make([]byte, 16*(32-len(cs)))...)
			above = append(above, child{w.put(b), key})
		}
		if len(above) == 1 {
			return above[0].at
		}
		level = above
	}
}

// part returns a message of a header.
func part(kind uint16, flags byte, body []byte) []byte {
	body = padded(slices.Clip(body))
	b := le.AppendUint16(le.AppendUint16(nil, kind), uint16(len(body)))
	return append(append(b, flags, 0, 0, 0), body...)
}

func (w *writer) header(parts ...[]byte) uint64 {
	all := bytes.Join(parts, nil)
	b := le.AppendUint16([]byte{1, 0}, uint16(len(parts)))
	b = le.AppendUint32(le.AppendUint32(b, 1), uint32(len(all)))
	return w.put(append(append(b, 0, 0, 0, 0), all...))
}

// Datatype messages.
const (
	typeFloat32 = "\x11\x20\x1f\x00\x04\x00\x00\x00\x00\x00\x20\x00\x17\x08\x00\x17\x7f\x00\x00\x00"
	typeFloat64 = "\x11\x20\x3f\x00\x08\x00\x00\x00\x00\x00\x40\x00\x34\x0b\x00\x34\xff\x03\x00\x00"
	typeInt64   = "\x10\x08\x00\x00\x08\x00\x00\x00\x00\x00\x40\x00"
	typeBool    = "\x18\x02\x00\x00\x01\x00\x00\x00" + "\x10\x08\x00\x00\x01\x00\x00\x00\x00\x00\x08\x00" + "FALSE\x00\x00\x00TRUE\x00\x00\x00\x00\x00\x01"
	typeWords   = "\x19\x01\x01\x00\x10\x00\x00\x00\x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x08\x00"
)

// bytes returns the elements of an array as the file has them, and their type.
func (w *writer) bytes(a *Array) (b []byte, typ string, n int, err error) {
	switch v := a.Data.(type) {
	case []float32:
		for _, x := range v {
			b = le.AppendUint32(b, math.Float32bits(x))
		}
		return b, typeFloat32, len(v), nil
	case []float64:
		for _, x := range v {
			b = le.AppendUint64(b, math.Float64bits(x))
		}
		return b, typeFloat64, len(v), nil
	case []int64:
		for _, x := range v {
			b = le.AppendUint64(b, uint64(x))
		}
		return b, typeInt64, len(v), nil
	case []bool:
		for _, x := range v {
			k := byte(0)
			if x {
				k = 1
			}
			b = append(b, k)
		}
		return b, typeBool, len(v), nil
	case []string:
		b, err = w.words(v)
		return b, typeWords, len(v), err
	}
	return nil, "", 0, fmt.Errorf("its elements are a %T, want []float32, []float64, []int64, []bool or []string", a.Data)
}

// words writes strings into collections, and returns where they are.
func (w *writer) words(texts []string) (refs []byte, err error) {
	for _, text := range texts {
		if uint64(len(text)) > math.MaxUint32 {
			return nil, errors.New("a string of 4 GiB or more")
		}
		w.open(16 + (len(text)+7)/8*8)
		c := &w.texts
		c.n++
		le.PutUint16(w.b[c.next:], uint16(c.n))
		le.PutUint64(w.b[c.next+8:], uint64(len(text)))
		copy(w.b[c.next+16:], text)
		c.next += 16 + (len(text)+7)/8*8
		le.PutUint64(w.b[c.next+8:], uint64(c.end-c.next)) // what is left is an object too
		refs = le.AppendUint32(refs, uint32(len(text)))
		refs = le.AppendUint32(u64s(refs, uint64(c.at)), uint32(c.n))
	}
	return refs, nil
}

// A shelf is a collection of strings that has room left.
type shelf struct{ at, next, end, n int }

// open makes sure that the collection has room for an object of so many bytes.
func (w *writer) open(size int) {
	const least, most = 4096, 1 << 15 // bytes of a collection, objects in one
	if c := w.texts; c.n > 0 && c.n < most && c.next+size+16 <= c.end {
		return
	}
	b := []byte("GCOL\x01\x00\x00\x00")
	b = u64s(b, uint64(max(least, 16+size+16)))
	at := int(w.put(append(b, make([]byte, max(least, 16+size+16)-16)...)))
	w.texts = shelf{at: at, next: at + 16, end: len(w.b)}
}

// array writes a data set and returns where its header is.
func (w *writer) array(path string, a *Array) (header uint64, err error) {
	if a == nil {
		return 0, fmt.Errorf("h5: %s: it is nil", path)
	}
	space := []byte{1, byte(len(a.Shape)), 0, 0, 0, 0, 0, 0}
	for _, d := range a.Shape {
		space = u64s(space, uint64(d))
	}
	want, err := limit.Elements(a.Shape...)
	if err == nil && len(a.Shape) > 32 {
		err = fmt.Errorf("%d dimensions, want at most 32", len(a.Shape))
	}
	if err != nil {
		return 0, fmt.Errorf("h5: %s: %w", path, err)
	}
	b, typ, n, err := w.bytes(a)
	if err == nil && n != want {
		err = fmt.Errorf("%d elements for the shape %v", n, a.Shape)
	}
	if err != nil {
		return 0, fmt.Errorf("h5: %s: %w", path, err)
	}
	parts := [][]byte{part(msgSpace, 0, space), part(msgType, 1, []byte(typ)), part(msgFill, 0, []byte{2, 2, 2, 0})}
	if a.Gzip && len(a.Shape) > 0 && typ != typeWords && len(b) > 0 && uint64(len(b)) < math.MaxUint32 {
		packed, err := deflated(b)
		if err != nil {
			return 0, fmt.Errorf("h5: %s: %w", path, err)
		}
		if len(packed) < len(b) {
			return w.header(append(parts, w.chunk(a.Shape, packed, len(b)/n)...)...), nil
		}
	}
	at := ^uint64(0)
	if len(b) > 0 {
		at = w.put(b)
	}
	return w.header(append(parts, part(msgLayout, 0, u64s([]byte{3, 1}, at, uint64(len(b)))))...), nil
}
