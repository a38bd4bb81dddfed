package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"unicode/utf8"
)

const (
	metadataName = "__metadata__"
	checksumName = "crc32c"
	noChecksum   = "00000000"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Write writes f. The same f gives the same bytes. Tensors of 8-byte elements
// come before others, so that all are aligned; else in the order of f. An error
// says that a name is missing, taken, used twice or not UTF-8, that a tensor does
// not have as many elements as its shape, or what w said.
func (f *File) Write(w io.Writer) error {
	ts := slices.Clone(f.Tensors)
	slices.SortStableFunc(ts, func(a, b Tensor) int { return sizes[b.DType] - sizes[a.DType] })
	head, err := header(ts, f.Metadata)
	if err != nil {
		return err
	}
	sum := crc32.Update(0, castagnoli, head)
	if err := each(ts, func(b []byte) error { sum = crc32.Update(sum, castagnoli, b); return nil }); err != nil {
		return err
	}
	copy(head[checksumAt(head):], fmt.Sprintf("%08x", sum))
	if _, err := w.Write(head); err != nil {
		return err
	}
	return each(ts, func(b []byte) error { _, err := w.Write(b); return err })
}

// header returns the length of the header and the header, without its checksum.
func header(ts []Tensor, metadata map[string]string) ([]byte, error) {
	meta := map[string]string{checksumName: noChecksum}
	for k, v := range metadata {
		if k == checksumName {
			return nil, fmt.Errorf("metadata are called %q, which is the name of the checksum", k)
		}
		meta[k] = v
	}
	var h bytes.Buffer
	h.Write(make([]byte, 8))
	m, err := json.Marshal(meta) // sorted by name
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&h, "{%q:%s", metadataName, m)
	seen := map[string]bool{"": true, metadataName: true}
	var at int64
	for _, t := range ts {
		if seen[t.Name] {
			return nil, fmt.Errorf("a tensor is called %q: the name is empty, taken or used twice", t.Name)
		}
		if !utf8.ValidString(t.Name) {
			return nil, fmt.Errorf("a tensor is called %q, which is not UTF-8", t.Name)
		}
		seen[t.Name] = true
		n, err := byteLen(t.DType, t.Shape)
		if err != nil {
			return nil, fmt.Errorf("tensor %s: %w", t.Name, err)
		}
		if got := int64(len(raw(t.Data))); got != n {
			return nil, fmt.Errorf("tensor %s: %s of shape %v has %d bytes, want %d", t.Name, t.DType, t.Shape, got, n)
		}
		name, err := json.Marshal(t.Name)
		if err != nil {
			return nil, err
		}
		shape, err := json.Marshal(append([]int{}, t.Shape...)) // not null
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&h, `,%s:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, name, t.DType, shape, at, at+n)
		at += n
	}
	h.WriteByte('}')
	for h.Len()%8 != 0 {
		h.WriteByte(' ')
	}
	if h.Len()-8 > maxHeader {
		return nil, fmt.Errorf("header has %d bytes, want at most %d", h.Len()-8, maxHeader)
	}
	binary.LittleEndian.PutUint64(h.Bytes(), uint64(h.Len()-8))
	return h.Bytes(), nil
}

// checksumAt returns where the digits of the checksum are, −1 if there are none.
// What it looks for cannot be part of a name or a value: there, quotes have a
// backslash before them.
func checksumAt(head []byte) int {
	start := []byte(`"` + checksumName + `":"`)
	i := bytes.Index(head, start)
	if i < 0 || i+len(start)+len(noChecksum) >= len(head) || head[i+len(start)+len(noChecksum)] != '"' {
		return -1
	}
	return i + len(start)
}

// each calls f with the bytes of all tensors as they are in a file.
func each(ts []Tensor, f func([]byte) error) error {
	for _, t := range ts {
		b := raw(t.Data)
		if !swapped {
			if err := f(b); err != nil {
				return err
			}
			continue
		}
		for c := range slices.Chunk(b, 1<<16) {
			c = slices.Clone(c)
			swap(t.DType, c)
			if err := f(c); err != nil {
				return err
			}
		}
	}
	return nil
}
