package main

import (
	"net/http"
)

// answered is what the network says of a sample.
type answered struct {
	Class   *int       `json:"class,omitempty"` // with the largest output; not there where there are no classes
	Name    string     `json:"name,omitempty"`
	Outputs []float64  `json:"outputs"` // of a sequence its time steps one after the other
	Heads   []headSaid `json:"heads,omitempty"`
}

type headSaid struct {
	Output  string    `json:"output"`
	Class   *int      `json:"class,omitempty"`
	Outputs []float64 `json:"outputs"`
}

func classOf(c int) *int {
	if c < 0 {
		return nil
	}
	return &c
}

// answer answers POST /v1/answers.
func (s *server) answer(w http.ResponseWriter, r *http.Request) (any, error) {
	in, err := s.read(w, r, s.net.Steps)
	if err != nil {
		return nil, err
	}
	if n := len(in.Input) / s.values; !s.varied && n > 1 && n < s.net.Steps {
		return nil, refuse(http.StatusBadRequest, "the sequence has %d time steps; this network takes one, which is repeated, or %d", n, s.net.Steps)
	}
	if in.At != nil {
		return nil, refuse(http.StatusBadRequest, "at is for sessions")
	}
	j := newJob(r.Context(), in.Input, nil)
	if err := s.pool.put(j); err != nil {
		return nil, err
	}
	said := s.pool.await(j)
	if said.err != nil {
		return nil, said.err
	}
	a := answered{Class: classOf(said.answer.Class), Name: said.answer.Name, Outputs: said.answer.Outputs}
	for _, h := range said.answer.Heads {
		a.Heads = append(a.Heads, headSaid{h.Output, classOf(h.Class), h.Outputs})
	}
	return a, nil
}

// state is where a session stands, and what came of the last time steps: a row for each.
type state struct {
	ID      string      `json:"id"`
	Steps   int         `json:"steps"`
	Outputs [][]float64 `json:"outputs,omitempty"`
}

// begin answers POST /v1/sessions.
func (s *server) begin(http.ResponseWriter, *http.Request) (any, error) {
	switch {
	case s.stepwise != nil:
		return nil, refuse(http.StatusNotFound, "this network has no sessions: %v", s.stepwise)
	case s.stopping.Load():
		return nil, errStopping
	}
	id, err := s.sessions.begin()
	return state{ID: id}, err
}

// steps answers POST /v1/sessions/{id}/steps.
func (s *server) steps(w http.ResponseWriter, r *http.Request) (any, error) {
	in, err := s.read(w, r, s.limits.steps)
	if err != nil {
		return nil, err
	}
	one, err := s.sessions.enter(r.PathValue("id"), in.At)
	if err != nil {
		return nil, err
	}
	j := newJob(r.Context(), in.Input, one)
	if err := s.pool.put(j); err != nil {
		s.sessions.leave(one, 0)
		return nil, err
	}
	// From here on the worker leaves the session, also where nobody waits for it.
	said := s.pool.await(j)
	return state{ID: one.id, Steps: said.steps, Outputs: said.rows}, said.err
}

// session answers GET /v1/sessions/{id}.
func (s *server) session(_ http.ResponseWriter, r *http.Request) (any, error) {
	id := r.PathValue("id")
	steps, err := s.sessions.steps(id)
	return state{ID: id, Steps: steps}, err
}

// end answers DELETE /v1/sessions/{id}.
func (s *server) end(_ http.ResponseWriter, r *http.Request) (any, error) {
	return struct{}{}, s.sessions.remove(r.PathValue("id"))
}

// health answers GET /healthz.
func (s *server) health(http.ResponseWriter, *http.Request) (any, error) {
	if s.stopping.Load() {
		return nil, errStopping
	}
	return map[string]string{"status": "ok"}, nil
}

// nothing answers what is not there.
func (s *server) nothing(_ http.ResponseWriter, r *http.Request) (any, error) {
	return nil, refuse(http.StatusNotFound, "there is no %s %s", r.Method, r.URL.Path)
}
