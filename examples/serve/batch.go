package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spikegrad/spikegrad/train"
)

var (
	errFull     = errors.New("too many requests wait already")
	errStopping = errors.New("the server stops")
)

// A job is what a worker does for one request: it answers for a whole sample or, with a session,
// moves that on by some time steps.
type job struct {
	ctx     context.Context
	x       []float32 // time steps in a row
	session *session  // nil for a whole sample
	ended   atomic.Bool
	reply   chan reply // has room for one
}

// A reply is a worker's.
type reply struct {
	answer train.Answer
	rows   [][]float64 // outputs of a session, one row a time step
	steps  int         // that the session has gone
	err    error
}

func newJob(ctx context.Context, x []float32, s *session) *job {
	return &job{ctx: ctx, x: x, session: s, reply: make(chan reply, 1)}
}

// claim says how a job ends, once: by the worker, with a reply, or by the handler, which does not
// wait any longer. So a session never moves for a request that was told that it was too late.
func (j *job) claim() bool { return j.ended.CompareAndSwap(false, true) }

// A pool answers requests by replicas of a model, one a worker. Requests that come within a
// moment are one batch. It is safe for use by many goroutines.
type pool struct {
	queue   chan *job
	batch   int
	wait    time.Duration
	batches *histogram
	steps   int        // values of a time step
	turn    sync.Mutex // one worker gathers at a time, so that a batch is not split among them
	workers sync.WaitGroup

	mu     sync.RWMutex // held by those who send to the queue, and by the one who closes it
	closed bool
}

// start begins to answer; stop ends it. Each replica belongs to a worker from now on.
func (p *pool) start(replicas []*train.Model) {
	for _, m := range replicas {
		p.workers.Go(func() {
			for jobs := p.gather(); jobs != nil; jobs = p.gather() {
				p.answer(m, jobs)
			}
		})
	}
}

// stop waits until all that is in the queue is answered, and the workers have ended.
func (p *pool) stop() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.queue)
	}
	p.mu.Unlock()
	p.workers.Wait()
}

// put enters a job into the queue, or says why it cannot.
func (p *pool) put(j *job) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return errStopping
	}
	select {
	case p.queue <- j:
		return nil
	default:
		return errFull
	}
}

// await returns the reply to a job in the queue, or the error of its context if that ends before.
func (p *pool) await(j *job) reply {
	select {
	case r := <-j.reply:
		return r
	case <-j.ctx.Done():
		if j.claim() {
			return reply{err: j.ctx.Err()}
		}
		return <-j.reply // which is on its way
	}
}

// gather returns the next jobs: whole samples that come within a moment, or a request of a
// session, which does not wait for others. It returns nil when there will be no more.
func (p *pool) gather() []*job {
	p.turn.Lock()
	defer p.turn.Unlock()
	first, open := <-p.queue
	if !open {
		return nil
	}
	all := []*job{first}
	late := time.NewTimer(p.wait)
	defer late.Stop()
	for len(all) < p.batch && all[len(all)-1].session == nil {
		select {
		case j, open := <-p.queue:
			if !open {
				return all
			}
			all = append(all, j)
		case <-late.C:
			return all
		}
	}
	return all
}

// answer replies to some jobs. Samples of one length make a batch; of those whose client has gone
// nothing is computed.
func (p *pool) answer(m *train.Model, jobs []*job) {
	byLength := map[int][]*job{}
	for _, j := range jobs {
		if j.session == nil && j.ctx.Err() == nil {
			byLength[len(j.x)] = append(byLength[len(j.x)], j)
		}
	}
	for _, same := range byLength {
		p.together(m, same)
	}
	if last := jobs[len(jobs)-1]; last.session != nil { // no other one is, see gather
		p.move(m, last)
	}
}

// together answers for samples of one length in one batch. Should that fail, each is asked for
// alone, so that no request gets the error of another.
func (p *pool) together(m *train.Model, jobs []*job) {
	p.batches.observe(float64(len(jobs)))
	samples := make([][]float32, len(jobs))
	for i, j := range jobs {
		samples[i] = j.x
	}
	answers, err := m.Answers(context.Background(), nil, samples...)
	if err != nil && len(jobs) > 1 {
		for _, j := range jobs {
			p.together(m, []*job{j})
		}
		return
	}
	for i, j := range jobs {
		r := reply{err: err}
		if err == nil {
			r.answer, r.err = answers[i], finite(answers[i].Outputs)
		}
		if j.claim() {
			j.reply <- r
		}
	}
}

// move moves a session on by all time steps of a request, or not at all.
func (p *pool) move(m *train.Model, j *job) {
	s := j.session
	state, r := s.state.Clone(), reply{}
	for x := j.x; len(x) > 0 && r.err == nil; x = x[p.steps:] {
		if r.err = j.ctx.Err(); r.err != nil {
			break
		}
		y, err := m.Step(state, x[:p.steps])
		if err != nil {
			r.err = err
			break
		}
		row := float64s(y.Data())
		r.rows, r.err = append(r.rows, row), finite(row)
	}
	mine := j.claim()
	if mine && r.err == nil {
		s.state = state
		r.steps = s.sessions.leave(s, len(r.rows))
	} else {
		s.sessions.leave(s, 0)
	}
	if mine {
		j.reply <- r
	}
}

// finite returns an error if an output is none that JSON can say.
func finite(y []float64) error {
	for i, v := range y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("output %d is %v, no finite number", i, v)
		}
	}
	return nil
}

// float64s returns a copy of the elements of a tensor.
func float64s(x any) []float64 {
	switch x := x.(type) {
	case []float32:
		y := make([]float64, len(x))
		for i, v := range x {
			y[i] = float64(v)
		}
		return y
	case []float64:
		return append([]float64(nil), x...)
	}
	return nil
}
