package plot

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// An EventFrame is how many events a camera had in each pixel, for [EventFrames].
type EventFrame[F Float] struct {
	Counts  []F    // [2, h, w]: OFF, then ON; the upper row first
	Caption string // such as "10 ms"
}

// onColor and offColor are those of events that make a pixel brighter or darker.
var onColor, offColor = palette[0], palette[1]

func eventKeys() []key {
	return []key{{name: "ON", dot: onColor}, {name: "OFF", dot: offColor}}
}

// EventFrames draws frames of w × h pixels in rows of cols with their captions below:
// ON in one colour, OFF in another, pixels that had both in between, and darker the
// more there were.
//
// It is an error if there is no frame or more than 400, if one does not have 2·w·h
// counts, or one is negative or not finite.
func EventFrames[F Float](title string, w, h, cols int, frames ...EventFrame[F]) (Figure, error) {
	if cols < 1 || cols > 40 {
		return Figure{}, fmt.Errorf("plot: event frames: %d columns, want 1 to 40", cols)
	}
	if len(frames) == 0 || len(frames) > 400 {
		return Figure{}, fmt.Errorf("plot: event frames: %d frames came, want 1 to 400", len(frames))
	}
	images, captions, err := eventImages(w, h, frames)
	if err != nil {
		return Figure{}, fmt.Errorf("plot: event frames: %w", err)
	}
	fig := gallery{title: title, keys: eventKeys(), w: w, h: h, cols: cols, pitch: 3, captions: captions, draw: func(c draw.Canvas, r vg.Rectangle, i int) {
		drawImage(c, r, images[i])
	}}.figure()
	if err := fig.check(); err != nil {
		return Figure{}, fmt.Errorf("plot: event frames: %w", err)
	}
	return fig, nil
}

// EventMovie draws frames of w × h pixels as [EventFrames] does, one after the other,
// within so many seconds. What is wrong with two to 1,000 frames is what is wrong
// with those.
func EventMovie[F Float](title string, w, h int, seconds float64, frames ...EventFrame[F]) (Movie, error) {
	if len(frames) < 2 || len(frames) > 1000 {
		return Movie{}, fmt.Errorf("plot: event movie: %d frames came, want 2 to 1000", len(frames))
	}
	images, captions, err := eventImages(w, h, frames)
	if err != nil {
		return Movie{}, fmt.Errorf("plot: event movie: %w", err)
	}
	at := func(share float64) Figure {
		i := min(int(math.Ceil(share*float64(len(images))-1e-9)), len(images)) - 1
		return gallery{title: title, keys: eventKeys(), w: w, h: h, cols: 1, pitch: 5, captions: captions[max(i, 0):][:1], draw: func(c draw.Canvas, r vg.Rectangle, _ int) {
			drawImage(c, r, images[max(i, 0)])
		}}.figure()
	}
	first := at(0)
	return Movie{Width: first.Width, Height: min(first.Height, 30), Frames: len(images), Seconds: seconds, frame: at}, nil
}

// eventImages returns frames as pictures of a pixel for each of theirs.
func eventImages[F Float](w, h int, frames []EventFrame[F]) (images []*image.NRGBA, captions []string, err error) {
	if w < 1 || h < 1 || w > 4096 || h > 4096 {
		return nil, nil, fmt.Errorf("frames are %d × %d, want 1 to 4096 each", w, h)
	}
	var sample []float64 // of the counts above 0
	for i, f := range frames {
		if len(f.Counts) != 2*w*h {
			return nil, nil, fmt.Errorf("frame %d has %d counts, want 2 × %d × %d = %d", i, len(f.Counts), h, w, 2*w*h)
		}
		if err := finite(fmt.Sprintf("frame %d: counts", i), f.Counts); err != nil {
			return nil, nil, err
		}
		if k := slices.IndexFunc(f.Counts, func(v F) bool { return v < 0 }); k >= 0 {
			return nil, nil, fmt.Errorf("frame %d: counts[%d] is %g, want 0 or more", i, k, float64(f.Counts[k]))
		}
		for k := range w * h {
			if v := float64(f.Counts[k]) + float64(f.Counts[w*h+k]); v > 0 {
				sample = append(sample, v)
			}
		}
	}
	full := 1.0 // of the pixels with events, the 5 % with the most have the full colour
	if slices.Sort(sample); len(sample) > 0 {
		full = sample[len(sample)*95/100]
	}
	for _, f := range frames {
		img := image.NewNRGBA(image.Rect(0, 0, w, h))
		for k := range w * h {
			img.SetNRGBA(k%w, k/w, eventColor(float64(f.Counts[w*h+k]), float64(f.Counts[k]), full))
		}
		images, captions = append(images, img), append(captions, clean(f.Caption))
	}
	return images, captions, nil
}

// eventColor is the colour of a pixel with so many ON and OFF events, of which full
// have the full colour.
func eventColor(on, off, full float64) color.NRGBA {
	if on+off == 0 {
		return white
	}
	const least = 0.35 // of the colour, so that a lone event is seen
	ink := least + (1-least)*min(1, (on+off)/full)
	share := on / (on + off)
	mix := func(a, b uint8) uint8 {
		c := share*float64(a) + (1-share)*float64(b)
		return uint8(255 - ink*(255-c) + 0.5)
	}
	return color.NRGBA{mix(onColor.R, offColor.R), mix(onColor.G, offColor.G), mix(onColor.B, offColor.B), 0xFF}
}

// drawImage fills a rectangle with a picture, and frames it. Where the picture has
// more pixels than there is room for, one has the mean of theirs.
func drawImage(c draw.Canvas, r vg.Rectangle, img *image.NRGBA) {
	size := img.Rect.Size()
	drawPixels(c, r, func(w, h int) image.Image {
		out := image.NewNRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			y0, y1 := y*size.Y/h, max((y+1)*size.Y/h, y*size.Y/h+1)
			for x := range w {
				x0, x1 := x*size.X/w, max((x+1)*size.X/w, x*size.X/w+1)
				var sum [3]int
				for j := y0; j < y1; j++ {
					for i := x0; i < x1; i++ {
						p := img.Pix[img.PixOffset(i, j):]
						sum[0], sum[1], sum[2] = sum[0]+int(p[0]), sum[1]+int(p[1]), sum[2]+int(p[2])
					}
				}
				n := (y1 - y0) * (x1 - x0)
				copy(out.Pix[out.PixOffset(x, y):], []uint8{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 0xFF})
			}
		}
		return out
	})
	c.SetLineStyle(stroke(rimColor, thinWidth/2))
	c.Stroke(r.Path())
}
