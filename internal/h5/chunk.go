package h5

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
)

// A filter is a step by which a chunk was packed.
type filter struct {
	id     int
	values []int64
}

// Filters of the library.
const (
	deflate    = 1
	shuffle    = 2
	fletcher32 = 3
)

// parseFilters reads a filter pipeline message.
func parseFilters(c *cursor) (fs []filter, err error) {
	version, n := c.u8(), c.u8()
	switch version {
	case 1:
		c.skip(6)
	case 2:
	default:
		return nil, fmt.Errorf("filters of version %d, want 1 or 2: the file is damaged", version)
	}
	for range n {
		f := filter{id: c.u16()}
		name := 0
		if version == 1 || f.id >= 256 {
			name = c.u16()
		}
		c.skip(2)
		values := c.u16()
		if version == 1 {
			name = (name + 7) / 8 * 8
		}
		c.skip(name)
		for range values {
			f.values = append(f.values, c.u32())
			if c.err != nil {
				return nil, c.err
			}
		}
		if version == 1 && values%2 == 1 {
			c.skip(4)
		}
		fs = append(fs, f)
	}
	return fs, c.err
}

// chunks reads the chunks of a data set into its elements.
func (o *Object) chunks(d *Dataset, c *cursor) error {
	rank := c.u8() - 1 // the last is the size of an element
	tree := c.addr()
	if rank < 0 || rank != len(d.Shape) {
		return fmt.Errorf("chunks of %d dimensions for %d: the file is damaged", rank, len(d.Shape))
	}
	side, n := make([]int, rank), int64(d.Type.Size)
	for i := range side {
		s := c.u32()
		if s < 1 || n > min(1<<32, mostInt)/s {
			return fmt.Errorf("chunks with a side of %d, more than a chunk has", s)
		}
		side[i], n = int(s), n*s
	}
	if size := c.u32(); c.err != nil || size != int64(d.Type.Size) {
		return fmt.Errorf("chunks with elements of %d bytes, want %d: the file is damaged", size, d.Type.Size)
	}
	left, err := d.chunked(side, n)
	if err != nil {
		return err
	}
	if tree == undefined {
		return nil
	}
	filters, err := o.filters()
	if err != nil {
		return err
	}
	w := walk{file: o.file, kind: 1, keySize: 8 + 8*(rank+1), leaf: func(key []byte, addr int64) error {
		if left--; left < 0 {
			return errors.New("it has more chunks than its shape: the file is damaged")
		}
		k := cursor{b: key}
		size, mask := k.u32(), k.u32()
		at := make([]int, rank)
		for i := range at {
			v := k.length()
			if v > int64(d.Shape[i]) {
				return errOutside
			}
			at[i] = int(v)
		}
		if k.err != nil {
			return k.err
		}
		return o.chunk(d, addr, size, mask, n, filters, at, side)
	}}
	return w.node(tree, -1)
}

// filters returns how the chunks of a data set are packed.
func (o *Object) filters() ([]filter, error) {
	body, ok := o.find(msgFilters)
	if !ok {
		return nil, nil
	}
	return parseFilters(&cursor{b: body})
}

// chunk reads a chunk of size bytes, of n when it is unpacked, to its place.
func (o *Object) chunk(d *Dataset, addr, size, mask, n int64, filters []filter, at, side []int) error {
	b, err := o.file.read(addr, size)
	if err != nil {
		return err
	}
	if b, err = unpack(b, filters, mask, n); err != nil {
		return fmt.Errorf("the chunk at byte %d: %w", addr, err)
	}
	if int64(len(b)) != n {
		return fmt.Errorf("the chunk at byte %d has %d bytes, want %d: the file is damaged", addr, len(b), n)
	}
	d.place(b, at, side)
	return nil
}

// chunked returns how many chunks of n bytes a data set has, or an error if one of them is
// larger than its file could be for.
func (d *Dataset) chunked(side []int, n int64) (count int64, err error) {
	if n > d.most() {
		return 0, fmt.Errorf("it has chunks of %v elements, and its file only %d bytes", side, d.file.size)
	}
	count = 1
	for i, s := range side {
		count *= int64((d.Shape[i] + s - 1) / s)
	}
	return count, nil
}

// place copies a chunk to where it belongs; what is beyond the edge is left out.
func (d *Dataset) place(b []byte, at, side []int) {
	size := d.Type.Size
	if len(side) == 0 {
		copy(d.data, b)
		return
	}
	last := len(side) - 1
	row := side[last] * size
	i := make([]int, last) // of the row in the chunk
	for from := 0; from < len(b); from += row {
		to, inside := 0, true
		for k := range last {
			inside = inside && int64(at[k])+int64(i[k]) < int64(d.Shape[k])
			to = to*d.Shape[k] + at[k] + i[k]
		}
		if n := min(side[last], d.Shape[last]-at[last]); inside && n > 0 {
			to = (to*d.Shape[last] + at[last]) * size
			copy(d.data[to:to+n*size], b[from:])
		}
		for k := last - 1; k >= 0; k-- {
			if i[k]++; i[k] < side[k] {
				break
			}
			i[k] = 0
		}
	}
}

// unpack undoes filters, the last first, on a chunk of n bytes.
func unpack(b []byte, filters []filter, mask, n int64) ([]byte, error) {
	for i := len(filters) - 1; i >= 0; i-- {
		if mask>>i&1 == 1 {
			continue
		}
		switch f := filters[i]; f.id {
		case deflate:
			z, err := zlib.NewReader(bytes.NewReader(b))
			if err != nil {
				return nil, fmt.Errorf("gzip: %w", noEOF(err))
			}
			if b, err = io.ReadAll(io.LimitReader(z, n+5)); err != nil { // 4 more may be a checksum
				return nil, fmt.Errorf("gzip: %w", noEOF(err))
			}
		case shuffle:
			size := 0
			if len(f.values) > 0 {
				size = int(f.values[0])
			}
			if size < 1 || size > len(b) {
				return nil, fmt.Errorf("shuffled by %d bytes, of %d", size, len(b))
			}
			b = unshuffle(b, size)
		case fletcher32:
			if len(b) < 4 {
				return nil, errShort
			}
			sum := le.Uint32(b[len(b)-4:])
			if b = b[:len(b)-4]; fletcher(b) != sum {
				return nil, errors.New("its checksum differs: the file is damaged")
			}
		default:
			return nil, fmt.Errorf("it is packed by filter %d, want gzip (1), shuffle (2) or fletcher32 (3): save it with these, or not packed", f.id)
		}
	}
	return b, nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// unshuffle puts the bytes of elements together: first came all first bytes, then all
// second ones, and so on. What is left over stays behind.
func unshuffle(b []byte, size int) []byte {
	out := make([]byte, len(b))
	n := len(b) / size
	for k := range size {
		for i := range n {
			out[i*size+k] = b[k*n+i]
		}
	}
	copy(out[n*size:], b[n*size:])
	return out
}

// fletcher returns Fletcher's checksum of 32 bits, as HDF5 takes it: of words with the
// higher byte first.
func fletcher(b []byte) uint32 {
	var s1, s2 uint32
	for i := 0; i < len(b); i += 2 {
		w := uint32(b[i]) << 8
		if i+1 < len(b) {
			w |= uint32(b[i+1])
		}
		s1 = (s1 + w) % 65535
		s2 = (s2 + s1) % 65535
	}
	return s2<<16 | s1
}
