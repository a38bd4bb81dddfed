package data

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	idxUbyte = 0x08          // type byte of unsigned bytes, the only type read
	idxLimit = math.MaxInt32 // bytes of data in one file; EMNIST has 0.6e9
)

// idxTypes names the types of the format, for the error that rejects them.
var idxTypes = map[byte]string{
	0x09: "int8", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64",
}

// ReadIDX reads an array of unsigned bytes in the IDX format, the one of
// MNIST's files. It returns the shape and the data, the last dimension varying
// fastest, so that len(data) is the product of shape. All integers are
// big-endian:
//
//	bytes 0, 1   0
//	byte 2       type: 0x08 for unsigned bytes
//	byte 3       rank: 1 to 255 dimensions
//	4 each       the dimensions
//	the rest     the data
//
// What is gzipped is unpacked, whatever its name was. Of the input, gzipped or
// not, no more is kept than the header announces and than is really there. An
// error says that the header is not one, that a type other than unsigned
// bytes is announced, a dimension of 0 or more than 2³¹−1 bytes, that the
// input ends early or goes on after the data, or that it cannot be read.
//
// Y. LeCun, C. Cortes and C. J. C. Burges, The MNIST database of handwritten
// digits (1998).
func ReadIDX(r io.Reader) (shape []int, data []byte, err error) {
	if r == nil {
		return nil, nil, fmt.Errorf("data: idx: the reader is nil")
	}
	shape, data, err = readIDX(r)
	if err != nil {
		return nil, nil, fmt.Errorf("data: idx: %w", err)
	}
	return shape, data, nil
}

// readIDX is ReadIDX; its errors are left to the caller to place.
func readIDX(r io.Reader) (shape []int, data []byte, err error) {
	in, err := unzip(r)
	if err != nil {
		return nil, nil, err
	}
	shape, size, err := readIDXHeader(in)
	if err != nil {
		return nil, nil, err
	}
	// ReadAll grows with what arrives: a header's claim allocates nothing.
	data, err = io.ReadAll(io.LimitReader(in, size))
	if int64(len(data)) < size && (err == nil || errors.Is(err, io.ErrUnexpectedEOF)) {
		return nil, nil, fmt.Errorf("header claims shape %v, %d bytes of data, file ends after %d: %w",
			shape, size, len(data), io.ErrUnexpectedEOF)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("after %d of %d bytes of data: %w", len(data), size, err)
	}
	// Reading to the end also makes gzip compare its checksum.
	switch n, err := io.ReadFull(in, make([]byte, 1)); {
	case n > 0:
		return nil, nil, fmt.Errorf("header claims shape %v, %d bytes of data, file goes on after them", shape, size)
	case err != io.EOF:
		return nil, nil, fmt.Errorf("after the data: %w", err)
	}
	return shape, data, nil
}

// readIDXHeader returns the shape that r announces and the product of its
// dimensions, at most idxLimit.
func readIDXHeader(r io.Reader) (shape []int, size int64, err error) {
	var magic [4]byte
	if n, err := io.ReadFull(r, magic[:]); err != nil {
		return nil, 0, fmt.Errorf("header ends after %d of 4 bytes: %w", n, unexpected(err))
	}
	typ, rank := magic[2], int(magic[3])
	switch {
	case magic[0] != 0 || magic[1] != 0:
		return nil, 0, fmt.Errorf("file starts with bytes % x, want 00 00 %02x and the rank: not an IDX file", magic, idxUbyte)
	case idxTypes[typ] != "":
		return nil, 0, fmt.Errorf("type byte is 0x%02x (%s), want 0x%02x (unsigned byte)", typ, idxTypes[typ], idxUbyte)
	case typ != idxUbyte:
		return nil, 0, fmt.Errorf("type byte is 0x%02x (unknown), want 0x%02x (unsigned byte)", typ, idxUbyte)
	case rank == 0:
		return nil, 0, fmt.Errorf("rank is 0, want 1 to 255")
	}
	dims := make([]byte, 4*rank)
	if n, err := io.ReadFull(r, dims); err != nil {
		return nil, 0, fmt.Errorf("header ends after %d of %d bytes: %w", 4+n, 4+len(dims), unexpected(err))
	}
	shape, size = make([]int, rank), 1
	for i := range shape {
		d := int64(binary.BigEndian.Uint32(dims[4*i:]))
		if d == 0 {
			return nil, 0, fmt.Errorf("dimension %d of %d is 0, want at least 1", i, rank)
		}
		size *= d // below 2³¹ times below 2³²: no overflow
		if size > idxLimit {
			return nil, 0, fmt.Errorf("dimensions up to number %d of %d announce %d bytes of data, want at most %d",
				i, rank, size, idxLimit)
		}
		shape[i] = int(d)
	}
	return shape, size, nil
}

// unzip returns what r holds, unpacked if it starts as gzip does.
func unzip(r io.Reader) (io.Reader, error) {
	in := bufio.NewReader(r)
	head, err := in.Peek(2)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("at the start: %w", err)
	}
	if len(head) < 2 || head[0] != 0x1f || head[1] != 0x8b {
		return in, nil
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("gzip header: %w", unexpected(err))
	}
	return z, nil
}

// unexpected turns the end of a file into one that comes too soon.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
