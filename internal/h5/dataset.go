package h5

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A Dataset is the elements of a data set or an attribute, as the file has them.
type Dataset struct {
	Path  string
	Shape []int // empty: one element
	Type  Type

	file *File
	n    int
	data []byte // n elements of Type.Size
	last *collection
}

// Len returns the number of elements.
func (d *Dataset) Len() int { return d.n }

// Dataset reads the elements of a data set.
func (o *Object) Dataset() (*Dataset, error) {
	d, err := o.dataset()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.path, err)
	}
	return d, nil
}

// Read returns the data set at a path.
func (f *File) Read(path string) (*Dataset, error) {
	o, err := f.Lookup(path)
	if err != nil {
		return nil, err
	}
	return o.Dataset()
}

func (o *Object) dataset() (*Dataset, error) {
	space, ok := o.find(msgSpace)
	typ, ok2 := o.find(msgType)
	layout, ok3 := o.find(msgLayout)
	if !ok || !ok2 || !ok3 {
		return nil, errors.New("it is no data set")
	}
	if _, ok := o.find(msgExternal); ok {
		return nil, errors.New("its numbers are in another file, which is not read")
	}
	d := &Dataset{Path: o.path, file: o.file}
	var err error
	if d.Shape, d.n, err = parseSpace(&cursor{b: space}); err != nil {
		return nil, err
	}
	if d.Type, err = parseType(&cursor{b: typ}, 0); err != nil {
		return nil, err
	}
	if d.Type.Class == Other {
		return nil, fmt.Errorf("its elements are %v, which are not read", d.Type)
	}
	if err := d.bounded(); err != nil {
		return nil, err
	}
	return d, o.layout(d, layout)
}

// bounded returns an error if a data set is larger than its file could be for. What is
// packed by gzip can be a thousand times as large as its file, and is not.
func (d *Dataset) bounded() error {
	if int64(d.n) > d.most()/int64(d.Type.Size) {
		return fmt.Errorf("it has the shape %v, and its file only %d bytes", d.Shape, d.file.size)
	}
	return nil
}

// most is how many bytes a data set may take.
func (d *Dataset) most() int64 { return min(max(64*d.file.size, 1<<26), mostInt) }

// parseSpace reads a dataspace message.
func parseSpace(c *cursor) (shape []int, n int, err error) {
	version, rank, flags := c.u8(), c.u8(), c.u8()
	switch version {
	case 1:
		c.skip(5)
	case 2:
		if kind := c.u8(); kind == 2 { // no elements
			return []int{0}, 0, c.err
		}
	default:
		return nil, 0, fmt.Errorf("a shape of version %d, want 1 or 2: the file is damaged", version)
	}
	if rank > 32 || flags > 3 {
		return nil, 0, fmt.Errorf("%d dimensions, want at most 32: the file is damaged", rank)
	}
	n, shape = 1, []int{}
	for range rank {
		d := c.length()
		if c.err != nil {
			return nil, 0, c.err
		}
		most := min(1<<40, mostInt)
		if d > most || d > 0 && int64(n) > most/d {
			return nil, 0, fmt.Errorf("a dimension is %d after %v, more than any file has", d, shape)
		}
		shape, n = append(shape, int(d)), n*int(d)
	}
	return shape, n, c.err
}

// layout reads the elements from where they are.
func (o *Object) layout(d *Dataset, layout []byte) error {
	c := cursor{b: layout}
	version, class := c.u8(), c.u8()
	size := int64(d.n) * int64(d.Type.Size)
	switch {
	case version == 4 && class == 2:
		return o.chunks4(d, &c, size)
	case version != 3 && version != 4:
		return fmt.Errorf("its layout has version %d, want 3: save it again with a version of HDF5 from after 2004", version)
	case class == 0:
		n := c.u16()
		data := c.take(n)
		if int64(n) != size || c.err != nil {
			return fmt.Errorf("it has %d bytes, want %d: the file is damaged", n, size)
		}
		d.data = data
		return nil
	case class == 1:
		addr, n := c.addr(), c.length()
		if addr == undefined || size == 0 {
			return o.filled(d, size)
		}
		if n < size || c.err != nil {
			return fmt.Errorf("it has %d bytes, want %d: the file is damaged", n, size)
		}
		var err error
		d.data, err = o.file.read(addr, size)
		return err
	case class == 2:
		if err := o.filled(d, size); err != nil {
			return err
		}
		return o.chunks(d, &c)
	}
	return fmt.Errorf("its layout is of class %d, want 0 to 2", class)
}

// filled makes the elements what they are where nothing was written.
func (o *Object) filled(d *Dataset, size int64) error {
	d.data = make([]byte, size)
	var value []byte
	if body, ok := o.find(msgFill); ok {
		c := cursor{b: body}
		switch version := c.u8(); version {
		case 1, 2:
			c.skip(2)
			if defined := c.u8(); defined != 0 {
				value = c.take(int(min(c.u32(), 1<<20)))
			}
		case 3:
			if flags := c.u8(); flags&0x20 != 0 {
				value = c.take(int(min(c.u32(), 1<<20)))
			}
		}
		if c.err != nil {
			return c.err
		}
	} else if body, ok := o.find(msgOldFill); ok {
		c := cursor{b: body}
		if value = c.take(int(min(c.u32(), 1<<20))); c.err != nil {
			return c.err
		}
	}
	if len(value) == 0 || d.Type.Class == Words || d.Type.Class == Rows {
		return nil
	}
	if len(value) != d.Type.Size {
		return fmt.Errorf("its fill value has %d bytes, want %d: the file is damaged", len(value), d.Type.Size)
	}
	for i := 0; i < len(d.data); i += len(value) {
		copy(d.data[i:], value)
	}
	return nil
}

// Attribute returns an attribute of an object, or an error that wraps ErrNotFound.
func (o *Object) Attribute(name string) (*Dataset, error) {
	for _, m := range o.msgs {
		if m.kind == msgAttrInfo {
			if c := (cursor{b: m.body}); c.attributesInHeap() {
				return nil, errLater
			}
			continue
		}
		if m.kind != msgAttribute {
			continue
		}
		d, got, err := o.attribute(m.body)
		if err != nil {
			return nil, fmt.Errorf("an attribute of %s: %w", o.path, err)
		}
		if got == name {
			return d, nil
		}
	}
	return nil, fmt.Errorf("%s has no attribute %s: %w", o.path, name, ErrNotFound)
}

// attributesInHeap reads a message about attributes and reports whether they are not in
// the header, or the message is damaged.
func (c *cursor) attributesInHeap() bool {
	c.skip(1)
	if flags := c.u8(); flags&1 != 0 {
		c.skip(2)
	}
	return c.addr() != undefined || c.err != nil
}

func (o *Object) attribute(body []byte) (*Dataset, string, error) {
	c := cursor{b: body}
	version, flags := c.u8(), c.u8()
	sizes := [3]int{c.u16(), c.u16(), c.u16()}
	pad := func(n int) int { return n }
	switch version {
	case 1:
		pad = func(n int) int { return (n + 7) / 8 * 8 }
		flags = 0
	case 3:
		c.skip(1)
	case 2:
	default:
		return nil, "", fmt.Errorf("version %d, want 1 to 3: the file is damaged", version)
	}
	name := c.take(pad(sizes[0]))
	typ, space := c.take(pad(sizes[1])), c.take(pad(sizes[2]))
	if c.err != nil {
		return nil, "", c.err
	}
	for i, b := range name {
		if b == 0 {
			name = name[:i]
			break
		}
	}
	if flags != 0 {
		return nil, "", errors.New("its type is shared, which is not read")
	}
	d := &Dataset{Path: o.path + "." + string(name), file: o.file}
	var err error
	if d.Type, err = parseType(&cursor{b: typ}, 0); err != nil {
		return nil, "", err
	}
	if d.Shape, d.n, err = parseSpace(&cursor{b: space}); err != nil {
		return nil, "", err
	}
	if d.n > len(c.b)/d.Type.Size {
		return nil, "", errShort
	}
	d.data = c.b[:d.n*d.Type.Size]
	return d, string(name), nil
}

var le = binary.LittleEndian
