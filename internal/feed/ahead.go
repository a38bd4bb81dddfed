package feed

import (
	"math/rand/v2"
	"sync"
)

// An Ahead loads the batches of a plan ahead of who uses them, by several goroutines. They come in
// the order of the plan, and are what Fetch would have made of them, to the last bit: a batch
// depends on its samples and its generator alone.
type Ahead struct {
	free  chan *Feeder
	order chan chan loaded // of the batches, as they come in the plan
	stop  chan struct{}
	done  sync.WaitGroup
	now   *Feeder // in use
}

// loaded is a batch, or why there is none.
type loaded struct {
	f   *Feeder
	r   *rand.Rand
	err error
}

// Ahead begins to load batches of a plan, those of the numbers in which, by so many goroutines,
// each with the generator that seeded returns. The data set and the encoder must bear that. Stop ends
// it.
func (f *Feeder) Ahead(loaders int, plan [][]int, which []int, seeded func(batch int) *rand.Rand) *Ahead {
	a := &Ahead{free: make(chan *Feeder, loaders+1), order: make(chan chan loaded, loaders+1), stop: make(chan struct{})}
	for range loaders + 1 { // one is in use
		a.free <- f.twin()
	}
	type job struct {
		batch int
		f     *Feeder
		to    chan loaded
	}
	jobs := make(chan job, loaders+1)
	a.done.Add(1 + loaders)
	go func() {
		defer a.done.Done()
		defer close(jobs)
		for _, b := range which {
			select {
			case <-a.stop:
				return
			case f := <-a.free:
				to := make(chan loaded, 1)
				a.order <- to
				jobs <- job{b, f, to}
			}
		}
	}()
	for range loaders {
		go func() {
			defer a.done.Done()
			for j := range jobs {
				r := seeded(j.batch)
				j.to <- loaded{j.f, r, j.f.Fetch(plan[j.batch], r)}
			}
		}()
	}
	return a
}

// Next returns a Feeder with the next batch and the generator as Fetch has left it; the one before
// is not to be used any more.
func (a *Ahead) Next() (*Feeder, *rand.Rand, error) {
	if a.now != nil {
		a.free <- a.now
	}
	l := <-<-a.order
	a.now = l.f
	return l.f, l.r, l.err
}

// Stop ends the loading, and waits for what is being read. What Next has returned last stays as it
// is.
func (a *Ahead) Stop() {
	if a != nil {
		close(a.stop)
		a.done.Wait()
	}
}

// twin returns a Feeder of the same data with memory of its own. What it calls of somebody's must
// not use the model.
func (f *Feeder) twin() *Feeder {
	t := new(Feeder)
	*t = *f
	t.in.Lend = func(read func() error) error { return read() }
	t.Labels, t.weights = make([]int, f.in.Batch), make([]float64, f.in.Batch)
	t.Steps, t.Length, t.Starts = make([]float32, f.in.Batch), make([]float32, f.in.Batch), make([]float32, f.in.Batch)
	t.target, t.one = make([]float32, len(f.target)), make([]float32, len(f.one))
	t.allocate()
	return t
}
