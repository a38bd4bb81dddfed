// Package team lets the processes of a training, its ranks, speak with each other: each tells all
// what it has, or why it has none, so that all go on or all end.
package team

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spikegrad/spikegrad/internal/describe"
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

// Hear returns what each rank says, by rank, if none has an error. Else all return one: their own,
// or that of the first rank that has one. Of what all have returned none speaks again: so one may
// hear of it in the midst of what others do.
func (t *Team) Hear(mine []byte, err error) ([][]byte, error) {
	var known knownError
	if errors.As(err, &known) {
		return nil, err
	}
	// The first byte says whether the others are an error: 0 that they are not, else 1 + the place in kinds
	// of what it is, or 255.
	say := append([]byte{0}, mine...)
	if err != nil {
		say = append([]byte{255}, err.Error()...)
		for i, kind := range t.kinds {
			if errors.Is(err, kind) {
				say[0] = byte(1 + i)
			}
		}
	}
	all, e := t.gather(say)
	if e != nil {
		return nil, errors.Join(err, e)
	}
	for rank, b := range all {
		switch {
		case len(b) == 0:
			return nil, errors.Join(err, fmt.Errorf("rank %d said nothing", rank))
		case b[0] != 0 && err == nil:
			of := rankError{rank: rank, text: string(b[1:])}
			if k := int(b[0]) - 1; k < len(t.kinds) {
				of.kind = t.kinds[k]
			}
			err = of
		}
		all[rank] = b[1:]
	}
	if err != nil {
		return nil, knownError{err}
	}
	return all, nil
}

// A knownError is one that all ranks have heard of.
type knownError struct{ error }

func (e knownError) Unwrap() error { return e.error }

// Tell returns what each rank has, by rank, or an error as Hear does.
func Tell[T any](t *Team, mine T, err error) ([]T, error) {
	var b bytes.Buffer
	if err == nil {
		err = gob.NewEncoder(&b).Encode(struct{ Of T }{mine})
	}
	from, err := t.Hear(b.Bytes(), err)
	if err != nil {
		return nil, err
	}
	all := make([]T, len(from))
	for rank, b := range from {
		var w struct{ Of T }
		if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&w); err != nil {
			return nil, fmt.Errorf("what rank %d said makes no sense: %w", rank, err)
		}
		all[rank] = w.Of
	}
	return all, nil
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

// Sized returns an error unless all ranks have found as many of something, if none has an error.
func (t *Team) Sized(n int, of string, err error) error {
	if t == nil {
		return err
	}
	all, err := Tell(t, n, err)
	for rank, k := range all {
		if k != all[0] {
			return fmt.Errorf("rank %d has %d %s, and rank 0 %d", rank, k, of, all[0])
		}
	}
	return err
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
