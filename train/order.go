package train

import (
	"math/rand/v2"
	"slices"

	"github.com/spikegrad/spikegrad/data"
)

// epoch returns the samples of each batch of an epoch of training.
func (f *feeder) epoch(seed uint64, epoch int) ([][]int, error) {
	if f.parts != nil {
		return f.parts.deal(f.m.net.Batch, rand.New(rand.NewPCG(seed, uint64(epoch)))), nil
	}
	order, err := data.Order(f.n, seed, epoch)
	if err != nil {
		return nil, err
	}
	return chunks(order, f.m.net.Batch), nil
}

// inOrder returns the samples of each batch of an evaluation.
func (f *feeder) inOrder() [][]int {
	if f.parts != nil {
		return f.parts.deal(f.m.net.Batch, nil)
	}
	all := make([]int, f.n)
	for i := range all {
		all[i] = i
	}
	return chunks(all, f.m.net.Batch)
}

// deal returns the samples of each batch of so many places. Every place goes
// through sequences one after the other, the longest ones having been dealt to the
// emptiest places, so that the number of batches does not depend on r. A nil r
// leaves the order as it is.
func (p *parts) deal(batch int, r *rand.Rand) [][]int {
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

// seeded returns the generator of a batch. It depends on nothing that ran before.
func seeded(seed uint64, epoch, batch int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(epoch+1)<<32|uint64(uint32(batch))))
}

// evaluation stands in the place of the epoch for what is drawn in evaluation.
const evaluation = -1
