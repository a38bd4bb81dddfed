package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A histogram counts values by their size, as Prometheus has it: each bound counts all values up
// to it. It is safe for use by many goroutines.
type histogram struct {
	bounds []float64 // rising

	mu     sync.Mutex
	counts []uint64 // of the values up to a bound and above that before; the last are above all
	sum    float64
}

func newHistogram(bounds ...float64) *histogram {
	return &histogram{bounds: bounds, counts: make([]uint64, len(bounds)+1)}
}

func (h *histogram) observe(v float64) {
	i, _ := slices.BinarySearch(h.bounds, v)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[i]++
	h.sum += v
}

// mean returns the mean of the values, 0 of none.
func (h *histogram) mean() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	var n uint64
	for _, c := range h.counts {
		n += c
	}
	return h.sum / float64(max(n, 1))
}

func (h *histogram) write(w io.Writer, name, help string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s histogram\n", name, help, name)
	var n uint64
	for i, c := range h.counts {
		n += c
		bound := "+Inf"
		if i < len(h.bounds) {
			bound = strconv.FormatFloat(h.bounds[i], 'g', -1, 64)
		}
		fmt.Fprintf(w, "%s_bucket{le=%q} %d\n", name, bound, n)
	}
	fmt.Fprintf(w, "%s_sum %g\n%s_count %d\n", name, h.sum, name, n)
}

// metrics are what the server counts. They are safe for use by many goroutines.
type metrics struct {
	latency *histogram // of requests, in seconds
	batches *histogram // samples in a batch

	mu       sync.Mutex
	requests map[served]uint64
}

// served is a kind of request, and how it ended. There are few: a route is a pattern of the
// server and not the path of a request.
type served struct {
	route  string
	status int
}

func newMetrics() *metrics {
	return &metrics{
		latency:  newHistogram(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
		batches:  newHistogram(1, 2, 4, 8, 16, 32, 64, 128),
		requests: map[served]uint64{},
	}
}

func (m *metrics) count(route string, status int, seconds float64) {
	m.latency.observe(seconds)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests[served{route, status}]++
}

// write writes all metrics in the text form of Prometheus, version 0.0.4.
func (m *metrics) write(w io.Writer, waiting, sessions int) {
	fmt.Fprint(w, "# HELP serve_requests_total Requests that were answered.\n# TYPE serve_requests_total counter\n")
	m.mu.Lock()
	requests := maps.Clone(m.requests)
	m.mu.Unlock()
	for _, k := range slices.SortedFunc(maps.Keys(requests), func(a, b served) int {
		if c := strings.Compare(a.route, b.route); c != 0 {
			return c
		}
		return a.status - b.status
	}) {
		fmt.Fprintf(w, "serve_requests_total{route=%q,code=\"%d\"} %d\n", k.route, k.status, requests[k])
	}
	m.latency.write(w, "serve_request_seconds", "Time from the first look at a request to its answer.")
	m.batches.write(w, "serve_batch_samples", "Samples that were computed together.")
	fmt.Fprintf(w, "# HELP serve_waiting Requests in the queue.\n# TYPE serve_waiting gauge\nserve_waiting %d\n", waiting)
	fmt.Fprintf(w, "# HELP serve_sessions Sessions that are open.\n# TYPE serve_sessions gauge\nserve_sessions %d\n", sessions)
}
