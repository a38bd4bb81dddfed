package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/safetensors"
	"github.com/spikegrad/spikegrad/internal/team"
)

// A Reducer connects the processes of a training, its ranks: mpi.World is one. All ranks
// call the same methods in the same order, each of which waits for the others. After an
// error none is called any more.
type Reducer interface {
	Rank() int // of this process, from 0 to Size−1
	Size() int
	// Sum32 and Sum64 add up x over the ranks, element by element and in place. All get the
	// same bits.
	Sum32(x []float32) error
	Sum64(x []float64) error
	// Broadcast gives all ranks the bytes of rank 0, in place.
	Broadcast(b []byte) error
	// Gather returns what each rank gave, by rank, on all of them; lengths may differ.
	Gather(b []byte) ([][]byte, error)
}

// join returns the ranks of a training, nil without Reduce, and its settings on this one:
// what speaks, or reads and writes checkpoints, does so on rank 0 alone.
func (t *Trainer) join() (*team.Team, *Trainer, error) {
	ranks, err := teamOf(t.Reduce)
	if err != nil {
		return nil, t, fmt.Errorf("train: %w", err)
	}
	if ranks == nil {
		return nil, t, nil
	}
	if ranks.Rank > 0 {
		quiet := *t
		quiet.Checkpoints, quiet.Resume, quiet.OnBatch, quiet.OnEpoch, quiet.Observers = nil, nil, nil, nil, nil
		quiet.OnWarning, quiet.OnFinding = func(error) {}, func(diagnose.Finding) {}
		t = &quiet
	}
	return ranks, t, nil
}

// teamOf returns the ranks that a Reducer connects, nil without one.
func teamOf(r Reducer) (*team.Team, error) {
	if r == nil {
		return nil, nil
	}
	if isNil(r) {
		return nil, fmt.Errorf("the Reducer is nil: %T, want one, or none for one process", r)
	}
	return team.New(r, ErrNotFinite)
}

// separate returns an error unless the batches of f can be seen in any order, by several ranks.
func separate(f *feed.Feeder, enc encode.Encoder, t *team.Team) error {
	_, stateful := enc.(marshaler)
	switch {
	case t == nil || t.Size == 1:
		return nil
	case f.Parts != nil:
		return errors.New("the samples are parts of longer sequences, which go on from batch to batch: want one rank")
	case stateful && !isNil(enc):
		return errors.New("the encoder has a state of its own, which goes on from batch to batch: want one rank")
	}
	return nil
}

// shareable returns an error unless several ranks can share the training.
func (r *trainRun) shareable() error {
	m, n := r.Model, 1
	if r.ranks != nil {
		n = r.ranks.Size
	}
	if a := max(r.Accumulate, 1); r.Synchronised && a != n {
		return fmt.Errorf("train: Synchronised makes the batches of a step one, a part for each rank: Accumulate is %d, and there are %d ranks; want as many, or larger batches", a, n)
	}
	if n == 1 {
		return nil
	}
	switch {
	case m.restless():
		return errors.New("train: ranks cannot share a step where the weights change within a batch; leave out Window or Reduce, or learn at the end of sequences")
	case max(r.Accumulate, 1)%n != 0:
		return fmt.Errorf("train: there are %d ranks, and Accumulate is %d: want a multiple of the ranks, which share the batches of a step", n, r.Accumulate)
	}
	if err := separate(r.feed, r.Encoder, r.ranks); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	for _, b := range m.build.Buffers {
		switch {
		case b.Next == nil || b.Joined && r.Synchronised:
		case b.Joined:
			return fmt.Errorf("train: the network has statistics of a batch, %s, which go on from batch to batch: want Synchronised, with which they are of all batches of a step, or one rank, or a normalisation without them", b.Node.Name())
		default:
			return fmt.Errorf("train: the network has a buffer, %s, that each batch changes, and ranks would change in different ways: want one rank, or a Next that is Joined", b.Node.Name())
		}
	}
	return nil
}

// gathering is how all ranks begin: with the settings of rank 0, from where that does, with its
// weights.
func (r *trainRun) gathering() error {
	t := r.ranks
	if t == nil {
		return nil
	}
	if err := r.compare(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	var whole bytes.Buffer
	path := ""
	var err error
	if r.Resume != nil {
		path, err = r.Resume.Path, r.Resume.write(&whole)
	}
	if err = t.Agree(context.Background(), err); err != nil {
		return err
	}
	from, err := t.Send([]byte(path))
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	file, err := t.Send(whole.Bytes())
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if t.Rank > 0 && len(file) > 0 {
		err = r.goOn(string(from), file)
	}
	if err = t.Agree(context.Background(), err); err != nil {
		return err
	}
	return r.Model.family.Change(func() error {
		for _, p := range r.Model.all() {
			if err := t.Copy(p.value); err != nil {
				return fmt.Errorf("train: %w", err)
			}
		}
		return nil
	})
}

// goOn goes on from the checkpoint that rank 0 has read.
func (r *trainRun) goOn(path string, file []byte) error {
	f, err := safetensors.Read(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return err
	}
	c, err := decode(f)
	if err != nil {
		return err
	}
	c.Path, r.layers, r.Resume = path, r.Model.structure(), c
	return r.resume(c)
}

// compare returns an error unless all ranks have the same settings, and takes over from rank 0
// whether somebody hears of batches.
func (r *trainRun) compare() error {
	mine := r.settings()
	maps.Copy(mine, map[string]string{
		"the seed": strconv.FormatUint(r.Seed, 10), "the seed of the model": strconv.FormatUint(r.Model.net.Seed, 10), "the number of samples": strconv.Itoa(r.feed.N),
		"ValidateEvery": strconv.Itoa(r.ValidateEvery), "Doctor": strconv.FormatBool(r.Doctor), "Deterministic": strconv.FormatBool(r.Deterministic),
	})
	if err := r.ranks.Same(mine, r.Model.structure()); err != nil {
		return err
	}
	all, err := team.Tell(r.ranks, struct{ Told, Watched bool }{r.told, r.Model.watched}, nil)
	if err != nil {
		return err
	}
	r.told = all[0].Told
	return r.Model.watch(all[0].Watched)
}

// often is after how many steps of the optimiser the weights of the ranks are compared.
const often = 100

// same returns an error unless the weights of all ranks are the same, if it is time to look or now.
func (r *trainRun) same(now bool) error {
	if r.ranks == nil || r.ranks.Size == 1 {
		return nil
	}
	if r.unseen++; r.unseen < often && !now {
		return nil
	}
	r.unseen = 0
	if err := r.ranks.Differ(namesOf(r.Model.all()), valuesOf(r.Model.all())); err != nil {
		return fmt.Errorf("after %d batches: %w", r.step(), err)
	}
	return nil
}
