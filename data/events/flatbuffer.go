package events

import (
	"encoding/binary"
	"errors"
)

// A table is a table of a flatbuffer: buf with the position of the table in it.
// Every position is one that buf has, whatever the file says.
type table struct {
	buf []byte
	at  int
}

var errFlatbuffer = errors.New("a flatbuffer points outside of itself")

// u32 returns the number at a position of a buffer.
func u32(b []byte, at int) (int, error) {
	if at < 0 || at > len(b)-4 {
		return 0, errFlatbuffer
	}
	return int(binary.LittleEndian.Uint32(b[at:])), nil
}

// rootTable returns the table at the root of a buffer that has been freed of its
// size.
func rootTable(b []byte) (table, error) {
	at, err := u32(b, 0)
	if err != nil || at > len(b)-4 {
		return table{}, errFlatbuffer
	}
	return table{b, at}, nil
}

// field returns where field i of a table is, or 0 if it has its default. size is
// how many bytes it must have.
func (t table) field(i, size int) (int, error) {
	back, err := u32(t.buf, t.at)
	if err != nil {
		return 0, err
	}
	vt := t.at - int(int32(back))
	if vt < 0 || vt > len(t.buf)-4 {
		return 0, errFlatbuffer
	}
	n, at := int(binary.LittleEndian.Uint16(t.buf[vt:])), 4+2*i
	if at+2 > n {
		return 0, nil
	}
	if vt+at+2 > len(t.buf) {
		return 0, errFlatbuffer
	}
	off := int(binary.LittleEndian.Uint16(t.buf[vt+at:]))
	if off == 0 {
		return 0, nil
	}
	if t.at+off > len(t.buf)-size {
		return 0, errFlatbuffer
	}
	return t.at + off, nil
}

// vector returns the bytes of field i, a vector of elements of the given size.
func (t table) vector(i, size int) ([]byte, error) {
	at, err := t.field(i, 4)
	if err != nil || at == 0 {
		return nil, err
	}
	to, err := u32(t.buf, at)
	if err != nil {
		return nil, err
	}
	at += to
	n, err := u32(t.buf, at)
	if err != nil {
		return nil, err
	}
	if n > (len(t.buf)-at-4)/size {
		return nil, errFlatbuffer
	}
	return t.buf[at+4 : at+4+n*size], nil
}
