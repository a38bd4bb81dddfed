package mpi

import (
	"encoding/binary"
	"fmt"
)

// most is how many elements go into one call, which counts in 32 bits.
const most = 1 << 28

// Sum32 adds up x over all ranks, element by element, in place: afterwards all have the
// same sums. x must be as long on all ranks. The order of the sum is the library's.
func (c *Comm) Sum32(x []float32) error {
	return sum(c, x, func(l *library) uintptr { return l.float })
}

// Sum64 is Sum32 for float64.
func (c *Comm) Sum64(x []float64) error {
	return sum(c, x, func(l *library) uintptr { return l.double })
}

func sum[F float32 | float64](c *Comm, x []F, kind func(*library) uintptr) error {
	return c.call(func() error {
		if c.size == 1 {
			return nil
		}
		for len(x) > 0 {
			n := min(len(x), most)
			if err := c.lib.allreduce(pointer(x), n, kind(c.lib)); err != nil {
				return err
			}
			x = x[n:]
		}
		return nil
	})
}

// Broadcast gives all ranks the bytes that rank 0 has in b. It must be as long on all.
func (c *Comm) Broadcast(b []byte) error {
	return c.call(func() error {
		if c.size == 1 {
			return nil
		}
		for len(b) > 0 {
			n := min(len(b), most)
			if err := c.lib.bcast(pointer(b), n); err != nil {
				return err
			}
			b = b[n:]
		}
		return nil
	})
}

// Gather returns what each rank gave, by rank, on all of them. Lengths may differ.
func (c *Comm) Gather(b []byte) (all [][]byte, err error) {
	err = c.call(func() error {
		if c.size == 1 {
			all = [][]byte{append([]byte(nil), b...)}
			return nil
		}
		all, err = c.gather(b)
		return err
	})
	return all, err
}

// first is how many bytes go with the lengths of what is gathered, so that what is short takes one call.
const first = 248

func (c *Comm) gather(b []byte) ([][]byte, error) {
	head := make([]byte, 8+first)
	binary.NativeEndian.PutUint64(head, uint64(len(b)))
	copy(head[8:], b)
	heads := make([]byte, len(head)*c.size)
	if err := c.lib.allgather(pointer(head), len(head), pointer(heads)); err != nil {
		return nil, err
	}
	all, longest := make([][]byte, c.size), 0
	for r := range all {
		of := heads[r*len(head):][:len(head)]
		n := int(binary.NativeEndian.Uint64(of))
		all[r], longest = append(make([]byte, 0, n), of[8:8+min(n, first)]...), max(longest, n)
	}
	block := min(max(longest-first, 0), most/c.size)
	mine, theirs := make([]byte, block), make([]byte, block*c.size)
	for from := first; from < longest; from += block {
		if from < len(b) {
			copy(mine, b[from:])
		}
		if err := c.lib.allgather(pointer(mine), block, pointer(theirs)); err != nil {
			return nil, err
		}
		for r, x := range all {
			n := min(cap(x)-len(x), block)
			all[r] = append(x, theirs[r*block:][:n]...)
		}
	}
	return all, nil
}

// Barrier returns when all ranks have called it.
func (c *Comm) Barrier() error {
	return c.call(func() error {
		if c.size == 1 {
			return nil
		}
		return c.lib.barrier()
	})
}

// errorf says which call failed.
func errorf(call, text string) error { return fmt.Errorf("mpi: %s: %s", call, text) }
