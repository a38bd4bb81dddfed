package h5

import (
	"bytes"
	"fmt"
	"math"
	"strings"
)

// Floats returns the numbers of a data set as float64.
func (d *Dataset) Floats() ([]float64, error) {
	if err := d.numbers(d.Type, "numbers"); err != nil {
		return nil, err
	}
	return floats(d.data, d.Type), nil
}

func floats(b []byte, t Type) []float64 {
	out := make([]float64, len(b)/t.Size)
	for i := range out {
		out[i] = t.float(b[i*t.Size:])
	}
	return out
}

// Ints returns the whole numbers of a data set. Numbers of uint64 beyond an int64 are
// an error.
func (d *Dataset) Ints() ([]int64, error) {
	if d.Type.Class != Int {
		return nil, fmt.Errorf("%s: its elements are %v, want whole numbers", d.Path, d.Type)
	}
	out := make([]int64, d.n)
	for i := range out {
		v := d.Type.raw(d.data[i*d.Type.Size:])
		if out[i] = int64(v); d.Type.Signed {
			out[i] = d.Type.extend(v)
		} else if v > math.MaxInt64 {
			return nil, fmt.Errorf("%s: element %d is %d, more than an int64 holds", d.Path, i, v)
		}
	}
	return out, nil
}

func (d *Dataset) numbers(t Type, what string) error {
	if t.Class != Int && t.Class != Float {
		return fmt.Errorf("%s: its elements are %v, want %s", d.Path, d.Type, what)
	}
	return nil
}

// Strings returns the texts of a data set.
func (d *Dataset) Strings() ([]string, error) {
	out := make([]string, d.n)
	for i := range out {
		b := d.data[i*d.Type.Size:][:d.Type.Size]
		switch d.Type.Class {
		case Text:
			if d.Type.Pad == 2 {
				out[i] = strings.TrimRight(string(b), " ")
				break
			}
			if end := bytes.IndexByte(b, 0); end >= 0 {
				b = b[:end]
			}
			out[i] = string(b)
		case Words:
			text, err := d.row(b, 1)
			if err != nil {
				return nil, fmt.Errorf("%s: element %d: %w", d.Path, i, err)
			}
			out[i] = string(bytes.TrimRight(text, "\x00"))
		default:
			return nil, fmt.Errorf("%s: its elements are %v, want text", d.Path, d.Type)
		}
	}
	return out, nil
}

// Row returns the numbers of row i of a data set of rows of different lengths.
func (d *Dataset) Row(i int) ([]float64, error) {
	if d.Type.Class != Rows {
		return nil, fmt.Errorf("%s: its elements are %v, want rows of different lengths", d.Path, d.Type)
	}
	if err := d.numbers(*d.Type.Of, "rows of numbers"); err != nil {
		return nil, err
	}
	if i < 0 || i >= d.n {
		return nil, fmt.Errorf("%s: row %d asked for, want 0 to %d", d.Path, i, d.n-1)
	}
	b, err := d.row(d.data[16*i:][:16], d.Type.Of.Size)
	if err != nil {
		return nil, fmt.Errorf("%s: row %d: %w", d.Path, i, err)
	}
	return floats(b, *d.Type.Of), nil
}

// row returns the bytes of a row, of elements of the given size, which are elsewhere in
// the file: in an object of a collection.
func (d *Dataset) row(ref []byte, size int) ([]byte, error) {
	c := cursor{b: ref}
	n, addr, index := c.u32(), c.addr(), c.u32()
	if n == 0 || addr == undefined {
		return nil, nil
	}
	if d.last == nil || d.last.addr != addr {
		var err error
		if d.last, err = d.file.collection(addr); err != nil {
			return nil, err
		}
	}
	b, ok := d.last.objects[index]
	if !ok {
		return nil, fmt.Errorf("the collection at byte %d has no object %d: the file is damaged", addr, index)
	}
	if n > int64(len(b)/size) {
		return nil, fmt.Errorf("it has %d elements, and its object %d bytes: the file is damaged", n, len(b))
	}
	return b[:n*int64(size)], nil
}

// A collection is a part of the global heap: objects by their numbers.
type collection struct {
	addr    int64
	objects map[int64][]byte
}

func (f *File) collection(addr int64) (*collection, error) {
	b, err := f.signed(addr, 16, "GCOL")
	if err != nil {
		return nil, err
	}
	head := cursor{b: b[8:]}
	size := head.length()
	if head.err != nil || size < 16 {
		return nil, errShort
	}
	if b, err = f.read(addr, size); err != nil {
		return nil, err
	}
	col := &collection{addr, map[int64][]byte{}}
	for c := (cursor{b: b[16:]}); len(c.b) >= 16; {
		index := int64(c.u16())
		c.skip(6)
		n := c.length()
		if index == 0 { // the room that is left
			break
		}
		if n > int64(len(c.b)) {
			return nil, errShort
		}
		col.objects[index] = c.take(int(n))
		c.skip(min(int((8-n%8)%8), len(c.b)))
	}
	return col, nil
}
