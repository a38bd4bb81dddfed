package runlog

import (
	"math"
	"slices"
)

// maxPoints bounds the points of a curve, so that a training of any length is
// followed in little memory and drawn in little time.
const maxPoints = 1000

// tracks follow numbers over the lines of a log. A point is the mean over as
// many lines as it takes to have no more than maxPoints; which lines, depends on
// how many there were and on nothing else.
type tracks struct {
	names  []string
	each   int // lines to a point
	points []point
}

// A point is the mean over some lines.
type point struct {
	lines int
	step  float64   // mean
	sums  []float64 // by name
	n     []int
}

// add follows the numbers of a line. What is NaN is left out.
func (t *tracks) add(step int, numbers map[string]float64) {
	if t.each == 0 {
		t.each = 1
	}
	for _, name := range sortedKeys(numbers) {
		if !slices.Contains(t.names, name) {
			t.names = append(t.names, name)
		}
	}
	if k := len(t.points); k == 0 || t.points[k-1].lines == t.each {
		if k == maxPoints {
			t.halve()
		}
		if k = len(t.points); k == 0 || t.points[k-1].lines == t.each {
			t.points = append(t.points, point{})
		}
	}
	p := &t.points[len(t.points)-1]
	p.lines++
	p.step += (float64(step) - p.step) / float64(p.lines)
	p.grow(len(t.names))
	for i, name := range t.names {
		if x, ok := numbers[name]; ok && !math.IsNaN(x) {
			p.sums[i] += x
			p.n[i]++
		}
	}
}

func (p *point) grow(n int) {
	for len(p.sums) < n {
		p.sums, p.n = append(p.sums, 0), append(p.n, 0)
	}
}

// halve joins points in pairs.
func (t *tracks) halve() {
	joined := t.points[:0]
	for i := 0; i < len(t.points); i += 2 {
		p := t.points[i]
		if i+1 < len(t.points) {
			q := t.points[i+1]
			p.step = (p.step*float64(p.lines) + q.step*float64(q.lines)) / float64(p.lines+q.lines)
			p.lines += q.lines
			p.grow(len(t.names))
			q.grow(len(t.names))
			for k := range q.sums {
				p.sums[k] += q.sums[k]
				p.n[k] += q.n[k]
			}
		}
		joined = append(joined, p)
	}
	t.points = joined
	t.each *= 2
}

// curve returns the points of a name: steps and means.
func (t *tracks) curve(name string) (x, y []float64) {
	i := slices.Index(t.names, name)
	if i < 0 {
		return nil, nil
	}
	for _, p := range t.points {
		if i < len(p.n) && p.n[i] > 0 {
			x, y = append(x, p.step), append(y, p.sums[i]/float64(p.n[i]))
		}
	}
	return x, y
}
