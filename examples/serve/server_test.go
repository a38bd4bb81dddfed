package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/model"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/train"
)

const values, steps = 4, 12

// small is a network for samples of 4 values and 12 time steps.
func small(first ...layers.Layer) train.Network {
	net := layers.Sequential(append(first,
		layers.Linear{Out: 30, Init: layers.Scaled{Gain: 4}}, layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams()),
		layers.Linear{Out: 3, Init: layers.Scaled{Gain: 4}}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime))
	return train.Network{Net: net, Shape: []int{values}, Steps: steps, Batch: 5, Seed: 1, Classes: []string{"a", "b", "c"}}
}

// file saves a network and returns the path, and the model.
func file(t *testing.T, n train.Network) (string, *train.Model) {
	t.Helper()
	m, err := n.Compile()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "m.safetensors")
	require.NoError(t, model.Save(path, m))
	return path, m
}

// A site is a server that runs, for a test.
type site struct {
	*server
	url    string
	client *http.Client
	stop   func() error // and wait until it has ended
}

func open(t *testing.T, path string, l limits) *site {
	t.Helper()
	s, err := newServer(path, l)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx, listener, 10*time.Second) }()
	transport := &http.Transport{MaxIdleConnsPerHost: 20}
	stop := sync.OnceValue(func() error {
		cancel()
		transport.CloseIdleConnections()
		return <-ended
	})
	t.Cleanup(func() { require.NoError(t, stop()) })
	return &site{s, "http://" + listener.Addr().String(), &http.Client{Transport: transport}, stop}
}

// do sends a request and reads the answer into out.
func (s *site) do(ctx context.Context, method, path string, body io.Reader, out any) (int, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	if err != nil {
		return 0, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, json.NewDecoder(resp.Body).Decode(out)
}

func (s *site) post(path string, in any, out any) (int, error) {
	text, err := json.Marshal(in)
	if err != nil {
		return 0, err
	}
	return s.do(context.Background(), http.MethodPost, path, bytes.NewReader(text), out)
}

// samples are some of one time step, and of sequences of different lengths.
func samples(n int) [][]float32 {
	r := rand.New(rand.NewPCG(3, 4))
	all := make([][]float32, n)
	for i := range all {
		all[i] = make([]float32, values*[]int{1, steps, 7, 2, steps}[i%5])
		for k := range all[i] {
			all[i][k] = 3 * r.Float32()
		}
	}
	return all
}

// left waits until no more goroutines run than before.
func left(t *testing.T, before int) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before {
		stacks := make([]byte, 1<<20)
		t.Fatalf("%d goroutines, %d before:\n%s", n, before, stacks[:runtime.Stack(stacks, true)])
	}
}

// drip is a body that comes slowly.
type drip struct{ *strings.Reader }

func (d drip) Read(p []byte) (int, error) {
	time.Sleep(5 * time.Millisecond)
	return d.Reader.Read(p[:min(len(p), 8)])
}

// Under load each request gets the answer of Model.Answers for it alone, bit by bit, and each session
// those of the whole sequence, while clients give up, are slow, or want answers sooner than there are any.
func TestLoad(t *testing.T) {
	before := runtime.NumGoroutine()
	path, m := file(t, small())
	all := samples(40)
	var want []train.Answer
	for _, x := range all {
		a, err := m.Answers(context.Background(), nil, x)
		require.NoError(t, err)
		require.NotZero(t, slices.Max(a[0].Outputs))
		want = append(want, a[0])
	}
	l := defaults()
	l.batch, l.workers, l.timeout = 5, 3, 20*time.Second
	s := open(t, path, l)
	var clients sync.WaitGroup
	var cancelled, late atomic.Int64
	for g := range 8 {
		clients.Go(func() {
			for k := range 40 {
				i := (7*k + 13*g) % len(all)
				var a answered
				status, err := s.post("/v1/answers", input{Input: all[i]}, &a)
				if err != nil || status != http.StatusOK || a.Class == nil || *a.Class != want[i].Class || a.Name != want[i].Name || !slices.Equal(a.Outputs, want[i].Outputs) {
					t.Errorf("sample %d: status %d, %v, want %v, %v", i, status, a, want[i], err)
				}
			}
		})
	}
	clients.Go(func() { // gives up
		for k := range 40 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(k*50)*time.Microsecond)
			text, _ := json.Marshal(input{Input: all[k]})
			if _, err := s.do(ctx, http.MethodPost, "/v1/answers", bytes.NewReader(text), &answered{}); err != nil {
				cancelled.Add(1)
			}
			cancel()
		}
	})
	clients.Go(func() { // has no time
		for k := range 10 {
			var e map[string]any
			status, err := s.post("/v1/answers?timeout=1us", input{Input: all[k]}, &e)
			if err != nil || status != http.StatusGatewayTimeout && status != http.StatusRequestTimeout {
				t.Errorf("without time: status %d, %v, %v", status, e, err)
			}
			late.Add(1)
		}
	})
	for i := range 3 {
		clients.Go(func() { // is slow
			text, _ := json.Marshal(input{Input: all[i]})
			var a answered
			status, err := s.do(context.Background(), http.MethodPost, "/v1/answers", drip{strings.NewReader(string(text))}, &a)
			if err != nil || status != http.StatusOK || !slices.Equal(a.Outputs, want[i].Outputs) {
				t.Errorf("slow sample %d: status %d, %v, %v", i, status, a, err)
			}
		})
		clients.Go(func() {
			for k := range 8 {
				j := 5*k + []int{1, 2, 4}[i] // a sequence
				if err := s.stream(all[j], want[j].Outputs, i+1); err != nil {
					t.Errorf("session of sample %d: %v", j, err)
				}
			}
		})
	}
	clients.Wait()
	require.NotZero(t, cancelled.Load())
	require.Zero(t, s.sessions.len())
	require.Greater(t, s.metrics.batches.mean(), 1.)
	require.NoError(t, s.stop())
	left(t, before)
}

// stream sends a sequence in parts, and compares what the network says after the last one.
func (s *site) stream(x []float32, want []float64, part int) error {
	var at state
	if status, err := s.post("/v1/sessions", nil, &at); err != nil || status != http.StatusOK {
		return fmt.Errorf("status %d, %w", status, err)
	}
	gone := 0
	for len(x) > 0 {
		n := min(part*values, len(x))
		status, err := s.post("/v1/sessions/"+at.ID+"/steps", input{Input: x[:n], At: &gone}, &at)
		if gone += n / values; err != nil || status != http.StatusOK || at.Steps != gone || len(at.Outputs) != n/values {
			return fmt.Errorf("status %d, %+v after %d steps, %w", status, at, gone, err)
		}
		x = x[n:]
	}
	if y := at.Outputs[len(at.Outputs)-1]; !slices.Equal(y, want) {
		return fmt.Errorf("outputs %v, of the whole sequence %v", y, want)
	}
	status, err := s.do(context.Background(), http.MethodDelete, "/v1/sessions/"+at.ID, nil, &struct{}{})
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d at the end", status)
	}
	return err
}

// What is in flight when the server stops is answered, and what comes after is refused.
func TestStop(t *testing.T) {
	before := runtime.NumGoroutine()
	path, m := file(t, small())
	x := samples(2)[1]
	want, err := m.Answers(context.Background(), nil, x)
	require.NoError(t, err)
	l := defaults()
	l.batch, l.workers, l.timeout = 5, 1, 20*time.Second
	s := open(t, path, l)
	id, err := s.sessions.begin()
	require.NoError(t, err)
	one, err := s.sessions.enter(id, nil)
	require.NoError(t, err)
	s.sessions.mu.Lock() // so that the worker cannot leave the session, and all else waits
	goOn := sync.OnceFunc(s.sessions.mu.Unlock)
	defer goOn()
	require.NoError(t, s.pool.put(newJob(context.Background(), make([]float32, values), one)))
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			var a answered
			status, err := s.post("/v1/answers", input{Input: x}, &a)
			if err != nil || status != http.StatusOK || !slices.Equal(a.Outputs, want[0].Outputs) {
				t.Errorf("status %d, %v, %v", status, a, err)
			}
		})
	}
	require.Eventually(t, func() bool { return len(s.pool.queue) == 4 }, 10*time.Second, time.Millisecond)
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop() }()
	require.Eventually(t, s.stopping.Load, 10*time.Second, time.Millisecond)
	goOn()
	require.NoError(t, <-stopped)
	clients.Wait()
	require.ErrorIs(t, s.pool.put(newJob(context.Background(), x, nil)), errStopping)
	_, err = s.health(nil, nil)
	require.ErrorIs(t, err, errStopping)
	left(t, before)
}
