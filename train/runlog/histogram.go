package runlog

import (
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
)

// A histogram is the distribution of numbers in bins of one width.
type histogram struct {
	min, max     float64
	n            int
	sum, squares float64
	counts       []int
}

// A namedHistogram is that of a parameter or of a layer.
type namedHistogram struct {
	name string
	histogram
}

// newHistogram sorts numbers into bins between the least and the largest of them.
func newHistogram(xs []float64, bins int) histogram {
	h := histogram{n: len(xs), counts: make([]int, bins)}
	if len(xs) == 0 {
		return h
	}
	h.min, h.max = slices.Min(xs), slices.Max(xs)
	for _, x := range xs {
		h.sum += x
		h.squares += x * x
		bin := 0
		if h.max > h.min {
			bin = min(int(float64(bins)*(x-h.min)/(h.max-h.min)), bins-1)
		}
		h.counts[bin]++
	}
	return h
}

// edge returns the lower end of bin i; that of the bin behind the last is the
// largest number.
func (h histogram) edge(i int) float64 {
	if i == len(h.counts) {
		return h.max
	}
	return h.min + (h.max-h.min)*float64(i)/float64(len(h.counts))
}

func (h histogram) mean() float64 { return h.sum / float64(max(h.n, 1)) }

func (h histogram) deviation() float64 {
	m := h.mean()
	return math.Sqrt(max(0, h.squares/float64(max(h.n, 1))-m*m))
}

// elements returns the numbers in a tensor.
func elements(v G.Value) []float64 {
	switch x := v.Data().(type) {
	case []float64:
		return slices.Clone(x)
	case []float32:
		y := make([]float64, len(x))
		for i, v := range x {
			y[i] = float64(v)
		}
		return y
	}
	return nil
}
