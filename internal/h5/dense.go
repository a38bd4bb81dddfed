package h5

import (
	"errors"
	"fmt"
	"math/bits"
)

// denseLinks calls each with every link message of a group that has so many that they
// are in a heap: the tree has where in the heap each is.
func (f *File) denseLinks(heap, tree int64, each func(body []byte) error) error {
	h, err := f.fractal(heap)
	if err != nil {
		return err
	}
	return f.records(tree, func(record []byte) error {
		if len(record) < 4+h.idSize {
			return errShort
		}
		b, err := h.object(record[4 : 4+h.idSize]) // a hash of the name is before it
		if err != nil {
			return err
		}
		return each(b)
	})
}

// records calls each with every record of a B-tree of version 2.
func (f *File) records(addr int64, each func(record []byte) error) error {
	const head = 4 + 1 + 1 + 4 + 2 + 2 + 2 + 8 + 2 + 8 + 4
	b, err := f.signed(addr, head, "BTHD")
	if err != nil {
		return err
	}
	if err := checked(b); err != nil {
		return err
	}
	c := cursor{b: b[6:]}
	t := tree2{file: f, node: c.u32(), record: int64(c.u16()), each: each, seen: map[int64]bool{}}
	depth := c.u16()
	c.skip(2)
	root, n := c.addr(), c.u16()
	if c.err != nil || t.record < 1 || t.node < 32 || t.node > 1<<24 || depth > 8 {
		return fmt.Errorf("a tree of depth %d with nodes of %d bytes and records of %d: the file is damaged", depth, t.node, t.record)
	}
	if root == undefined {
		return nil
	}
	// How many records a node of each level can have, and with what is below it.
	most := (t.node - 10) / t.record
	t.count = encoded(uint64(most))
	t.total = []int{0}
	all := uint64(most)
	for level := 1; level <= depth; level++ {
		pointer := 8 + int64(t.count+t.total[level-1])
		most = (t.node - 10 - pointer) / (t.record + pointer)
		all = (uint64(most)+1)*all + uint64(most)
		t.total = append(t.total, encoded(all))
	}
	return t.visit(root, n, depth)
}

// encoded returns the number of bytes that a number up to most takes.
func encoded(most uint64) int { return (max(bits.Len64(most), 1)-1)/8 + 1 }

// A tree2 is a walk through a B-tree of version 2.
type tree2 struct {
	file         *File
	node, record int64 // bytes
	count        int   // bytes of a number of records
	total        []int // by level: bytes of a number of records below, 0 at the bottom
	each         func(record []byte) error
	seen         map[int64]bool
}

func (t *tree2) visit(addr int64, n, level int) error {
	if t.seen[addr] {
		return fmt.Errorf("the node at byte %d comes twice in a tree: the file is damaged", addr)
	}
	t.seen[addr] = true
	sign := "BTLF"
	if level > 0 {
		sign = "BTIN"
	}
	used := 6 + int64(n)*t.record
	pointer := int64(0)
	if level > 0 {
		pointer = 8 + int64(t.count+t.total[level-1])
		used += int64(n+1) * pointer
	}
	if used+4 > t.node {
		return fmt.Errorf("a node of a tree has %d records, more than its %d bytes hold: the file is damaged", n, t.node)
	}
	b, err := t.file.signed(addr, used+4, sign)
	if err != nil {
		return err
	}
	if err := checked(b); err != nil {
		return err
	}
	for i := range n {
		if err := t.each(b[6+int64(i)*t.record:][:t.record]); err != nil {
			return err
		}
	}
	if level == 0 {
		return nil
	}
	for c := (cursor{b: b[6+int64(n)*t.record : used]}); len(c.b) > 0; {
		child, k := c.addr(), c.number(t.count)
		c.skip(t.total[level-1])
		if c.err != nil {
			return c.err
		}
		if err := t.visit(child, int(min(k, 1<<20)), level-1); err != nil {
			return err
		}
	}
	return nil
}

// A fractal is a heap of objects in blocks that double in size.
type fractal struct {
	file        *File
	idSize      int
	offsetSize  int
	lengthSize  int
	width, rows int
	start, most int64 // bytes of the smallest and of the largest block of objects
	root        int64
	checks      bool // blocks have checksums
}

func (f *File) fractal(addr int64) (*fractal, error) {
	const head = 4 + 1 + 2 + 2 + 1 + 4 + 12*8 + 2 + 8 + 8 + 2 + 2 + 8 + 2 + 4
	b, err := f.signed(addr, head, "FRHP")
	if err != nil {
		return nil, err
	}
	c := cursor{b: b[5:]}
	h := &fractal{file: f, idSize: c.u16()}
	filters, flags, largest := c.u16(), c.u8(), c.u32()
	c.skip(12 * 8)
	h.width = c.u16()
	h.start, h.most = c.length(), c.length()
	bitsOf := c.u16()
	c.skip(2)
	h.root = c.addr()
	h.rows = c.u16()
	power := func(n int64) bool { return n > 0 && n&(n-1) == 0 }
	switch {
	case c.err != nil:
		return nil, c.err
	case filters != 0:
		return nil, errors.New("the names of the group are packed, which is not read: save the file again by h5repack --low=0 --high=0")
	case h.width < 1 || h.width > 1<<10 || !power(h.start) || !power(h.most) || h.most < h.start || h.most > 1<<32 || bitsOf < 8 || bitsOf > 64 || h.rows > 64:
		return nil, errors.New("its heap has a shape that no heap has: the file is damaged")
	}
	if err := checked(b); err != nil {
		return nil, err
	}
	h.offsetSize = (bitsOf + 7) / 8
	h.lengthSize = min(encoded(uint64(h.most)), encoded(uint64(largest)))
	h.checks = flags&2 != 0
	if h.idSize < 1+h.offsetSize+h.lengthSize {
		return nil, errShort
	}
	return h, nil
}

// object returns the object of an identifier.
func (h *fractal) object(id []byte) ([]byte, error) {
	c := cursor{b: id}
	if kind := c.u8() >> 4; kind != 0 {
		return nil, errors.New("a link of the group is outside of its heap, which is not read: save the file again by h5repack --low=0 --high=0")
	}
	at, n := c.number(h.offsetSize), c.number(h.lengthSize)
	if c.err != nil {
		return nil, c.err
	}
	if h.rows == 0 {
		return h.within(h.root, 0, h.start, at, n)
	}
	return h.indirect(h.root, 0, h.rows, at, n, 0)
}

// within returns n bytes at a place of the heap, in a block that begins at another.
func (h *fractal) within(block, begins, size, at, n int64) ([]byte, error) {
	if at < begins || n > size || at-begins > size-n {
		return nil, errOutside
	}
	if _, err := h.file.signed(block, 5, "FHDB"); err != nil {
		return nil, err
	}
	return h.file.read(block+at-begins, n)
}

// size returns how large the blocks of a row are.
func (h *fractal) size(row int) int64 {
	if row == 0 {
		return h.start
	}
	return h.start << min(row-1, 40)
}

// indirect finds the block of a place below a block of addresses.
func (h *fractal) indirect(block, begins int64, rows int, at, n int64, depth int) ([]byte, error) {
	if depth > 8 || rows < 1 || rows > 64 {
		return nil, errOutside
	}
	direct := bits.Len64(uint64(h.most)) - bits.Len64(uint64(h.start)) + 2 // rows of blocks of objects
	prefix := int64(4 + 1 + 8 + h.offsetSize)
	b, err := h.file.signed(block, prefix+int64(rows*h.width)*8+4, "FHIB")
	if err != nil {
		return nil, err
	}
	if err := checked(b); err != nil {
		return nil, err
	}
	entries := b[prefix:]
	for row := range rows {
		size := h.size(row)
		if size > 1<<52 || at-begins >= size*int64(h.width) {
			begins += size * int64(h.width)
			continue
		}
		if at < begins {
			return nil, errOutside
		}
		k := (at - begins) / size
		begins += k * size
		entry := cursor{b: entries[(row*h.width+int(k))*8:]}
		child := entry.addr()
		if row < direct {
			return h.within(child, begins, size, at, n)
		}
		below := bits.Len64(uint64(size)) - bits.Len64(uint64(h.start*int64(h.width))) + 1
		return h.indirect(child, begins, below, at, n, depth+1)
	}
	return nil, errOutside
}
