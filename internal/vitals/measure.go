package vitals

import (
	"math"

	"gorgonia.org/tensor"
)

// SeeInput looks at the input [T, batch, …] of a batch.
func (v *Network) SeeInput(x []float64, steps int) {
	v.Input = larger(v.Input, largestSize(x))
	v.Starts = v.Starts || largestSize(x[:max(steps/4, 1)*len(x)/steps]) > 0
}

// SeeOutput looks at the outputs of a batch and their gradient.
func (v *Network) SeeOutput(g, out []float64) { v.Output = effect(g, out) }

// See adds up the outputs and the currents of a batch, as far as its samples go.
func (l *Layer) See(out, in [][]float64, lengths []float32) {
	for r, z := range out {
		if r/len(lengths) >= int(lengths[r%len(lengths)]) {
			continue
		}
		l.Current = larger(l.Current, largestSize(in[r]))
		for i, x := range z {
			if x > 0 && l.Fires != nil {
				l.Fires[i]++
			}
		}
	}
}

// SeeVoltage looks at the voltages of a batch, as far as its samples go.
func (l *Layer) SeeVoltage(v [][]float64, lengths []float32) {
	batch := len(lengths)
	quarter := max(len(v)/batch/4, 1)
	sample, neuron, top := 0, 0, 0.0
	for r, row := range v {
		if r/batch >= int(lengths[r%batch]) {
			continue
		}
		if size := largestSize(row); r/batch < quarter {
			l.Early = larger(l.Early, size)
		} else {
			l.Late = larger(l.Late, size)
		}
		for i, u := range row {
			l.Top = max(l.Top, u)
			if math.Abs(u) > top {
				sample, neuron, top = r%batch, i, math.Abs(u)
			}
		}
	}
	at := func(t int) float64 { return v[t*batch+sample][neuron] }
	turns, steps := 0, min(int(lengths[sample]), len(v)/batch)
	for t := 2; t < steps; t++ {
		if a, b, c := at(t-2), at(t-1), at(t); (b-a)*(c-b) < 0 {
			turns++
		}
	}
	l.Flips = max(l.Flips, float64(turns)/float64(max(steps-2, 1)))
}

// SeeGradient looks at the currents [T, batch, …] of a batch and their gradient.
func (l *Layer) SeeGradient(g, current []float64, shape tensor.Shape) {
	l.Time, l.Neuron = norms(g, shape)
	l.Effect = effect(g, current)
}

// effect returns Σ |g x|: how much the loss changes, to first order, when all x change
// by a share of themselves, if none makes up for another.
func effect(g, x []float64) float64 {
	s := 0.0
	for i, v := range x {
		s += math.Abs(g[i] * v)
	}
	return s
}

// norms returns the norms of g [T, batch, …] by step and by neuron.
func norms(g []float64, shape tensor.Shape) (time, neuron []float64) {
	n := shape[2:].TotalSize()
	time, neuron = make([]float64, shape[0]), make([]float64, n)
	for i, d := range g {
		time[i/(n*shape[1])] += d * d
		neuron[i%n] += d * d
	}
	for _, s := range [][]float64{time, neuron} {
		for i := range s {
			s[i] = math.Sqrt(s[i])
		}
	}
	return time, neuron
}

// largestSize returns the largest |x|, NaN if one is not finite.
func largestSize(x []float64) float64 {
	top := 0.0
	for _, v := range x {
		top = larger(top, math.Abs(v))
	}
	return top
}

// larger returns the larger of two sizes, and NaN for what is not finite.
func larger(a, b float64) float64 {
	if m := max(a, b); !math.IsInf(m, 0) {
		return m
	}
	return math.NaN()
}
