package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/model"
	"github.com/spikegrad/spikegrad/train"
)

// limits are what the server takes on. All are at least 1.
type limits struct {
	batch    int           // samples computed together
	wait     time.Duration // for them
	workers  int           // that compute at the same time
	waiting  int           // requests in the queue
	bytes    int64         // of a body
	steps    int           // of a request of a session
	sessions int
	idle     time.Duration // after which a session is forgotten
	timeout  time.Duration // of a request
}

func defaults() limits {
	return limits{
		batch: 16, wait: time.Millisecond, workers: runtime.GOMAXPROCS(0), waiting: 256, bytes: 1 << 20, steps: 1000,
		sessions: 100, idle: 5 * time.Minute, timeout: 2 * time.Second,
	}
}

// A server answers for a model over HTTP; see [server.routes]. It is an http.Handler, for many
// goroutines.
type server struct {
	http.Handler
	net      train.Network
	values   int  // of a time step
	varied   bool // sequences may be shorter than the network's
	pool     *pool
	sessions *sessions
	stepwise error // why there are none; nil where there are
	metrics  *metrics
	limits   limits
	stopping atomic.Bool
}

// newServer loads a model and starts its workers; close ends them.
func newServer(path string, l limits) (*server, error) {
	m, err := load(path, l.batch)
	if err != nil {
		return nil, err
	}
	s := &server{net: m.Network(), metrics: newMetrics(), limits: l}
	s.values = tensor.Shape(s.net.Shape).TotalSize()
	s.varied = true
	if s.net.Steps > 2 {
		_, err := m.Answers(context.Background(), nil, make([]float32, (s.net.Steps-1)*s.values))
		s.varied = err == nil
	}
	var rest *train.Carried
	rest, s.stepwise = m.Rest(1)
	replicas := make([]*train.Model, l.workers)
	for i := range replicas {
		if replicas[i], err = m.Replica(); err != nil {
			return nil, err
		}
		if s.stepwise == nil { // builds what steps need, so that no request waits for it
			if _, err := replicas[i].Rest(1); err != nil {
				return nil, err
			}
		}
	}
	s.pool = &pool{queue: make(chan *job, l.waiting), batch: s.net.Batch, wait: l.wait, batches: s.metrics.batches, steps: s.values}
	s.pool.start(replicas)
	s.sessions = newSessions(rest, l.sessions, l.idle)
	s.Handler = s.routes()
	return s, nil
}

// load compiles the network of a file for batches of one size. A convolution may add up in an
// order that depends on how many spikes the whole batch has, so that a network with one answers
// for one sample at a time: an answer is to have the bits that it has alone.
func load(path string, batch int) (*train.Model, error) {
	n, err := model.Read(path)
	if err != nil {
		return nil, err
	}
	n.Batch = batch
	m, err := n.Compile()
	if err != nil {
		return nil, err
	}
	for _, w := range m.Tensors() {
		if w.Dims() > 2 && n.Batch > 1 {
			n.Batch = 1
			if m, err = n.Compile(); err != nil {
				return nil, err
			}
			break
		}
	}
	return m, m.LoadWeights(path)
}

// close waits for the workers, which first answer what is in the queue.
func (s *server) close() {
	s.pool.stop()
	s.sessions.stop()
}

// run serves until the context ends, and then finishes what is in flight, for at most a grace.
func (s *server) run(ctx context.Context, l net.Listener, grace time.Duration) error {
	defer s.close()
	h := &http.Server{
		Handler: s, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 1 << 14,
		WriteTimeout: s.limits.timeout + 5*time.Second, // a client that does not read
	}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := h.Shutdown(limited)
	if err != nil {
		err = fmt.Errorf("requests were cut off that took longer than %v to finish: %w", grace, errors.Join(err, h.Close()))
	}
	<-ended
	return err
}
