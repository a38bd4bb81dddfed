package plot

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	gplot "gonum.org/v1/plot"
)

// huge bounds the size of a number that can be drawn: squares and sums of it stay finite.
const huge = 1e100

// A ticker places the ticks of an axis.
type ticker struct {
	count   int  // about how many labels
	integer bool // the axis counts things
	log     bool // the axis holds log10 of what its labels say
}

// Ticks returns the ticks between lo and hi. It implements gonum's plot.Ticker.
func (t ticker) Ticks(lo, hi float64) []gplot.Tick {
	if t.log {
		return t.logTicks(lo, hi)
	}
	return t.linear(lo, hi)
}

// linear returns the multiples of 1, 2 or 5 times a power of ten.
func (t ticker) linear(lo, hi float64) []gplot.Tick {
	raw := (hi - lo) / float64(t.count)
	decade := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * decade
	for _, m := range []float64{5, 2, 1} {
		// The nearest in ratio.
		if m*decade*step > raw*raw {
			step = m * decade
		}
	}
	if t.integer {
		step = max(step, 1)
	}
	var ts []gplot.Tick
	for k := math.Ceil(lo/step - 1e-9); k <= math.Floor(hi/step+1e-9); k++ {
		v := k*step + 0 // + 0 makes 0 of −0
		ts = append(ts, gplot.Tick{Value: v, Label: number(v, step, max(math.Abs(lo), math.Abs(hi)))})
	}
	return ts
}

// number writes v with the digits that a step needs. All numbers of an axis share
// one exponent, that of top, which is the largest in size.
func number(v, step, top float64) string {
	digits := int(math.Floor(math.Log10(step) + 1e-9)) // of the last place
	if top < 1e6 && digits >= -4 {
		return minus(strconv.FormatFloat(v, 'f', max(0, -digits), 64))
	}
	if v == 0 {
		return "0"
	}
	e := int(math.Floor(math.Log10(top) + 1e-9))
	return minus(fmt.Sprintf("%.*fe%d", max(0, e-digits), v/math.Pow(10, float64(e)), e))
}

// minus writes the sign that is as wide as a digit.
func minus(s string) string { return strings.ReplaceAll(s, "-", "−") }

// logTicks labels powers of ten, or 1, 2 and 5 times these where there are few,
// or round numbers where there is none of them.
func (t ticker) logTicks(lo, hi float64) []gplot.Tick {
	first, last := math.Ceil(lo-1e-9), math.Floor(hi+1e-9)
	every := max(1, math.Ceil((last-first+1)/float64(t.count+1)))
	write := logNumber // for all labels of the axis
	if first >= -4 && last <= 5 {
		write = plainNumber
	}
	var ts []gplot.Tick
	labels := 0
	for k := math.Floor(lo); k <= last; k++ {
		for m := 1.0; m < 10; m++ {
			at := k + math.Log10(m)
			if at < lo-1e-9 || at > hi+1e-9 {
				continue
			}
			tick := gplot.Tick{Value: at}
			power := m == 1 && math.Mod(k-first, every) == 0
			few := last-first < 1 && (m == 1 || m == 2 || m == 5)
			if power || few {
				tick.Label = write(m, int(k))
				labels++
			} else if every > 1 {
				continue
			}
			ts = append(ts, tick)
		}
	}
	if labels >= 2 {
		return ts
	}
	ts = ticker{count: t.count}.linear(math.Pow(10, lo), math.Pow(10, hi))
	for i := range ts {
		ts[i].Value = math.Log10(ts[i].Value)
	}
	return ts
}

// logNumber writes m × 10^k with its power of ten.
func logNumber(m float64, k int) string { return minus(fmt.Sprintf("%ge%d", m, k)) }

// plainNumber writes m × 10^k without one.
func plainNumber(m float64, k int) string {
	return strconv.FormatFloat(m*math.Pow(10, float64(k)), 'f', max(0, -k), 64)
}

// span returns an axis range around the data between lo and hi, wider by the
// share pad on both sides, and never empty.
func span(lo, hi, pad float64) (float64, float64) {
	size := max(math.Abs(lo), math.Abs(hi))
	switch w := hi - lo; {
	case size < 1/huge:
		return -0.5, 0.5
	case w < 1e-9*size: // digits to tell ticks apart run out
		return lo - 0.05*size, hi + 0.05*size
	default:
		return lo - pad*w, hi + pad*w
	}
}
