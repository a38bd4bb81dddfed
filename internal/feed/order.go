package feed

import (
	"math/rand/v2"
	"slices"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// Epoch returns the samples of each batch of an epoch of training.
func (f *Feeder) Epoch(seed uint64, epoch int) ([][]int, error) {
	if e, ok := f.d.(data.Epochal); ok {
		if err := guard.Call("Epoch", "data set", f.d, func() error { e.Epoch(epoch); return nil }); err != nil {
			return nil, err
		}
	}
	if f.Parts != nil {
		return f.Parts.deal(f.in.Batch, rand.New(rand.NewPCG(seed, uint64(epoch)))), nil
	}
	order, err := data.Order(f.N, seed, epoch)
	if err != nil {
		return nil, err
	}
	return chunks(order, f.in.Batch), nil
}

// InOrder returns the samples of each batch of an evaluation.
func (f *Feeder) InOrder() [][]int {
	if f.Parts != nil {
		return f.Parts.deal(f.in.Batch, nil)
	}
	all := make([]int, f.N)
	for i := range all {
		all[i] = i
	}
	return chunks(all, f.in.Batch)
}

// deal returns the samples of each batch of so many places. Every place goes
// through sequences one after the other, the longest ones having been dealt to the
// emptiest places, so that the number of batches does not depend on r. A nil r
// leaves the order as it is.
func (p *Parts) deal(batch int, r *rand.Rand) [][]int {
	seqs := slices.Clone(p.sequences)
	shuffle := func(s [][]int) {
		if r != nil {
			r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
		}
	}
	shuffle(seqs)
	slices.SortStableFunc(seqs, func(a, b []int) int { return len(b) - len(a) })
	places, load := make([][][]int, batch), make([]int, batch)
	for _, s := range seqs {
		k := slices.Index(load, slices.Min(load))
		places[k], load[k] = append(places[k], s), load[k]+len(s)
	}
	batches := make([][]int, slices.Max(load))
	for _, s := range places {
		shuffle(s)
		for b, i := range slices.Concat(s...) {
			batches[b] = append(batches[b], i)
		}
	}
	return batches
}

func chunks(x []int, n int) [][]int { return slices.Collect(slices.Chunk(x, n)) }

// Evaluation stands in the place of the epoch for what is drawn in evaluation.
const Evaluation = -1

// Seeded returns the generator of a batch. It depends on nothing that ran before.
func Seeded(seed uint64, epoch, batch int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(epoch+1)<<32|uint64(uint32(batch))))
}
