package encode

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
)

// Sum returns the sum of x over one of its axes; over axis 0, time, it counts
// the spikes of trains [T, batch, …]. The result has that axis less than x. An
// error says that x has no such axis.
func Sum(x *G.Node, axis int) (*G.Node, error) {
	b := begin("x", x)
	if b.Err() == nil && (axis < 0 || axis >= x.Dims()) {
		b.Fail(fmt.Errorf("axis %d of x, whose shape is %v", axis, []int(x.Shape())))
	}
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("encode: sum: %w", err)
	}
	if x.Dims() == 1 {
		return b.Reduce(x, nil), b.Err()
	}
	shape := slices.Clone(x.Shape())
	shape[axis] = 1
	y := b.Reduce(x, shape)
	return b.Reshape(y, slices.Delete(slices.Clone(shape), axis, axis+1)...), b.Err()
}

// SpikeTimes returns the times of the first k spikes of each train, in steps
// from 0 and in ascending order, and +Inf where a train has fewer. A spike is
// an element that is not 0. The shape of x is [T, …] and that of the result
// [min(k, T), …].
//
// The gradient of x is −1 times that of a time at the step of that spike: a
// spike with more weight comes earlier. Elsewhere, and for times of +Inf, it is
// 0. An error says what is wrong with x or k.
func SpikeTimes(x *G.Node, k int) (*G.Node, error) {
	b := begin("x", x)
	if k < 1 {
		b.Fail(fmt.Errorf("%d times asked for, want at least 1", k))
	}
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("encode: spike times: %w", err)
	}
	steps := x.Shape()[0]
	f := spikeTimes{steps: steps, k: min(k, steps)}
	shape := slices.Clone(x.Shape())
	shape[0] = f.k
	return apply(b, f, shape, x), b.Err()
}

type spikeTimes struct{ steps, k int }

func (f spikeTimes) String() string {
	return fmt.Sprintf("first %d spike times of %d steps", f.k, f.steps)
}

// each calls found for spike j of each train: i is its place among the times,
// at its place in x, and t its step.
func (f spikeTimes) each(x []float64, found func(i, at, t int)) {
	n := len(x) / f.steps
	count := make([]int, n)
	for at, v := range x {
		if c := at % n; v != 0 && count[c] < f.k {
			found(count[c]*n+c, at, at/n)
			count[c]++
		}
	}
}

func (spikeTimes) overTime() bool { return true }

func (f spikeTimes) value(in [][]float64) ([]float64, error) {
	x := in[0]
	if i := slices.IndexFunc(x, math.IsNaN); i >= 0 {
		return nil, fmt.Errorf("element %d of x is NaN", i)
	}
	y := slices.Repeat([]float64{math.Inf(1)}, len(x)/f.steps*f.k)
	f.each(x, func(i, _, t int) { y[i] = float64(t) })
	return y, nil
}

func (f spikeTimes) gradient(_ int, in [][]float64, dy []float64) ([]float64, error) {
	dx := make([]float64, len(in[0]))
	f.each(in[0], func(i, at, _ int) { dx[at] = -dy[i] })
	return dx, nil
}
