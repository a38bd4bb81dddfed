package h5

import (
	"fmt"
	"math/bits"
)

// What the file format brought with version 1.8 of the library, and what files that are
// saved with libver="latest", or by a library that begins there, have in the place of
// what came before: headers with checksums, links in the header of a group, and of a
// group of many a heap with a tree that sorts them.

// header2 reads a header that starts with OHDR.
func (f *File) header2(addr int64, path string) (*Object, error) {
	wrong := func(err error) (*Object, error) { return nil, fmt.Errorf("the header of %s: %w", path, err) }
	b, err := f.read(addr, min(34, f.size-f.base-addr))
	if err != nil {
		return wrong(err)
	}
	c := cursor{b: b[4:]}
	version, flags := c.u8(), c.u8()
	if flags&0x20 != 0 {
		c.skip(16) // times
	}
	if flags&0x10 != 0 {
		c.skip(4) // when attributes move to a heap
	}
	size := c.number(1 << (flags & 3))
	if c.err != nil {
		return wrong(c.err)
	}
	if version != 2 {
		return nil, fmt.Errorf("the header of %s has version %d, want 2: the file is damaged", path, version)
	}
	head := int64(len(b) - len(c.b))
	o := &Object{file: f, path: path}
	type part struct{ addr, prefix, n int64 } // n with its checksum
	parts := []part{{addr, head, head + size + 4}}
	for i := 0; i < len(parts); i++ {
		p := parts[i]
		for _, before := range parts[:i] {
			if before.addr == p.addr || i > 1000 {
				return wrong(fmt.Errorf("its parts go round in a circle, or are too many"))
			}
		}
		b, err := f.read(p.addr, p.n)
		if err == nil && i > 0 && p.n >= 8 && string(b[:4]) != "OCHK" {
			err = fmt.Errorf("at byte %d there is %q, want OCHK: the file is damaged", f.base+p.addr, b[:4])
		}
		if err == nil {
			err = checked(b)
		}
		if err != nil {
			return wrong(err)
		}
		tracked := flags&4 != 0
		least := 4
		if tracked {
			least = 6
		}
		for c := (cursor{b: b[p.prefix : p.n-4]}); len(c.b) >= least; {
			kind, n, how := c.u8(), c.u16(), c.u8()
			c.skip(least - 4)
			body := c.take(n)
			if c.err != nil {
				return wrong(c.err)
			}
			if kind == msgContinue {
				next := cursor{b: body}
				parts = append(parts, part{next.addr(), 4, next.length()})
				if next.err != nil {
					return wrong(next.err)
				}
				continue
			}
			if how&2 != 0 && kind == msgType {
				return nil, fmt.Errorf("%s has a type that is shared by name, which is not read", path)
			}
			o.msgs = append(o.msgs, message{kind, body})
		}
	}
	return o, nil
}

// number reads a number of 1, 2, 4 or 8 bytes, or of any other number below 8.
func (c *cursor) number(n int) int64 {
	var v int64
	for i, b := range c.take(n) {
		if i < n && i < 8 {
			v |= int64(b) << (8 * i)
		}
	}
	if v < 0 || v > 1<<62 {
		if c.err == nil {
			c.err = errOutside
		}
		return 0
	}
	return v
}

// checked returns an error unless b ends in the checksum of what is before.
func checked(b []byte) error {
	if len(b) < 4 {
		return errShort
	}
	if n := len(b) - 4; lookup3(b[:n]) != le.Uint32(b[n:]) {
		return fmt.Errorf("its checksum differs: the file is damaged")
	}
	return nil
}

// lookup3 is the hash of B. Jenkins by which HDF5 checks what it wrote.
func lookup3(k []byte) uint32 {
	a := 0xdeadbeef + uint32(len(k))
	b, c := a, a
	rot := bits.RotateLeft32
	var tail [12]byte
	for len(k) > 12 {
		a, b, c = a+le.Uint32(k), b+le.Uint32(k[4:]), c+le.Uint32(k[8:])
		a = (a - c) ^ rot(c, 4)
		c += b
		b = (b - a) ^ rot(a, 6)
		a += c
		c = (c - b) ^ rot(b, 8)
		b += a
		a = (a - c) ^ rot(c, 16)
		c += b
		b = (b - a) ^ rot(a, 19)
		a += c
		c = (c - b) ^ rot(b, 4)
		b += a
		k = k[12:]
	}
	if len(k) == 0 {
		return c
	}
	copy(tail[:], k)
	a, b, c = a+le.Uint32(tail[:]), b+le.Uint32(tail[4:]), c+le.Uint32(tail[8:])
	c = (c ^ b) - rot(b, 14)
	a = (a ^ c) - rot(c, 11)
	b = (b ^ a) - rot(a, 25)
	c = (c ^ b) - rot(b, 16)
	a = (a ^ c) - rot(c, 4)
	b = (b ^ a) - rot(a, 14)
	c = (c ^ b) - rot(b, 24)
	return c
}

// links2 returns the links of a group of the later form: those in its header, and those
// in its heap.
func (o *Object) links2() (links []Link, err error) {
	add := func(body []byte) error {
		l, hard, err := parseLink(&cursor{b: body})
		if err == nil && hard {
			links = append(links, l)
		}
		return err
	}
	for _, m := range o.msgs {
		switch m.kind {
		case msgLink:
			err = add(m.body)
		case msgLinkInfo:
			c := cursor{b: m.body}
			c.skip(1)
			if flags := c.u8(); flags&1 != 0 {
				c.skip(8)
			}
			heap, tree := c.addr(), c.addr()
			if err = c.err; err == nil && heap != undefined {
				err = o.file.denseLinks(heap, tree, add)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return links, nil
}

// parseLink reads a link message. Links that are no addresses in the file are not hard.
func parseLink(c *cursor) (l Link, hard bool, err error) {
	version, flags := c.u8(), c.u8()
	if version != 1 {
		return l, false, fmt.Errorf("a link of version %d, want 1: the file is damaged", version)
	}
	kind := 0
	if flags&8 != 0 {
		kind = c.u8()
	}
	if flags&4 != 0 {
		c.skip(8)
	}
	if flags&16 != 0 {
		c.skip(1)
	}
	n := c.number(1 << (flags & 3))
	if n > int64(len(c.b)) {
		return l, false, errShort
	}
	l.Name = string(c.take(int(n)))
	if kind != 0 {
		return l, false, c.err
	}
	l.addr = c.addr()
	return l, true, c.err
}
