// Package h5 reads HDF5 files as h5py and PyTables write them: groups, data sets that
// are contiguous, compact or in chunks, packed by gzip with shuffling and checksums,
// numbers, strings, rows of different lengths, and attributes. Of what later versions
// of the format brought (libver "latest") it reads the headers, the groups and the
// simpler ways to find chunks; the rest is refused with the way to save a file
// otherwise. Write writes files of the earliest version, which every library reads.
//
// Nothing in a file is believed: every position lies within it, every part of a tree
// is visited once, and memory is bounded by the length of the file.
//
// The HDF Group, HDF5 File Format Specification Version 3.0.
package h5

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// A File is an open HDF5 file. It may be read by several goroutines at once, if its
// ReaderAt may.
type File struct {
	r    io.ReaderAt
	size int64
	base int64
	root int64 // address of the header of the root group
}

const signature = "\x89HDF\r\n\x1a\n"

// undefined is the address of what is not there.
const undefined = -1

var errLater = errors.New(`the file was saved in a later version of the format: save it again with h5py's libver="earliest", or by h5repack --low=0 --high=0`)

// Open reads the superblock of a file of size bytes.
func Open(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, size: size}
	b, err := f.read(0, 8)
	if err != nil || string(b) != signature {
		return nil, errors.New("the file does not start as an HDF5 file does")
	}
	if b, err = f.read(0, min(size, 104)); err != nil {
		return nil, err
	}
	c := cursor{b: b[8:]}
	version := c.u8()
	if version == 2 || version == 3 {
		return f.open2(&c)
	}
	c.skip(4)
	offsets, lengths := c.u8(), c.u8()
	switch {
	case c.err != nil:
		return nil, c.err
	case version > 3:
		return nil, errLater
	case offsets != 8 || lengths != 8:
		return nil, fmt.Errorf("addresses have %d bytes and lengths %d, want 8 each", offsets, lengths)
	}
	c.skip(1 + 2 + 2 + 4)
	if version == 1 {
		c.skip(4)
	}
	f.base = c.addr()
	c.skip(8)
	c.skip(8 + 8) // end of the file, driver; the name of the root group follows
	c.skip(8)
	f.root = c.addr()
	if c.err != nil {
		return nil, c.err
	}
	if f.base < 0 || f.base > size {
		return nil, errOutside
	}
	return f, nil
}

// open2 reads a superblock of version 2 or 3, after its version.
func (f *File) open2(c *cursor) (*File, error) {
	offsets, lengths := c.u8(), c.u8()
	c.skip(1)
	f.base = c.addr()
	c.skip(16) // the extension, the end of the file
	f.root = c.addr()
	switch {
	case c.err != nil:
		return nil, c.err
	case offsets != 8 || lengths != 8:
		return nil, fmt.Errorf("addresses have %d bytes and lengths %d, want 8 each", offsets, lengths)
	case f.base < 0 || f.base > f.size:
		return nil, errOutside
	}
	b, err := f.read(-f.base, 48) // the superblock is before the base
	if err != nil {
		return nil, err
	}
	return f, checked(b)
}

var (
	errOutside = errors.New("the file points outside of itself: it is truncated or damaged")
	errShort   = errors.New("a part of the file ends too soon: it is damaged")
)

// mostInt is how far an int counts; tests make it what it is where that has 32 bits.
var mostInt int64 = math.MaxInt

// read returns n bytes at an address.
func (f *File) read(addr, n int64) ([]byte, error) {
	if addr < 0 || n < 0 || addr > f.size-f.base || n > f.size-f.base-addr {
		return nil, errOutside
	}
	if n > mostInt {
		return nil, fmt.Errorf("a part of %d bytes, more than this system counts", n)
	}
	b := make([]byte, n)
	if k, err := f.r.ReadAt(b, f.base+addr); int64(k) < n {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}

// signed returns n bytes at an address that start with a signature.
func (f *File) signed(addr, n int64, sign string) ([]byte, error) {
	b, err := f.read(addr, n)
	if err == nil && string(b[:len(sign)]) != sign {
		err = fmt.Errorf("at byte %d there is %q, want %s: the file is damaged", f.base+addr, b[:len(sign)], sign)
	}
	return b, err
}

// A cursor reads numbers one after the other, and keeps the first error.
type cursor struct {
	b   []byte
	err error
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.b) {
		if c.err == nil {
			c.err = errShort
		}
		c.b = nil
		return make([]byte, min(max(n, 0), 8))
	}
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) skip(n int)  { c.take(n) }
func (c *cursor) u8() int     { return int(c.take(1)[0]) }
func (c *cursor) u16() int    { return int(binary.LittleEndian.Uint16(c.take(2))) }
func (c *cursor) u32() int64  { return int64(binary.LittleEndian.Uint32(c.take(4))) }
func (c *cursor) u64() uint64 { return binary.LittleEndian.Uint64(c.take(8)) }

// length returns a number of 64 bits that counts something.
func (c *cursor) length() int64 {
	v := c.u64()
	if v > 1<<62 {
		if c.err == nil {
			c.err = errOutside
		}
		return 0
	}
	return int64(v)
}

// addr returns an address, or undefined.
func (c *cursor) addr() int64 {
	v := c.u64()
	if v == ^uint64(0) {
		return undefined
	}
	return int64(v & (1<<63 - 1)) // what is beyond the file, read refuses
}
