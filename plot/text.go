package plot

import (
	"image/color"
	"math"
	"strings"
	"unicode"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// clean makes one line of valid text of s: XML and terminals take no control characters.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == '\uFFFE', r == '\uFFFF':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return strings.TrimSpace(s)
}

// write writes s with its base line at y. The share align of its width is left of x.
func write(c draw.Canvas, st text.Style, x, y vg.Length, align float64, s string) {
	if s == "" {
		return
	}
	face := st.Handler.Cache().Lookup(st.Font, st.Font.Size)
	c.SetColor(st.Color)
	c.FillString(face, vg.Point{X: x - vg.Length(align)*st.Width(s), Y: y}, s)
}

// writeUp writes s upwards, its middle at y and its base line at x.
func writeUp(c draw.Canvas, st text.Style, x, y vg.Length, s string) {
	c.Push()
	c.Rotate(math.Pi / 2)
	write(c, st, y, -x, 0.5, s)
	c.Pop()
}

// fit cuts s to a width.
func fit(st text.Style, s string, width vg.Length) string {
	if st.Width(s) <= width {
		return s
	}
	rs := []rune(s)
	for n := len(rs) - 1; n > 0; n-- {
		if cut := strings.TrimSpace(string(rs[:n])) + "…"; st.Width(cut) <= width {
			return cut
		}
	}
	return ""
}

// wrap breaks s into lines of a width.
func wrap(st text.Style, s string, width vg.Length) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		longer := strings.TrimSpace(line + " " + word)
		if line != "" && st.Width(longer) > width {
			lines = append(lines, line)
			longer = word
		}
		line = fit(st, longer, width)
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// A key is an entry of a legend: a sample and what it stands for.
type key struct {
	name string
	line draw.LineStyle // of width 0: none
	dot  color.Color    // nil: none
	ring bool           // circle it in black
	tick bool           // draw the line upright, as a spike
}

// sample is the width of a key's sample.
func (k key) sample() vg.Length {
	if k.dot != nil || k.ring || k.tick {
		return 6
	}
	return 18
}

func (k key) draw(c draw.Canvas, x, y vg.Length) {
	mid := vg.Point{X: x + k.sample()/2, Y: y + 0.36*tickSize} // half the height of a capital
	switch {
	case k.tick:
		c.StrokeLine2(k.line, mid.X, mid.Y-3.5, mid.X, mid.Y+3.5)
	case k.line.Width > 0:
		c.StrokeLine2(k.line, x, mid.Y, x+k.sample(), mid.Y)
	}
	if k.dot != nil {
		c.SetColor(k.dot)
		c.Fill(circles([]vg.Point{mid}, 2.6))
	}
	if k.ring {
		c.SetLineStyle(stroke(black, ringWidth))
		c.Stroke(circles([]vg.Point{mid}, 3))
	}
}

// header writes a title and a legend along the upper edge of c and returns what
// is left below. A legend up there never covers data.
func header(c draw.Canvas, title string, keys []key) draw.Canvas {
	const air = 4
	width := c.Max.X - c.Min.X
	top := c.Max.Y
	st := letters(titleSize, true)
	for _, line := range wrap(st, clean(title), width) {
		write(c, st, c.Min.X, top-titleSize, 0, line)
		top -= 1.25 * titleSize
	}
	if top < c.Max.Y {
		top -= air
	}
	st = letters(tickSize, false)
	x := c.Min.X
	for i, k := range keys {
		room := width - k.sample() - air
		name := fit(st, clean(k.name), room)
		if x > c.Min.X && x+k.sample()+air+st.Width(name) > c.Max.X {
			x = c.Min.X
			top -= 1.45 * tickSize
		}
		k.draw(c, x, top-tickSize)
		write(c, st, x+k.sample()+air, top-tickSize, 0, name)
		x += k.sample() + st.Width(name) + 4*air
		if i == len(keys)-1 {
			top -= 1.25*tickSize + 2*air
		}
	}
	c.Max.Y = top
	return c
}

// fitLabel cuts the label of an axis to what the axis may take.
func fitLabel(s string, length vg.Length) string {
	return fit(letters(labelSize, false), clean(s), 0.8*length)
}
