package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/layers"
)

// get sends a request without a network, and returns the status and the body.
func get(s *server, method, path, body string) (int, string) {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func serverFor(t *testing.T, path string, l limits) *server {
	t.Helper()
	s, err := newServer(path, l)
	require.NoError(t, err)
	t.Cleanup(s.close)
	return s
}

// What cannot be answered is refused with the reason and a status that says whose fault it is.
func TestRefuses(t *testing.T) {
	path, _ := file(t, small())
	l := defaults()
	l.batch, l.workers, l.bytes, l.steps, l.sessions = 5, 1, 200, 3, 1
	s := serverFor(t, path, l)
	status, body := get(s, "POST", "/v1/sessions", "")
	require.Equal(t, http.StatusOK, status)
	id := regexp.MustCompile(`"id":"(\w+)"`).FindStringSubmatch(body)[1]
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/v1/answers", ``, 400, `the body, want {\"input\": [numbers]}: EOF`},
		{"POST", "/v1/answers", `{`, 400, "unexpected EOF"},
		{"POST", "/v1/answers", `{"input": [1, null, 2, 3]}`, 400, "null is no number"},
		{"POST", "/v1/answers", `{"input": [1, 2, 3, 1e60]}`, 400, "1e60"},
		{"POST", "/v1/answers", `{"input": [1, 2, 3, "4"]}`, 400, "string"},
		{"POST", "/v1/answers", `{"inputs": [1, 2, 3, 4]}`, 400, "unknown field"},
		{"POST", "/v1/answers", `{"input": [1, 2, 3, 4]} 5`, 400, "there is more behind it"},
		{"POST", "/v1/answers", `{"input": [1, 2, 3]}`, 400, "the input has 3 values, want 4, those of one time step of shape [4]"},
		{"POST", "/v1/answers", `{"input": []}`, 400, "the input has 0 values"},
		{"POST", "/v1/answers", `{"input": [1, 2, 3, 4], "at": 3}`, 400, "at is for sessions"},
		{"POST", "/v1/answers?timeout=soon", `{"input": [1, 2, 3, 4]}`, 400, `timeout is \"soon\", want a time such as 50ms`},
		{"POST", "/v1/answers?timeout=1ns", `{"input": [1, 2, 3, 4]}`, 504, "there was no answer within 1ns"},
		{"POST", "/v1/answers", `{"input": [` + strings.Repeat("0,", 51) + `0]}`, 413, "the input has 52 values, want at most 48, those of 12 time steps"},
		{"POST", "/v1/answers", `{"input": [` + strings.Repeat("0,", 200) + `0]}`, 413, "the body has more than 200 bytes"},
		{"POST", "/v1/sessions", ``, 429, "there are as many sessions as the server keeps"},
		{"POST", "/v1/sessions/" + id + "/steps", `{"input": [1, 2, 3, 4], "at": 2}`, 409, "the session has gone 0 time steps, the request wants to go on from 2"},
		{"POST", "/v1/sessions/" + id + "/steps", `{"input": [1, 2, 3]}`, 400, "the input has 3 values"},
		{"POST", "/v1/sessions/" + id + "/steps", `{"input": [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}`, 413, "want at most 12, those of 3 time steps"},
		{"POST", "/v1/sessions/" + id + "/steps?timeout=1ns", `{"input": [1, 2, 3, 4]}`, 504, "no answer within"},
		{"POST", "/v1/sessions/other/steps", `{"input": [1, 2, 3, 4]}`, 404, "there is no such session"},
		{"GET", "/v1/sessions/other", ``, 404, "there is no such session"},
		{"DELETE", "/v1/sessions/other", ``, 404, "there is no such session"},
		{"GET", "/v1/answers", ``, 404, "there is no GET /v1/answers"},
		{"GET", "/", ``, 404, "there is no GET /"},
	} {
		status, body := get(s, c.method, c.path, c.body)
		require.Equal(t, c.status, status, "%s %s: %s", c.path, c.body, body)
		require.Contains(t, body, c.want)
		require.Regexp(t, `^\{"error":".*"\}$`, body)
	}
	require.Eventually(t, func() bool { // the worker has left the session that was not waited for
		status, body = get(s, "DELETE", "/v1/sessions/"+id, "")
		return status == http.StatusOK
	}, 5*time.Second, time.Millisecond)
	status, body = get(s, "GET", "/healthz", "")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, `{"status":"ok"}`, body)
}

// A request that was told that it was too late has not moved its session, and a second one at the same
// time is refused.
func TestSessions(t *testing.T) {
	path, _ := file(t, small())
	l := defaults()
	l.workers = 1
	s := serverFor(t, path, l)
	id, err := s.sessions.begin()
	require.NoError(t, err)
	one, err := s.sessions.enter(id, nil)
	require.NoError(t, err)
	_, err = s.sessions.enter(id, nil)
	require.ErrorIs(t, err, errBusy)
	require.ErrorIs(t, s.sessions.remove(id), errBusy)
	state := one.state
	j := newJob(context.Background(), make([]float32, 8), one)
	require.True(t, j.claim()) // the handler has gone
	require.NoError(t, s.pool.put(j))
	require.Eventually(t, func() bool { one, err = s.sessions.enter(id, nil); return err == nil }, 5*time.Second, time.Millisecond)
	require.Same(t, state, one.state)
	require.Zero(t, s.sessions.leave(one, 0))

	s.sessions.sweep(time.Now().Add(l.idle / 2))
	require.Equal(t, 1, s.sessions.len())
	s.sessions.sweep(time.Now().Add(2 * l.idle))
	require.Zero(t, s.sessions.len())
}

// A queue that is full refuses.
func TestFull(t *testing.T) {
	p := &pool{queue: make(chan *job, 1)}
	require.NoError(t, p.put(newJob(context.Background(), nil, nil)))
	err := p.put(newJob(context.Background(), nil, nil))
	require.ErrorIs(t, err, errFull)
	require.Equal(t, http.StatusServiceUnavailable, statusOf(err))
}

// A network with a convolution answers for one sample at a time, and a file that is not there is an
// error.
func TestNetworks(t *testing.T) {
	n := small(layers.Conv2D{Out: 2, Kernel: 2, Conv: connect.Conv{Pad: 1}}, layers.Flatten)
	n.Shape = []int{1, 2, 2}
	path, _ := file(t, n)
	l := defaults()
	l.workers = 1
	s := serverFor(t, path, l)
	require.Equal(t, 1, s.net.Batch)
	status, body := get(s, "POST", "/v1/answers", `{"input": [1, 2, 3, 4]}`)
	require.Equal(t, http.StatusOK, status, body)

	_, err := newServer(path+"x", l)
	require.ErrorContains(t, err, "no such file")
}

// Metrics have the form that Prometheus reads: lines of a name, labels and a number, with buckets that
// add up.
func TestMetrics(t *testing.T) {
	m := newMetrics()
	m.count("POST /v1/answers", 200, 0.0005)
	m.count("POST /v1/answers", 200, 0.003)
	m.count("POST /v1/answers", 400, 7)
	m.batches.observe(3)
	var b strings.Builder
	m.write(&b, 2, 1)
	for line := range strings.Lines(b.String()) {
		require.Regexp(t, `^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+)\n$`, line)
	}
	for _, want := range []string{
		"# TYPE serve_requests_total counter\n" + `serve_requests_total{route="POST /v1/answers",code="200"} 2` + "\n" + `serve_requests_total{route="POST /v1/answers",code="400"} 1` + "\n",
		`serve_request_seconds_bucket{le="0.0005"} 1`, `serve_request_seconds_bucket{le="0.002"} 1`, `serve_request_seconds_bucket{le="0.005"} 2`,
		`serve_request_seconds_bucket{le="5"} 2`, `serve_request_seconds_bucket{le="+Inf"} 3`, "serve_request_seconds_sum 7.0035\nserve_request_seconds_count 3\n",
		`serve_batch_samples_bucket{le="2"} 0`, `serve_batch_samples_bucket{le="4"} 1`, "serve_waiting 2\n", "serve_sessions 1\n",
	} {
		require.Contains(t, b.String(), want)
	}
	require.Equal(t, 3., m.batches.mean())
}
