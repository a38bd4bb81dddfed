package main

import (
	"math"
	"time"

	"github.com/spikegrad/spikegrad/train"
)

// A meter counts what goes through a Reducer.
type meter struct {
	train.Reducer
	now   traffic
	steps []traffic
}

// A traffic is what went through in a step.
type traffic struct {
	seconds      float64
	bytes, calls int // that this process has given
}

// next ends a step.
func (m *meter) next() { m.steps, m.now = append(m.steps, m.now), traffic{} }

// each returns the median over steps, behind those to leave out.
func (m *meter) each(from int) traffic {
	var seconds, bytes, calls []float64
	for _, t := range m.steps[from:] {
		seconds, bytes, calls = append(seconds, t.seconds), append(bytes, float64(t.bytes)), append(calls, float64(t.calls))
	}
	return traffic{median(seconds), int(median(bytes)), int(median(calls))}
}

func (m *meter) count(bytes int, f func() error) error {
	began := time.Now()
	err := f()
	m.now = traffic{m.now.seconds + time.Since(began).Seconds(), m.now.bytes + bytes, m.now.calls + 1}
	return err
}

// Sum32 is that of the Reducer, as the others are.
func (m *meter) Sum32(x []float32) error {
	return m.count(4*len(x), func() error { return m.Reducer.Sum32(x) })
}

// Sum64 is Sum32 for float64.
func (m *meter) Sum64(x []float64) error {
	return m.count(8*len(x), func() error { return m.Reducer.Sum64(x) })
}

// Broadcast counts bytes of all ranks, though rank 0 alone gives some.
func (m *meter) Broadcast(b []byte) error {
	return m.count(len(b), func() error { return m.Reducer.Broadcast(b) })
}

// Gather counts what this rank gives.
func (m *meter) Gather(b []byte) (all [][]byte, err error) {
	err = m.count(len(b), func() (err error) { all, err = m.Reducer.Gather(b); return err })
	return all, err
}

// A link is what is between two processes.
type link struct {
	delay     float64 // of a message, s
	bandwidth float64 // bytes/s
}

// A cost is what a training has to compute and to send.
type cost struct {
	batch    float64 // s that a batch takes
	gradient int     // bytes
	said     int     // bytes that a rank says of its batches in a step
}

// sum is how long n processes take to add up so many bytes by a ring: each sends 2(n−1) parts of 1/n of them.
//
// P. Patarasuk and X. Yuan, J. Parallel Distrib. Comput. 69 (2009), 117.
func (l link) sum(n, bytes int) float64 {
	p := float64(n)
	return 2 * (p - 1) * (l.delay + float64(bytes)/p/l.bandwidth)
}

// gather is how long n processes take to hear so many bytes of each, by doubling what each has: log₂ n messages.
func (l link) gather(n, bytes int) float64 {
	p := float64(n)
	return math.Ceil(math.Log2(p))*l.delay + (p-1)*float64(bytes)/l.bandwidth
}

// tree is sum by halves: each sends 2 log₂ n messages, as fits small sums and many processes.
//
// R. Thakur, R. Rabenseifner and W. Gropp, Int. J. High Perform. Comput. Appl. 19 (2005), 49.
func (l link) tree(n, bytes int) float64 {
	p := float64(n)
	return 2*math.Ceil(math.Log2(p))*l.delay + 2*(p-1)/p*float64(bytes)/l.bandwidth
}

// step is how long n processes speak in a step: they hear that none has ended, and what came of the batches of each,
// and add up the gradient in the better way.
func (l link) step(n int, c cost) float64 {
	return l.gather(n, 1) + l.gather(n, c.said) + min(l.sum(n, c.gradient), l.tree(n, c.gradient))
}
