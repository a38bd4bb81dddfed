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

	fig := gallery{title: title, w: w, h: h, cols: cols, pitch: 1, captions: captions, draw: func(c draw.Canvas, r vg.Rectangle, i int) {
		drawGrey(c, r, greys[i])
	}}.figure()
	if err := fig.check(); err != nil {
		return Figure{}, fmt.Errorf("plot: digits: %d rows: %w", (len(images)+cols-1)/cols, err)
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
