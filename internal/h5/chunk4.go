package h5

import "fmt"

// How chunks are found in files of the later form.
const (
	oneChunk   = 1
	allChunks  = 2 // all are there, one behind the other
	fixedArray = 3
)

// chunks4 reads the chunks of a data set whose layout has version 4.
func (o *Object) chunks4(d *Dataset, c *cursor, size int64) error {
	if err := o.filled(d, size); err != nil {
		return err
	}
	flags, rank, width := c.u8(), c.u8()-1, c.u8()
	if rank < 0 || rank != len(d.Shape) || width < 1 || width > 8 {
		return fmt.Errorf("chunks of %d dimensions for %d: the file is damaged", rank, len(d.Shape))
	}
	side, n, grid := make([]int, rank), int64(d.Type.Size), make([]int, rank)
	for i := range side {
		s := c.number(width)
		if s < 1 || n > min(1<<32, mostInt)/s {
			return fmt.Errorf("chunks with a side of %d, more than a chunk has", s)
		}
		side[i], n = int(s), n*s
		grid[i] = int((int64(d.Shape[i]) + s - 1) / s)
	}
	if elem := c.number(width); c.err != nil || elem != int64(d.Type.Size) {
		return fmt.Errorf("chunks with elements of %d bytes, want %d: the file is damaged", elem, d.Type.Size)
	}
	count, err := d.chunked(side, n)
	if err != nil {
		return err
	}
	filters, err := o.filters()
	if err != nil || count == 0 {
		return err
	}
	read := func(i, addr, size, mask int64) error {
		if addr == undefined {
			return nil
		}
		at := make([]int, rank)
		for k := rank - 1; k >= 0; k-- {
			at[k] = int(i%int64(grid[k])) * side[k]
			i /= int64(grid[k])
		}
		return o.chunk(d, addr, size, mask, n, filters, at, side)
	}
	switch index := c.u8(); index {
	case oneChunk:
		packed, mask := n, int64(0)
		if flags&2 != 0 {
			packed, mask = c.length(), c.u32()
		}
		addr := c.addr()
		if c.err != nil {
			return c.err
		}
		return read(0, addr, packed, mask)
	case allChunks:
		addr := c.addr()
		for i := int64(0); i < count && c.err == nil && addr != undefined; i++ {
			if err := read(i, addr+i*n, n, 0); err != nil {
				return err
			}
		}
		return c.err
	case fixedArray:
		c.skip(1)
		addr := c.addr()
		if c.err != nil || addr == undefined {
			return c.err
		}
		return o.file.array(addr, count, n, read)
	}
	return errLater
}

// array reads a fixed array of chunks.
func (f *File) array(addr, count, n int64, each func(i, addr, size, mask int64) error) error {
	b, err := f.signed(addr, 4+1+1+1+1+8+8+4, "FAHD")
	if err != nil {
		return err
	}
	if err := checked(b); err != nil {
		return err
	}
	c := cursor{b: b[5:]}
	packed, width, page, entries, block := c.u8() == 1, c.u8(), c.u8(), c.length(), c.addr()
	least := 8
	if packed {
		least += 5
	}
	switch {
	case c.err != nil:
		return c.err
	case block == undefined:
		return nil
	case width < least || width > 24 || entries != count || entries > f.size:
		return fmt.Errorf("an array of %d chunks, want %d: the file is damaged", entries, count)
	case page < 62 && entries > 1<<page:
		return errLater
	}
	const prefix = 4 + 1 + 1 + 8
	if b, err = f.signed(block, prefix+entries*int64(width)+4, "FADB"); err != nil {
		return err
	}
	if err := checked(b); err != nil {
		return err
	}
	c = cursor{b: b[prefix : len(b)-4]}
	for i := range entries {
		at, size, mask := c.addr(), n, int64(0)
		if packed {
			size, mask = c.number(width-12), c.u32()
		} else {
			c.skip(width - 8)
		}
		if c.err != nil {
			return c.err
		}
		if err := each(i, at, size, mask); err != nil {
			return err
		}
	}
	return nil
}
