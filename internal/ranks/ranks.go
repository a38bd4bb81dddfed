// Package ranks lets goroutines be the ranks of a training, as package mpi lets
// processes: for tests, and to count what goes between them.
package ranks

import (
	"fmt"
	"slices"
	"sync"
)

// A Rank is one of several goroutines that train together. It is a train.Reducer, and
// for one goroutine.
type Rank struct {
	rank int
	hall *hall
}

// A hall is where the ranks meet.
type hall struct {
	mu     sync.Mutex
	all    sync.Cond
	brings []any // by rank
	came   int
	round  int
	took   []any // what all brought to the last round
	gone   error // who has left
	calls  int
	bytes  int
}

// New returns so many ranks.
func New(n int) []*Rank {
	h := &hall{brings: make([]any, n)}
	h.all.L = &h.mu
	rs := make([]*Rank, n)
	for i := range rs {
		rs[i] = &Rank{i, h}
	}
	return rs
}

// Rank returns the number of the rank, from 0 on.
func (r *Rank) Rank() int { return r.rank }

// Size returns how many there are.
func (r *Rank) Size() int { return len(r.hall.brings) }

// Leave ends the part of this rank: what the others wait for returns an error that names it.
func (r *Rank) Leave() {
	r.hall.mu.Lock()
	defer r.hall.mu.Unlock()
	if r.hall.gone == nil {
		r.hall.gone = fmt.Errorf("ranks: rank %d has left", r.rank)
	}
	r.hall.all.Broadcast()
}

// Traffic returns how often the ranks have met so far, and how many bytes a rank brought,
// on average.
func (r *Rank) Traffic() (calls, bytes int) {
	r.hall.mu.Lock()
	defer r.hall.mu.Unlock()
	return r.hall.calls, r.hall.bytes / len(r.hall.brings)
}

// meet waits until all ranks are there, and returns what they brought.
func (r *Rank) meet(v any, bytes int) ([]any, error) {
	h := r.hall
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.gone != nil {
		return nil, h.gone
	}
	h.brings[r.rank] = v
	h.came++
	h.bytes += bytes
	if h.came == len(h.brings) {
		h.took, h.came = slices.Clone(h.brings), 0
		h.round++
		h.calls++
		h.all.Broadcast()
		return h.took, nil
	}
	for round := h.round; h.round == round; h.all.Wait() {
		if h.gone != nil {
			return nil, h.gone
		}
	}
	return h.took, nil
}

// Sum32 adds up x over all ranks, in their order.
func (r *Rank) Sum32(x []float32) error { return sum(r, x, 4) }

// Sum64 is Sum32 for float64.
func (r *Rank) Sum64(x []float64) error { return sum(r, x, 8) }

func sum[F float32 | float64](r *Rank, x []F, size int) error {
	all, err := r.meet(slices.Clone(x), size*len(x))
	if err != nil {
		return err
	}
	for i, v := range all {
		v, ok := v.([]F)
		if !ok || len(v) != len(x) {
			return fmt.Errorf("ranks: rank %d brought %T, rank %d %T of another length", i, all[i], r.rank, x)
		}
		if i == 0 {
			clear(x)
		}
		for k := range x {
			x[k] += v[k]
		}
	}
	return nil
}

// Broadcast gives all ranks what rank 0 has in b.
func (r *Rank) Broadcast(b []byte) error {
	all, err := r.meet(slices.Clone(b), len(b))
	if err != nil {
		return err
	}
	from, ok := all[0].([]byte)
	if !ok || len(from) != len(b) {
		return fmt.Errorf("ranks: rank 0 brought %T, want %d bytes", all[0], len(b))
	}
	copy(b, from)
	return nil
}

// Gather returns what each rank brought.
func (r *Rank) Gather(b []byte) ([][]byte, error) {
	all, err := r.meet(slices.Clone(b), len(b))
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(all))
	for i, v := range all {
		var ok bool
		if out[i], ok = v.([]byte); !ok {
			return nil, fmt.Errorf("ranks: rank %d brought %T, want bytes", i, v)
		}
		out[i] = slices.Clone(out[i])
	}
	return out, nil
}
