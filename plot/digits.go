package plot

import (
	"fmt"
	"image"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Digit is a grey image with a caption, for [Digits].
type Digit[F Float] struct {
	Pixels  []F    // [h, w], the upper row first
	Caption string // such as "7 → 1" for a 7 taken for a 1
}

// Digits draws images of w × h pixels in rows of cols with their captions below.
// The lowest of all the pixels is white as paper and the highest black as ink.
//
// It is an error if there is no image or more than 400, if one does not have w·h
// pixels or a pixel is not finite.
func Digits[F Float](title string, w, h, cols int, images ...Digit[F]) (Figure, error) {
	if w < 1 || h < 1 || w > 1024 || h > 1024 {
		return Figure{}, fmt.Errorf("plot: digits: images are %d × %d, want 1 to 1024 each", w, h)
	}
	if cols < 1 || cols > 40 {
		return Figure{}, fmt.Errorf("plot: digits: %d columns, want 1 to 40", cols)
	}
	if len(images) == 0 || len(images) > 400 {
		return Figure{}, fmt.Errorf("plot: digits: %d images came, want 1 to 400", len(images))
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for i, d := range images {
		if len(d.Pixels) != w*h {
			return Figure{}, fmt.Errorf("plot: digits: image %d has %d pixels, want %d × %d = %d", i, len(d.Pixels), w, h, w*h)
		}
		if err := finite(fmt.Sprintf("image %d: pixels", i), d.Pixels); err != nil {
			return Figure{}, fmt.Errorf("plot: digits: %w", err)
		}
		for _, v := range d.Pixels {
			lo, hi = min(lo, float64(v)), max(hi, float64(v))
		}
	}
	greys := make([]*image.Gray, len(images))
	captions := make([]string, len(images))
	for i, d := range images {
		captions[i] = clean(d.Caption)
		greys[i] = image.NewGray(image.Rect(0, 0, w, h))
		for j, v := range d.Pixels {
			greys[i].Pix[j] = 255
			if hi > lo {
				greys[i].Pix[j] = uint8(255*(hi-float64(v))/(hi-lo) + 0.5)
			}
		}
	}

	cols = min(cols, len(images))
	rows := (len(images) + cols - 1) / cols
	const (
		caption  = 1.6 * tickSize
		air      = 8   // points between images
		pitchMin = 0.6 // inches, for a caption of a few letters
	)
	pitch := min(max(6.5/float64(cols), pitchMin), 1) * 72
	picture := (pitch - air) * float64(h) / float64(w)
	height := float64(rows)*(picture+float64(caption)+air) + 2*float64(margin) + 2*float64(titleSize)
	fig := Figure{
		Width:  max(float64(cols)*pitch+2*float64(margin), 3*72) / 72, // room for a title
		Height: max(height, 72) / 72,
		paint: func(c draw.Canvas) error {
			c = header(c, title, nil)
			c = draw.Crop(c, -air/2, air/2, 0, 0) // flush with the title
			cellW := (c.Max.X - c.Min.X) / vg.Length(cols)
			cellH := (c.Max.Y - c.Min.Y) / vg.Length(rows)
			scale := min((cellW-air)/vg.Length(w), (cellH-caption-air/2)/vg.Length(h))
			cellW = min(cellW, max(scale*vg.Length(w)+air, pitchMin*72)) // few images stay together
			if !(scale*vg.Length(w) >= smallest && scale*vg.Length(h) >= smallest) {
				return fmt.Errorf("%.0f × %.0f points are left for an image, want at least %g each: make the figure larger or the rows shorter", float64(cellW), float64(cellH), float64(smallest))
			}
			st := letters(tickSize, false)
			for i, g := range greys {
				mid := c.Min.X + (vg.Length(i%cols)+0.5)*cellW
				top := c.Max.Y - vg.Length(i/cols)*cellH
				r := vg.Rectangle{
					Min: vg.Point{X: mid - scale*vg.Length(w)/2, Y: top - scale*vg.Length(h)},
					Max: vg.Point{X: mid + scale*vg.Length(w)/2, Y: top},
				}
				drawGrey(c, r, g)
				write(c, st, mid, r.Min.Y-1.2*tickSize, 0.5, fit(st, captions[i], cellW-air/2))
			}
			return nil
		},
	}
	if err := fig.check(); err != nil {
		return Figure{}, fmt.Errorf("plot: digits: %d rows: %w", rows, err)
	}
	return fig, nil
}

// drawGrey fills a rectangle with an image and frames it.
func drawGrey(c draw.Canvas, r vg.Rectangle, g *image.Gray) {
	size := g.Bounds().Size()
	drawPixels(c, r, func(w, h int) image.Image {
		img := image.NewGray(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				img.Pix[y*img.Stride+x] = g.Pix[y*size.Y/h*g.Stride+x*size.X/w]
			}
		}
		return img
	})
	c.SetLineStyle(stroke(rimColor, thinWidth/2))
	c.Stroke(r.Path())
}
