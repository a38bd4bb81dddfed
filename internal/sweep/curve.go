package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
)

// A curve is times over what a benchmark is run for, in order.
type curve struct{ x, ms []float64 }

// result matches the line of a sub-benchmark that is named by a number.
var result = regexp.MustCompile(`(?m)^Benchmark\w+/([\d.]+)%?(?:-\d+)?\s+\d+\s+([\d.]+) ns/op`)

// parse reads what go test prints, and takes the fastest where a benchmark was run
// several times.
func parse(out string) (curve, error) {
	times := map[float64]float64{}
	for _, m := range result.FindAllStringSubmatch(out, -1) {
		x, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return curve{}, err
		}
		ns, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return curve{}, err
		}
		if old, ok := times[x]; !ok || ns/1e6 < old {
			times[x] = ns / 1e6
		}
	}
	if len(times) == 0 {
		return curve{}, fmt.Errorf("no results in\n%s", out)
	}
	c := curve{x: slices.Sorted(maps.Keys(times))}
	for _, x := range c.x {
		c.ms = append(c.ms, times[x])
	}
	return c, nil
}

// line returns the straight line that fits best in proportion: that of the least
// sum of ((y − line) / y)².
func (c curve) line() []float64 {
	var w, wx, wxx, wy, wxy float64
	for i, x := range c.x {
		k := 1 / (c.ms[i] * c.ms[i])
		w, wx, wxx = w+k, wx+k*x, wxx+k*x*x
		wy, wxy = wy+k*c.ms[i], wxy+k*x*c.ms[i]
	}
	slope := 0.
	if d := w*wxx - wx*wx; d > 0 {
		slope = (w*wxy - wx*wy) / d
	}
	y := make([]float64, len(c.x))
	for i, x := range c.x {
		y[i] = wy/w + slope*(x-wx/w)
	}
	return y
}
