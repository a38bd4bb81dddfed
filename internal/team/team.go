// Package team lets the processes of a training, its ranks, speak with each other: each tells all
// what it has, or why it has none, so that all go on or all end.
package team

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"unsafe"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// A Reducer is a train.Reducer.
type Reducer interface {
	Rank() int
	Size() int
	Sum32(x []float32) error
	Sum64(x []float64) error
	Broadcast(b []byte) error
	Gather(b []byte) ([][]byte, error)
}

// A Team is the ranks of a training. A nil Team is a process that trains alone.
type Team struct {
	Rank, Size int
	r          Reducer
	kinds      []error // that are told apart on all ranks
	broken     error   // of the Reducer, after which it is not called any more
}

// New returns the team of r. Errors that wrap one of kinds do so on all ranks.
func New(r Reducer, kinds ...error) (*Team, error) {
	rank, size := r.Rank(), r.Size()
	if size < 1 || rank < 0 || rank >= size {
		return nil, fmt.Errorf("the Reducer says that this is rank %d of %d, want a rank from 0 on below their number", rank, size)
	}
	return &Team{Rank: rank, Size: size, r: r, kinds: append(kinds, context.Canceled, context.DeadlineExceeded)}, nil
}

// ask calls a method of the Reducer, unless one has failed.
func (t *Team) ask(method string, f func() error) error {
	if t.broken == nil {
		if err := guard.Call(method, "reducer", t.r, f); err != nil {
			t.broken = fmt.Errorf("rank %d of %d: %s: %w", t.Rank, t.Size, method, err)
		}
	}
	return t.broken
}

// A word is what a rank says to the others: Of, or why it has none.
type word[T any] struct {
	Err  string
	Kind int // 1 + the place in kinds of what the error is; 0 if it is none of them
	Of   T
}

// Tell returns what each rank has, by rank, if none has an error. Else all return one: their
// own, or that of the first rank that has one.
func Tell[T any](t *Team, mine T, err error) ([]T, error) {
	w := word[T]{Of: mine}
	if err != nil {
		w = word[T]{Err: err.Error()}
		for i, kind := range t.kinds {
			if errors.Is(err, kind) {
				w.Kind = 1 + i
			}
		}
	}
	var b bytes.Buffer
	if e := gob.NewEncoder(&b).Encode(w); e != nil {
		return nil, errors.Join(err, e)
	}
	from, e := t.gather(b.Bytes())
	if e != nil {
		return nil, errors.Join(err, e)
	}
	all := make([]T, len(from))
	for rank, b := range from {
		var w word[T]
		if e := gob.NewDecoder(bytes.NewReader(b)).Decode(&w); e != nil {
			return nil, errors.Join(err, fmt.Errorf("what rank %d said makes no sense: %w", rank, e))
		}
		if w.Err != "" && err == nil {
			err = rankError{rank, w.Err, nil}
			if w.Kind > 0 && w.Kind <= len(t.kinds) {
				err = rankError{rank, w.Err, t.kinds[w.Kind-1]}
			}
		}
		all[rank] = w.Of
	}
	return all, err
}

// gather returns what each rank gave.
func (t *Team) gather(b []byte) (from [][]byte, err error) {
	err = t.ask("Gather", func() (err error) { from, err = t.r.Gather(b); return err })
	if err == nil && len(from) != t.Size {
		err = fmt.Errorf("rank %d of %d: Gather returned what %d ranks gave", t.Rank, t.Size, len(from))
	}
	return from, err
}

// A rankError is the error of another rank.
type rankError struct {
	rank int
	text string
	kind error
}

func (e rankError) Error() string { return fmt.Sprintf("rank %d ended with: %s", e.rank, e.text) }
func (e rankError) Unwrap() error { return e.kind }

// Agree returns an error on all ranks if one of them has one, or its context has ended.
func (t *Team) Agree(ctx context.Context, err error) error {
	if err == nil {
		err = ctx.Err()
	}
	if t == nil {
		return err
	}
	_, err = Tell(t, struct{}{}, err)
	return err
}

// Same returns an error unless all ranks have the settings and the network, in lines, of rank 0.
func (t *Team) Same(settings map[string]string, network []string) error {
	type training struct {
		Settings map[string]string
		Network  []string
	}
	all, err := Tell(t, training{settings, network}, nil)
	if err != nil {
		return err
	}
	zero := all[0]
	for rank, s := range all {
		for _, name := range slices.Sorted(maps.Keys(zero.Settings)) {
			if s.Settings[name] != zero.Settings[name] {
				return fmt.Errorf("rank %d has another training than rank 0: %s is %s, and %s on rank 0", rank, name, s.Settings[name], zero.Settings[name])
			}
		}
		if x, y := describe.Differ(s.Network, zero.Network); x != y {
			return fmt.Errorf("rank %d has another network than rank 0: %s, where rank 0 has %s", rank, x, y)
		}
	}
	return nil
}

// Mine returns those of the numbers from, …, to−1 that are this rank's; all without a team.
func (t *Team) Mine(from, to int) (ns []int) {
	for n := from; n < to; n++ {
		if t == nil || t.Owner(n) == t.Rank {
			ns = append(ns, n)
		}
	}
	return ns
}

// Owner returns whose number n is.
func (t *Team) Owner(n int) int { return n % t.Size }

// Send gives all ranks the bytes that rank 0 has; those of others do not matter.
func (t *Team) Send(b []byte) ([]byte, error) {
	sizes, err := Tell(t, len(b), nil)
	if err != nil || sizes[0] == 0 {
		return nil, err
	}
	to := make([]byte, sizes[0])
	copy(to, b)
	return to, t.ask("Broadcast", func() error { return t.r.Broadcast(to) })
}

// Copy gives all ranks the elements that rank 0 has.
func (t *Team) Copy(d *tensor.Dense) error {
	b, err := bytesOf(d)
	if err != nil {
		return err
	}
	return t.ask("Broadcast", func() error { return t.r.Broadcast(b) })
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
	return t.ask("Sum64", func() error { return t.r.Sum64(x.F64) })
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

// Differ compares tensors over the ranks by their checksums, and returns the first rank with one
// that is not that of rank 0, and which it is; 0 if there is none.
func (t *Team) Differ(ds []*tensor.Dense) (rank, which int, err error) {
	table, sums := crc32.MakeTable(crc32.Castagnoli), []byte(nil)
	for _, d := range ds {
		b, err := bytesOf(d)
		if err != nil {
			return 0, 0, err
		}
		sums = binary.LittleEndian.AppendUint32(sums, crc32.Checksum(b, table))
	}
	all, err := Tell(t, sums, nil)
	if err != nil {
		return 0, 0, err
	}
	for rank, s := range all {
		for i := range ds {
			if at := 4 * i; len(s) != len(sums) || !bytes.Equal(s[at:at+4], all[0][at:at+4]) {
				return rank, i, nil
			}
		}
	}
	return 0, 0, nil
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
