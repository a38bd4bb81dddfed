package main

import (
	"crypto/rand"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/spikegrad/spikegrad/train"
)

var (
	errNoSession    = errors.New("there is no such session: it never was, was deleted, or was idle for too long")
	errBusy         = errors.New("another request of this session is still being answered")
	errManySessions = errors.New("there are as many sessions as the server keeps")
)

// A session is a sequence that a client sends bit by bit: what the network carries from one time
// step to the next stays here. One request at a time has it: enter gives it, leave takes it back.
type session struct {
	sessions *sessions
	id       string
	state    *train.Carried // of whoever has entered

	// Under the lock of sessions.
	steps int
	busy  bool
	last  time.Time
}

// sessions are those there are. They are safe for use by many goroutines.
type sessions struct {
	rest *train.Carried // nil where the network cannot be run step by step
	most int
	idle time.Duration

	mu   sync.Mutex
	open map[string]*session
	end  chan struct{}
	done sync.WaitGroup
}

// newSessions begins to keep sessions, each from the state rest; stop ends it.
func newSessions(rest *train.Carried, most int, idle time.Duration) *sessions {
	all := &sessions{rest: rest, most: most, idle: idle, open: map[string]*session{}, end: make(chan struct{})}
	all.done.Go(func() {
		tick := time.NewTicker(max(idle/4, time.Millisecond))
		defer tick.Stop()
		for {
			select {
			case now := <-tick.C:
				all.sweep(now)
			case <-all.end:
				return
			}
		}
	})
	return all
}

func (all *sessions) stop() {
	close(all.end)
	all.done.Wait()
}

// sweep forgets the sessions that have been idle for too long.
func (all *sessions) sweep(now time.Time) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for id, s := range all.open {
		if !s.busy && now.Sub(s.last) > all.idle {
			delete(all.open, id)
		}
	}
}

// begin opens a session at rest and returns its name, which nobody can guess.
func (all *sessions) begin() (string, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if len(all.open) >= all.most {
		return "", errManySessions
	}
	s := &session{sessions: all, id: rand.Text(), state: all.rest.Clone(), last: time.Now()}
	all.open[s.id] = s
	return s.id, nil
}

// enter gives the caller a session until leave. If at is not nil, the session must have gone so
// many steps.
func (all *sessions) enter(id string, at *int) (*session, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	s := all.open[id]
	switch {
	case s == nil:
		return nil, errNoSession
	case s.busy:
		return nil, errBusy
	case at != nil && *at != s.steps:
		return nil, refuse(http.StatusConflict, "the session has gone %d time steps, the request wants to go on from %d", s.steps, *at)
	}
	s.busy = true
	return s, nil
}

// leave ends what enter began, some time steps later, and returns how many the session has gone.
func (all *sessions) leave(s *session, steps int) int {
	all.mu.Lock()
	defer all.mu.Unlock()
	s.steps += steps
	s.busy, s.last = false, time.Now()
	return s.steps
}

// steps returns how many time steps a session has gone.
func (all *sessions) steps(id string) (int, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	s := all.open[id]
	if s == nil {
		return 0, errNoSession
	}
	return s.steps, nil
}

// remove ends a session.
func (all *sessions) remove(id string) error {
	all.mu.Lock()
	defer all.mu.Unlock()
	switch s := all.open[id]; {
	case s == nil:
		return errNoSession
	case s.busy:
		return errBusy
	}
	delete(all.open, id)
	return nil
}

func (all *sessions) len() int {
	all.mu.Lock()
	defer all.mu.Unlock()
	return len(all.open)
}
