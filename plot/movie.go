package plot

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"os"
	"path/filepath"
	"strings"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"
)

// A Movie is a picture that moves, ready to be saved by [SaveGIF]. Its size and its
// frames may be changed.
type Movie struct {
	Width, Height float64 // inches, from 1 to 30
	Frames        int     // from 2 to 1000
	Seconds       float64 // that it takes, from 0.1 to 600

	frame func(share float64) Figure // what is seen after a share of the time, up to 1
}

// NewMovie returns a movie of one's own: frame gives what is seen after a share of
// its time, above 0 and up to 1. It takes the size of the last figure.
func NewMovie(frames int, seconds float64, frame func(share float64) Figure) (Movie, error) {
	if frame == nil {
		return Movie{}, fmt.Errorf("plot: movie: there is no function that gives its frames")
	}
	last := frame(1)
	return Movie{Width: last.Width, Height: last.Height, Frames: frames, Seconds: seconds, frame: frame}, nil
}

// RasterMovie draws the spikes of layers as [Raster] does, as they come: a line runs
// from left to right and leaves them behind. The movie takes five seconds, in sixty
// frames.
func RasterMovie[F Float](title string, dt float64, layers ...Layer[F]) (Movie, error) {
	r, err := newRaster(title, dt, layers)
	if err != nil {
		return Movie{}, fmt.Errorf("plot: raster movie: %w", err)
	}
	all := r.figure()
	return Movie{Width: all.Width, Height: all.Height, Frames: 60, Seconds: 5, frame: func(share float64) Figure {
		return r.until(share * float64(r.steps)).figure()
	}}, nil
}

// cursor draws an upright line over a panel.
type cursor struct{ x float64 }

func (l cursor) Plot(c draw.Canvas, p *gplot.Plot) {
	x := c.X(p.X.Norm(l.x))
	c.StrokeLine2(stroke(inkColor, thinWidth), x, c.Min.Y, x, c.Max.Y)
}

// SaveGIF writes a movie to name.gif in dir, which it creates if need be. It runs
// for ever. The file appears whole: it is written under a temporary name and renamed.
func SaveGIF(dir, name string, m Movie) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\\x00") {
		return fmt.Errorf("plot: save gif: name is %q, want the name of a file without folders and extension", name)
	}
	b, err := m.encode()
	if err == nil {
		err = os.MkdirAll(dir, 0o777)
	}
	if err != nil {
		return fmt.Errorf("plot: save gif %s: %w", name, err)
	}
	tmp, err := writeTemp(dir, b)
	if err == nil {
		if err = os.Rename(tmp, filepath.Join(dir, name+".gif")); err != nil {
			os.Remove(tmp)
		}
	}
	if err != nil {
		return fmt.Errorf("plot: save gif %s: %w", name, err)
	}
	return nil
}

func (m Movie) encode() ([]byte, error) {
	switch {
	case m.frame == nil:
		return nil, fmt.Errorf("movie is empty, want one made by a function of this package")
	case m.Frames < 2 || m.Frames > 1000:
		return nil, fmt.Errorf("movie has %d frames, want 2 to 1000", m.Frames)
	case !(m.Seconds >= 0.1 && m.Seconds <= 600):
		return nil, fmt.Errorf("movie takes %g s, want 0.1 to 600", m.Seconds)
	}
	g := gif.GIF{}
	ink := newInks()
	var last *image.Paletted
	shown := 0 // hundredths of a second
	for i := range m.Frames {
		f := m.frame(float64(i+1) / float64(m.Frames))
		f.Width, f.Height = m.Width, m.Height
		c, err := drawn(f, f.pixels)
		if err != nil {
			return nil, err
		}
		now := ink.index(c.Image())
		until := int(100 * m.Seconds * float64(i+1) / float64(m.Frames))
		g.Image, g.Delay = append(g.Image, changed(last, now)), append(g.Delay, until-shown)
		g.Disposal = append(g.Disposal, gif.DisposalNone)
		last, shown = now, until
	}
	g.Delay[m.Frames-1] += 100 // the end is worth a look
	g.Config = image.Config{ColorModel: ink.palette, Width: last.Rect.Dx(), Height: last.Rect.Dy()}
	var b bytes.Buffer
	err := gif.EncodeAll(&b, &g)
	return b.Bytes(), err
}

// changed returns the least rectangle of now in which it differs from last, one
// pixel at least; all of it if there is no last.
func changed(last, now *image.Paletted) *image.Paletted {
	if last == nil {
		return now
	}
	var r image.Rectangle
	for y := now.Rect.Min.Y; y < now.Rect.Max.Y; y++ {
		a, b := last.Pix[y*last.Stride:][:now.Rect.Dx()], now.Pix[y*now.Stride:][:now.Rect.Dx()]
		if bytes.Equal(a, b) {
			continue
		}
		x0, x1 := 0, len(a)
		for a[x0] == b[x0] {
			x0++
		}
		for a[x1-1] == b[x1-1] {
			x1--
		}
		r = r.Union(image.Rect(x0, y, x1, y+1))
	}
	if r.Empty() {
		r = image.Rect(0, 0, 1, 1)
	}
	return now.SubImage(r).(*image.Paletted)
}

// inks are the colours of a movie: ways from white to each colour of the palette, and
// greys.
type inks struct {
	palette color.Palette
	known   map[color.RGBA]uint8
}

func newInks() *inks {
	const shades = 27 // 8 × 27 colours, and 40 greys
	k := &inks{known: map[color.RGBA]uint8{}}
	for i := range 40 {
		v := uint8(255 * i / 39)
		k.palette = append(k.palette, color.RGBA{v, v, v, 0xFF})
	}
	for _, p := range palette {
		for i := 1; i <= shades; i++ {
			mix := func(v uint8) uint8 { return uint8(255 - (255-int(v))*i/shades) }
			k.palette = append(k.palette, color.RGBA{mix(p.R), mix(p.G), mix(p.B), 0xFF})
		}
	}
	return k
}

// index returns the image in the nearest of the colours.
func (k *inks) index(img image.Image) *image.Paletted {
	b := img.Bounds()
	out := image.NewPaletted(image.Rect(0, 0, b.Dx(), b.Dy()), k.palette)
	for y := range b.Dy() {
		for x := range b.Dx() {
			c := color.RGBAModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.RGBA)
			i, ok := k.known[c]
			if !ok {
				i = uint8(k.palette.Index(c))
				k.known[c] = i
			}
			out.Pix[y*out.Stride+x] = i
		}
	}
	return out
}
