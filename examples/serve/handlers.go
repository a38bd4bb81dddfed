package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// A refusal is an answer that is an error.
type refusal struct {
	status int
	reason string
}

func (r refusal) Error() string { return r.reason }

func refuse(status int, format string, args ...any) refusal {
	return refusal{status, fmt.Sprintf(format, args...)}
}

// gone is the status that is counted where the client did not wait; nobody sees it else.
const gone = 499

// statusOf returns the status by which an error is told.
func statusOf(err error) int {
	var r refusal
	switch {
	case errors.As(err, &r):
		return r.status
	case errors.Is(err, errNoSession):
		return http.StatusNotFound
	case errors.Is(err, errBusy):
		return http.StatusConflict
	case errors.Is(err, errManySessions):
		return http.StatusTooManyRequests
	case errors.Is(err, errFull), errors.Is(err, errStopping):
		return http.StatusServiceUnavailable
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	case errors.Is(err, context.Canceled):
		return gone
	}
	return http.StatusInternalServerError
}

// routes returns what answers which request:
//
//	POST   /v1/answers              {"input": [x, …]}           what the network says of a sample: a time step, which is repeated, or a sequence
//	POST   /v1/sessions                                         a session begins: {"id": "…", "steps": 0}
//	POST   /v1/sessions/{id}/steps  {"input": [x, …], "at": 0}  moves it on by one or several time steps; at, if given, is how many it has gone
//	GET    /v1/sessions/{id}                                    how many it has gone
//	DELETE /v1/sessions/{id}                                    it ends
//	GET    /healthz                                             status 200, or 503 while the server stops
//	GET    /metrics                                             in the text form of Prometheus
//
// Values stand in a row, time step after time step. ?timeout=50ms shortens the time that a request
// may take. An error is {"error": "reason"}.
func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	for route, f := range map[string]func(http.ResponseWriter, *http.Request) (any, error){
		"POST /v1/answers": s.answer, "POST /v1/sessions": s.begin, "POST /v1/sessions/{id}/steps": s.steps,
		"GET /v1/sessions/{id}": s.session, "DELETE /v1/sessions/{id}": s.end, "GET /healthz": s.health, "/": s.nothing,
	} {
		mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) { s.serve(route, f, w, r) })
	}
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		s.metrics.write(w, len(s.pool.queue), s.sessions.len())
	})
	return mux
}

// serve answers a request by f within its time, in JSON, and counts it.
func (s *server) serve(route string, f func(http.ResponseWriter, *http.Request) (any, error), w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	status, body := http.StatusOK, any(nil)
	timeout, err := s.timeout(r)
	if err == nil {
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		body, err = f(w, r.WithContext(ctx))
	}
	if err != nil {
		status = statusOf(err)
		body = map[string]string{"error": err.Error()}
		switch status {
		case http.StatusServiceUnavailable, http.StatusTooManyRequests:
			w.Header().Set("Retry-After", "1")
		case http.StatusGatewayTimeout:
			body = map[string]string{"error": fmt.Sprintf("there was no answer within %v", timeout)}
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error": "the answer is not to be said in JSON"}`)
	}
	s.metrics.count(route, status, time.Since(began).Seconds())
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // an error means that the client has gone
}

// timeout returns how long a request may take: as long as it says, and no longer than any.
func (s *server) timeout(r *http.Request) (time.Duration, error) {
	text := r.URL.Query().Get("timeout")
	if text == "" {
		return s.limits.timeout, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, refuse(http.StatusBadRequest, "timeout is %q, want a time such as 50ms", text)
	}
	return min(d, s.limits.timeout), nil
}

// input is the body of a request.
type input struct {
	Input []float32 `json:"input"`
	At    *int      `json:"at,omitempty"`
}

// read returns the body of a request, with 1 to most time steps. A client that sends it too slowly
// is not waited for.
func (s *server) read(w http.ResponseWriter, r *http.Request, most int) (in input, err error) {
	c := http.NewResponseController(w)
	if at, ok := r.Context().Deadline(); ok {
		_ = c.SetReadDeadline(at) // what cannot do this has no connection to wait for
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.limits.bytes))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return in, refuse(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", large.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return in, refuse(http.StatusRequestTimeout, "the body did not come in time")
	case err != nil:
		return in, refuse(http.StatusBadRequest, "the body: %v", err)
	}
	_ = c.SetReadDeadline(time.Time{}) // else it would end the request later
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err = d.Decode(&in); err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("there is more behind it")
		}
	}
	if err == nil && bytes.Contains(text, []byte("null")) {
		err = errors.New("null is no number") // which would count as 0
	}
	if err != nil {
		return in, refuse(http.StatusBadRequest, `the body, want {"input": [numbers]}: %v`, err)
	}
	steps := len(in.Input) / s.values
	switch {
	case steps > most:
		return in, refuse(http.StatusRequestEntityTooLarge, "the input has %d values, want at most %d, those of %d time steps", len(in.Input), most*s.values, most)
	case steps < 1 || steps*s.values != len(in.Input):
		return in, refuse(http.StatusBadRequest, "the input has %d values, want %d, those of one time step of shape %v, or so many times that", len(in.Input), s.values, s.net.Shape)
	}
	return in, nil
}
