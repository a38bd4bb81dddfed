package c

import (
	"math"

	"github.com/spikegrad/spikegrad/internal/plain"
)

// A tap is where one connection of a delay adds, and how much of its input.
type tap struct {
	steps int
	share float32
}

// taps returns those of a position.
func taps(o plain.Delay, position, width float32) []tap {
	p := math.Min(math.Max(float64(position), 0), float64(o.Max))
	if width == 0 {
		return []tap{{int(math.Floor(p + 0.5)), 1}}
	}
	k := math.Floor(p)
	if p == k {
		return []tap{{int(k), 1}}
	}
	return []tap{{int(k), float32(1 - (p - k))}, {int(k) + 1, float32(p - k)}}
}

// delay writes what arrives now, or what arrives later. Either goes through the connections of
// inputs that are not 0, which are listed for the steps at which they arrive.
func (c *call) delay(o plain.Delay) error {
	positions, err := c.floats(1)
	if err != nil {
		return err
	}
	width, err := c.floats(2)
	if err != nil {
		return err
	}
	if width[0] != 0 && !o.Interpolate {
		return c.refuse("delays are Gaussians of the width %v, want whole steps, as in evaluation", width[0])
	}
	var w []float32
	if o.W != 0 {
		if w, err = c.floats(o.W); err != nil {
			return err
		}
		w = c.f.w.rounded(w, o.Out)
	}
	start, to, weights := connections(o, positions, width[0], w)
	x, err := c.pointer(0)
	if err != nil {
		return err
	}
	if err := c.before(o); err != nil {
		return err
	}
	if len(to) > 0 {
		wr := c.f.w
		wr.line("%s(%s, %s, %s, %s, %s, %d);", wr.helper("late"), x, wr.longs("where the connections of an input begin", start),
			wr.longs("where they arrive", to), wr.array("weights of them", weights), c.dst.pointer(), o.In)
	}
	return nil
}

// connections lists where each input adds to the result, and with which weight.
func connections(o plain.Delay, positions []float32, width float32, w []float32) (start, to []int, weights []float32) {
	add := func(i, j int, position, weight float32) {
		for _, t := range taps(o, position, width) {
			at, here := j, t.steps == 0
			if o.Leave {
				at, here = (t.steps-1)*o.Out+j, t.steps > 0
			}
			if here {
				to, weights = append(to, at), append(weights, weight*t.share)
			}
		}
	}
	start = make([]int, 1, o.In+1)
	for i := range o.In {
		if w == nil {
			add(i, i, positions[i/o.Places], 1)
		}
		for j := 0; w != nil && j < o.Out; j++ {
			add(i, j, positions[i*o.Out+j], w[i*o.Out+j])
		}
		start = append(start, len(to))
	}
	return start, to, weights
}

// before writes the result without the present input: the bias, and what entered, which has
// come a step nearer.
func (c *call) before(o plain.Delay) error {
	enter, bias := place{number: "0.0f"}, place{number: "0.0f"}
	var err error
	if o.Enter != 0 {
		if enter, err = c.at(o.Enter); err != nil {
			return err
		}
	}
	if o.Leave {
		last := o.Out * (o.Max - 1)
		if enter.number == "" {
			enter.offset += o.Out
		}
		if last > 0 {
			c.f.w.line("for (long i = 0; i < %d; i++) {\n%s = %s;\n}", last, c.dst.at("i"), enter.at("i"))
		}
		c.f.w.line("for (long i = %d; i < %d; i++) {\n%s = 0.0f;\n}", last, last+o.Out, c.dst.at("i"))
		return nil
	}
	if o.Bias != 0 {
		if bias, err = c.at(o.Bias); err != nil {
			return err
		}
	}
	c.f.w.line("for (long i = 0; i < %d; i++) {\n%s = %s + %s;\n}", o.Out, c.dst.at("i"), bias.at("i"), enter.at("i"))
	return nil
}

// rounded returns weights as those of Bits are, which for a delay are written as floats.
func (w *writer) rounded(x []float32, channels int) []float32 {
	if w.bits == 0 {
		return x
	}
	q, scale := quantised(x, w.bits, channels, func(i int) int { return i % channels })
	y := make([]float32, len(x))
	for i, v := range q {
		y[i] = float32(v) * scale[i%channels]
	}
	return y
}
