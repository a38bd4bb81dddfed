package plot

import (
	"fmt"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A gallery is pictures of w × h pixels in rows of cols with their captions below.
type gallery struct {
	title      string
	keys       []key
	w, h, cols int
	pitch      float64 // the most inches from one picture to the next
	captions   []string
	draw       func(c draw.Canvas, r vg.Rectangle, i int) // fills a rectangle with picture i
}

// figure returns the pictures, in about 6.5 inches if there are many of them.
func (g gallery) figure() Figure {
	n := len(g.captions)
	cols := min(g.cols, n)
	rows := (n + cols - 1) / cols
	const (
		caption  = 1.6 * tickSize
		air      = 8   // points between pictures
		pitchMin = 0.6 // inches, for a caption of a few letters
	)
	pitch := min(max(6.5/float64(cols), pitchMin), g.pitch) * 72
	picture := (pitch - air) * float64(g.h) / float64(g.w)
	height := float64(rows)*(picture+float64(caption)+air) + 2*float64(margin) + 2*float64(titleSize)
	if len(g.keys) > 0 {
		height += 2 * float64(tickSize)
	}
	return Figure{
		Width:  max(float64(cols)*pitch+2*float64(margin), 3*72) / 72, // room for a title
		Height: max(height, 72) / 72,
		paint: func(c draw.Canvas) error {
			c = header(c, g.title, g.keys)
			c = draw.Crop(c, -air/2, air/2, 0, 0) // flush with the title
			cellW := (c.Max.X - c.Min.X) / vg.Length(cols)
			cellH := (c.Max.Y - c.Min.Y) / vg.Length(rows)
			scale := min((cellW-air)/vg.Length(g.w), (cellH-caption-air/2)/vg.Length(g.h))
			cellW = min(cellW, max(scale*vg.Length(g.w)+air, pitchMin*72)) // few pictures stay together
			if !(scale*vg.Length(g.w) >= smallest && scale*vg.Length(g.h) >= smallest) {
				return fmt.Errorf("%.0f × %.0f points are left for an image, want at least %g each: make the figure larger or the rows shorter", float64(cellW), float64(cellH), float64(smallest))
			}
			st := letters(tickSize, false)
			for i := range g.captions {
				mid := c.Min.X + (vg.Length(i%cols)+0.5)*cellW
				top := c.Max.Y - vg.Length(i/cols)*cellH
				r := vg.Rectangle{
					Min: vg.Point{X: mid - scale*vg.Length(g.w)/2, Y: top - scale*vg.Length(g.h)},
					Max: vg.Point{X: mid + scale*vg.Length(g.w)/2, Y: top},
				}
				g.draw(c, r, i)
				write(c, st, mid, r.Min.Y-1.2*tickSize, 0.5, fit(st, g.captions[i], cellW-air/2))
			}
			return nil
		},
	}
}
