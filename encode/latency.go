package encode

import (
	"fmt"
	"math"
)

// LinearLatencyParams are the parameters of Linear latencies.
type LinearLatencyParams struct {
	First int // step in which an input of 1 spikes
	Last  int // step in which an input of 0 spikes
}

// LinearLatency writes spike trains into dst of one spike for each input, the
// earlier the larger the input is: x in [0, 1] spikes in the step
//
//	t = first + round((1 − x)(last − first))
//
// (halves are rounded up). With first > last, larger inputs spike later.
//
// The values x have any shape, such as [batch, n], and dst [steps, batch, n]. An
// error says that dst has not steps times as many elements as x, that first or
// last is not a step, or which element of x is not in [0, 1].
//
// S. Thorpe, A. Delorme and R. Van Rullen, Neural Networks 14 (2001), 715.
func LinearLatency[F float32 | float64](dst, x []F, steps int, p LinearLatencyParams) error {
	if err := checkPlain(dst, x, steps); err != nil {
		return fmt.Errorf("encode: linear latency: %w", err)
	}
	for _, s := range []struct {
		name string
		t    int
	}{{"first", p.First}, {"last", p.Last}} {
		if s.t < 0 || s.t >= steps {
			return fmt.Errorf("encode: linear latency: the %s step is %d, want 0 to %d", s.name, s.t, steps-1)
		}
	}
	for i, v := range x {
		if v < 0 || v > 1 {
			return fmt.Errorf("encode: linear latency: element %d of x is %v, want 0 to 1", i, v)
		}
	}
	clear(dst)
	for i, v := range x {
		t := p.First + int(math.Floor((1-float64(v))*float64(p.Last-p.First)+0.5))
		dst[t*len(x)+i] = 1
	}
	return nil
}

// LogLatencyParams are the parameters of logarithmic latencies.
type LogLatencyParams struct {
	TauMemInv float64 // 1/τ_m of the membrane that integrates the input, 1/s
	VTh       float64 // its threshold; inputs up to it never spike
	Dt        float64 // time step, s
}

// DefaultLogLatencyParams returns τ_m = 10 ms, v_th = 0.2, dt = 1 ms.
func DefaultLogLatencyParams() LogLatencyParams {
	return LogLatencyParams{TauMemInv: 100, VTh: 0.2, Dt: 1e-3}
}

// LogLatency writes spike trains into dst of at most one spike for each input:
// that with which a leaky membrane answers a constant current x. From
// τ_m dv/dt = −v + x and v(0) = 0, it reaches the threshold at the time
//
//	t = τ_m ln(x / (x − v_th))
//
// and the spike is in step ⌊t/dt⌋. There is none where x ≤ v_th, or where that
// step is not below steps.
//
// The values x have any shape, such as [batch, n], and dst [steps, batch, n]. An
// error says that dst has not steps times as many elements as x, that x has a
// NaN, or which parameter is out of range.
//
// W. Gerstner et al., Neuronal Dynamics (2014), §1.3; as an encoder for
// instance in F. Zenke and T. P. Vogels, Neural Computation 33 (2021), 899.
func LogLatency[F float32 | float64](dst, x []F, steps int, p LogLatencyParams) error {
	if err := checkPlain(dst, x, steps); err != nil {
		return fmt.Errorf("encode: log latency: %w", err)
	}
	for _, q := range []struct {
		name string
		v    float64
	}{{"1/τ_m", p.TauMemInv}, {"v_th", p.VTh}, {"dt", p.Dt}} {
		if !(q.v > 0) || math.IsInf(q.v, 0) {
			return fmt.Errorf("encode: log latency: %s is %v, want a finite number above 0", q.name, q.v)
		}
	}
	clear(dst)
	for i, v := range x {
		if !(float64(v) > p.VTh) {
			continue
		}
		t := -math.Log1p(-p.VTh/float64(v)) / (p.TauMemInv * p.Dt)
		if t < float64(steps) {
			dst[int(t)*len(x)+i] = 1
		}
	}
	return nil
}
