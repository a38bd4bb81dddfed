package h5

import (
	"bytes"
	"compress/zlib"
)

// level is that of gzip where h5py is not told another.
const level = 4

func deflated(b []byte) ([]byte, error) {
	var buf bytes.Buffer
	z, err := zlib.NewWriterLevel(&buf, level)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(b); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// chunk writes one chunk that is a whole data set, with its tree, and returns the messages
// that say where it is and how it is packed.
func (w *writer) chunk(shape []int, packed []byte, size int) [][]byte {
	at := w.put(packed)
	const children = 64 // of a node, where the superblock does not say otherwise
	key := 8 + 8*(len(shape)+1)
	b := u64s([]byte("TREE\x01\x00\x01\x00"), ^uint64(0), ^uint64(0))
	b = le.AppendUint32(le.AppendUint32(b, uint32(len(packed))), 0)
	b = u64s(u64s(b, make([]uint64, len(shape)+1)...), at)
	b = u64s(b, 0)
	for _, d := range shape { // the end of the last chunk
		b = u64s(b, uint64(d))
	}
	b = u64s(b, 0)
	tree := w.put(append(b, make([]byte, 24+children*8+(children+1)*key-len(b))...))
	layout := u64s([]byte{3, 2, byte(len(shape) + 1)}, tree)
	for _, d := range shape {
		layout = le.AppendUint32(layout, uint32(d))
	}
	layout = le.AppendUint32(layout, uint32(size))
	filters := []byte{1, 1, 0, 0, 0, 0, 0, 0}
	for _, v := range []uint16{deflate, 8, 1, 1} { // its number, bytes of the name, may be left out, one value
		filters = le.AppendUint16(filters, v)
	}
	filters = le.AppendUint32(append(filters, "deflate\x00"...), level)
	return [][]byte{part(msgFilters, 0, le.AppendUint32(filters, 0)), part(msgLayout, 0, layout)}
}
