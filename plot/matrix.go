package plot

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Weights is what [Matrix] draws: numbers in rows and columns.
type Weights[F Float] struct {
	Title      string
	Rows, Cols int
	W          []F     // [Rows, Cols]
	RowLabel   string  // along the left; "" stands for "Input", as a linear map has them
	ColLabel   string  // along the bottom; "" stands for "Output"
	Label      string  // what the colours stand for; "" stands for "Weight"
	Limit      float64 // size that has the full colour; 0 means the largest |w|
}

// Matrix draws a matrix as an image, row 0 at the top: zero is white, positive
// numbers are orange and negative ones blue, the same size as strong on both sides. The
// scale beside it shows the signs that there are. A
// pixel that covers several elements has the mean of their colours.
//
// It is an error if sizes do not agree, if there are more than 2²⁸ elements, or if
// a number is not finite.
func Matrix[F Float](w Weights[F]) (Figure, error) {
	if err := w.check(); err != nil {
		return Figure{}, fmt.Errorf("plot: matrix: %w", err)
	}
	limit := w.Limit
	h := heat{rows: w.Rows, cols: w.Cols, w: make([]float32, len(w.W))}
	for _, v := range w.W {
		if w.Limit == 0 {
			limit = max(limit, math.Abs(float64(v)))
		}
	}
	if limit < 1/huge {
		limit = 1
	}
	for i, v := range w.W {
		h.w[i] = float32(min(max(float64(v)/limit, -1), 1))
	}
	label := func(s, or string) string {
		if clean(s) == "" {
			return or
		}
		return s
	}
	rows, cols := label(w.RowLabel, "Input"), label(w.ColLabel, "Output")
	scale := scale{lo: -limit, hi: limit, limit: limit, label: label(w.Label, "Weight")}
	if lo := slices.Min(w.W); lo >= 0 {
		scale.lo = 0
	} else if slices.Max(w.W) <= 0 {
		scale.hi = 0
	}
	wide, high := matrixSize(w.Rows, w.Cols)
	return Figure{Width: wide + 1.5, Height: high + 0.9, paint: func(c draw.Canvas) error {
		c = header(c, w.Title, nil)
		const bar, space, numbers vg.Length = 10, 12, 44
		count := ticker{count: 4, integer: true}
		x := axis{min: -0.5, max: float64(w.Cols) - 0.5, label: fitLabel(cols, c.Max.X-c.Min.X), ticks: count}
		y := axis{min: -0.5, max: float64(w.Rows) - 0.5, label: fitLabel(rows, c.Max.Y-c.Min.Y), ticks: count}
		p := newPlot(x, y, false)
		p.Y.Scale = gplot.InvertedScale{Normalizer: gplot.LinearScale{}}
		p.Add(h)
		left := c
		left.Max.X -= bar + space + numbers
		data := p.DataCanvas(left)
		if err := drawPlot(left, p); err != nil {
			return err
		}
		scale.draw(c, vg.Rectangle{
			Min: vg.Point{X: data.Max.X + space, Y: data.Min.Y},
			Max: vg.Point{X: data.Max.X + space + bar, Y: data.Max.Y},
		})
		return nil
	}}, nil
}

// matrixSize returns the inches of the data: square elements where that fits.
func matrixSize(rows, cols int) (wide, high float64) {
	const most, least = 5, 1.2
	ratio := float64(rows) / float64(cols)
	wide, high = most, most*ratio
	if high > most {
		wide, high = most/ratio, most
	}
	// Few elements need no large picture.
	if per := wide / float64(cols); per > 0.3 {
		wide, high = wide*0.3/per, high*0.3/per
	}
	return max(wide, least), max(high, least)
}

func (w Weights[F]) check() error {
	if w.Rows < 1 || w.Cols < 1 || w.Rows > 1<<28/w.Cols {
		return fmt.Errorf("matrix is %d × %d, want at least 1 and together at most 2²⁸ elements", w.Rows, w.Cols)
	}
	if len(w.W) != w.Rows*w.Cols {
		return fmt.Errorf("%d numbers came, want %d × %d = %d", len(w.W), w.Rows, w.Cols, w.Rows*w.Cols)
	}
	if !(w.Limit >= 0 && w.Limit <= huge) {
		return fmt.Errorf("limit is %g, want 0 or a finite number above", w.Limit)
	}
	return finite("w", w.W)
}

// heat draws numbers from −1 to 1 as colours.
type heat struct {
	rows, cols int
	w          []float32
}

func (h heat) Plot(c draw.Canvas, _ *gplot.Plot) {
	drawPixels(c, c.Rectangle, func(w, hh int) image.Image {
		img := image.NewNRGBA(image.Rect(0, 0, w, hh))
		for y := range hh {
			r0, r1 := covered(y, hh, h.rows)
			for x := range w {
				c0, c1 := covered(x, w, h.cols)
				var sum [3]float64
				for r := r0; r < r1; r++ {
					for _, v := range h.w[r*h.cols+c0 : r*h.cols+c1] {
						for k, s := range diverging(float64(v)) {
							sum[k] += s
						}
					}
				}
				n := float64((r1 - r0) * (c1 - c0))
				img.SetNRGBA(x, y, color.NRGBA{uint8(sum[0]/n + 0.5), uint8(sum[1]/n + 0.5), uint8(sum[2]/n + 0.5), 0xFF})
			}
		}
		return img
	})
}

// covered returns which of n elements pixel i of m shows: one at least.
func covered(i, m, n int) (from, to int) {
	from = i * n / m
	return from, max((i+1)*n/m, from+1)
}

// diverging returns the colour of v: blue at −1, white at 0, vermillion at 1.
func diverging(v float64) [3]float64 {
	full := palette[0]
	if v > 0 {
		full = palette[1]
	}
	s := math.Abs(v)
	mix := func(to uint8) float64 { return 255 - s*(255-float64(to)) }
	return [3]float64{mix(full.R), mix(full.G), mix(full.B)}
}

// A scale says which numbers the colours of a heat stand for.
type scale struct {
	lo, hi float64 // what it shows
	limit  float64 // has the full colour
	label  string
}

// draw draws the colours with their numbers on the right, and the label behind them.
func (s scale) draw(c draw.Canvas, r vg.Rectangle) {
	drawPixels(c, r, func(w, h int) image.Image {
		img := image.NewNRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			rgb := diverging((s.hi - (s.hi-s.lo)*(float64(y)+0.5)/float64(h)) / s.limit)
			for x := range w {
				img.SetNRGBA(x, y, color.NRGBA{uint8(rgb[0] + 0.5), uint8(rgb[1] + 0.5), uint8(rgb[2] + 0.5), 0xFF})
			}
		}
		return img
	})
	st := letters(tickSize, false)
	wide := vg.Length(0) // numbers
	for _, t := range (ticker{count: 4}).linear(s.lo, s.hi) {
		y := r.Min.Y + (r.Max.Y-r.Min.Y)*vg.Length((t.Value-s.lo)/(s.hi-s.lo))
		c.StrokeLine2(stroke(rimColor, thinWidth), r.Max.X, y, r.Max.X+3, y)
		text := fit(st, t.Label, c.Max.X-labelSize-r.Max.X-5)
		write(c, st, r.Max.X+5, y-0.36*tickSize, 0, text)
		wide = max(wide, st.Width(text))
	}
	st = letters(labelSize, false)
	writeUp(c, st, min(r.Max.X+8+wide+labelSize, c.Max.X), (r.Min.Y+r.Max.Y)/2, fit(st, s.label, c.Max.Y-c.Min.Y))
}
