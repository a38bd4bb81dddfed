package team

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"unsafe"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
)

// Copy gives all ranks the elements that rank 0 has.
func (t *Team) Copy(d *tensor.Dense) error {
	b, err := bytesOf(d)
	if err != nil {
		return err
	}
	return t.ask("Broadcast", func() error { return t.r.Broadcast(b) })
}

// Sums adds up numbers over the ranks.
func (t *Team) Sums(x []float64) error {
	return t.ask("Sum64", func() error { return t.r.Sum64(x) })
}

// Sum adds up the elements over the ranks.
func (t *Team) Sum(d *tensor.Dense) error {
	x, err := flat.Of(d)
	if err != nil {
		return err
	}
	if x.F32 != nil {
		return t.ask("Sum32", func() error { return t.r.Sum32(x.F32) })
	}
	return t.Sums(x.F64)
}

// Collect returns the elements of mine of each rank, for Read; none of one where it is nil.
func (t *Team) Collect(mine *tensor.Dense) ([][]byte, error) {
	if mine == nil {
		return t.gather(nil)
	}
	b, err := bytesOf(mine)
	if err != nil {
		return nil, err
	}
	return t.gather(b)
}

// Read makes b, which Collect has returned, the elements of to.
func Read(to *tensor.Dense, b []byte) error {
	place, err := bytesOf(to)
	if err == nil && len(b) != len(place) {
		err = fmt.Errorf("a rank gave %d bytes, want %d", len(b), len(place))
	}
	copy(place, b)
	return err
}

// Differ compares tensors over the ranks by their checksums, and returns an error that names the first that
// is not that of rank 0.
func (t *Team) Differ(names []string, ds []*tensor.Dense) error {
	table, sums := crc32.MakeTable(crc32.Castagnoli), []byte(nil)
	for _, d := range ds {
		b, err := bytesOf(d)
		if err != nil {
			return err
		}
		sums = binary.LittleEndian.AppendUint32(sums, crc32.Checksum(b, table))
	}
	all, err := Tell(t, sums, nil)
	if err != nil {
		return err
	}
	for rank, s := range all {
		for i := range ds {
			if at := 4 * i; len(s) != len(sums) || !bytes.Equal(s[at:at+4], all[0][at:at+4]) {
				return fmt.Errorf("rank %d has other weights than rank 0: those of %s; all ranks must run one program, on processors of one kind", rank, names[i])
			}
		}
	}
	return nil
}

// bytesOf returns the memory of a tensor.
func bytesOf(d *tensor.Dense) ([]byte, error) {
	v, err := flat.Of(d)
	if err != nil {
		return nil, err
	}
	size := 4
	if v.F64 != nil {
		size = 8
	}
	return unsafe.Slice((*byte)(v.Pointer()), size*v.Len()), nil
}
