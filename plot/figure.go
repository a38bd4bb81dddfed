package plot

import (
	"bytes"
	"fmt"
	"io"
	"math"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Float is the element type of tensors.
type Float interface{ ~float32 | ~float64 }

// A Figure is a picture ready to be saved. The functions of this package make it,
// with a size that suits what it shows; the size may be changed.
type Figure struct {
	Width, Height float64 // inches, from 1 to 30; a PNG has 144 pixels to the inch

	paint func(c draw.Canvas) error
}

// check says what is wrong with a figure.
func (f Figure) check() error {
	if f.paint == nil {
		return fmt.Errorf("figure is empty, want one made by a function of this package")
	}
	// Not ">", which NaN would pass.
	if !(f.Width >= 1 && f.Width <= 30 && f.Height >= 1 && f.Height <= 30) {
		return fmt.Errorf("figure is %g × %g inches, want 1 to 30 each", f.Width, f.Height)
	}
	return nil
}

// render returns the figure as PNG and as SVG.
func (f Figure) render() (png, svg []byte, err error) {
	c, err := drawn(f, f.pixels)
	if err != nil {
		return nil, nil, err
	}
	if png, err = written(vgimg.PngCanvas{Canvas: c}); err != nil {
		return nil, nil, err
	}
	svg, err = f.vector()
	return png, svg, err
}

// vector returns the figure as SVG.
func (f Figure) vector() ([]byte, error) {
	c, err := drawn(f, func() *vgsvg.Canvas { return vgsvg.New(f.size()) })
	if err != nil {
		return nil, err
	}
	svg, err := written(c)
	return portable(svg), err
}

// pixels returns a canvas for the figure.
func (f Figure) pixels() *vgimg.Canvas {
	return vgimg.NewWith(vgimg.UseWH(f.size()), vgimg.UseDPI(dpi))
}

func (f Figure) size() (w, h vg.Length) {
	return vg.Length(f.Width) * vg.Inch, vg.Length(f.Height) * vg.Inch
}

// drawn returns a new canvas with the figure on it.
func drawn[C vg.CanvasSizer](f Figure, create func() C) (on C, err error) {
	// The layout rules out what gonum/plot is known to panic on. Whatever is left
	// shall not take a finished training with it.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("drawing failed: %v", r)
		}
	}()
	if err := f.check(); err != nil {
		return on, err
	}
	on = create()
	c := draw.New(on)
	c.SetColor(white)
	c.Fill(c.Path())
	return on, f.paint(draw.Crop(c, margin, -margin, margin, -margin))
}

func written(w io.WriterTo) ([]byte, error) {
	var b bytes.Buffer
	_, err := w.WriteTo(&b)
	return b.Bytes(), err
}

// portable names fonts with the same metrics for viewers that lack ours, and
// gives embedded images their true type, which the SVG writer gets wrong.
func portable(svg []byte) []byte {
	for _, r := range [][2]string{
		{"font-family:Liberation Sans;", "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"},
		{`xlink:href="data:image/jpg;`, `xlink:href="data:image/png;`},
	} {
		svg = bytes.ReplaceAll(svg, []byte(r[0]), []byte(r[1]))
	}
	return svg
}

// Panels tiles figures, row by row, on one canvas of rows × cols. A row is as high
// as its highest figure and a column as wide as its widest; the last cells may stay
// empty.
func Panels(rows, cols int, figs ...Figure) (Figure, error) {
	if rows < 1 || cols < 1 || rows > 30 || cols > 30 {
		return Figure{}, fmt.Errorf("plot: panels: grid is %d × %d, want 1 to 30 each", rows, cols)
	}
	if len(figs) == 0 || len(figs) > rows*cols {
		return Figure{}, fmt.Errorf("plot: panels: %d figures came, want 1 to %d for %d rows and %d columns", len(figs), rows*cols, rows, cols)
	}
	ws, hs := make([]float64, cols), make([]float64, rows)
	for i, f := range figs {
		if err := f.check(); err != nil {
			return Figure{}, fmt.Errorf("plot: panels: figure %d: %w", i, err)
		}
		ws[i%cols] = max(ws[i%cols], f.Width)
		hs[i/cols] = max(hs[i/cols], f.Height)
	}
	width, height := sum(ws), sum(hs)
	if width > 30 || height > 30 {
		return Figure{}, fmt.Errorf("plot: panels: together they are %g × %g inches, want at most 30 each", width, height)
	}
	figs = append([]Figure(nil), figs...)
	return Figure{Width: width, Height: height, paint: func(c draw.Canvas) error {
		// The margin around the whole stands for that of the outer figures.
		c = draw.Crop(c, -margin, margin, -margin, margin)
		scaleX, scaleY := float64(c.Max.X-c.Min.X)/width, float64(c.Max.Y-c.Min.Y)/height
		for i, f := range figs {
			x, y := sum(ws[:i%cols]), sum(hs[:i/cols])
			cell := c
			cell.Min.X = c.Min.X + vg.Length(x*scaleX)
			cell.Max.X = cell.Min.X + vg.Length(ws[i%cols]*scaleX)
			cell.Max.Y = c.Max.Y - vg.Length(y*scaleY)
			cell.Min.Y = cell.Max.Y - vg.Length(hs[i/cols]*scaleY)
			if err := f.paint(draw.Crop(cell, margin, -margin, margin, -margin)); err != nil {
				return fmt.Errorf("panel %d: %w", i, err)
			}
		}
		return nil
	}}, nil
}

func sum(vs []float64) float64 {
	s := 0.0
	for _, v := range vs {
		s += v
	}
	return s
}

// drawPlot draws one panel, or says that there is no room for it.
func drawPlot(c draw.Canvas, p *gplot.Plot) error {
	if err := roomy(p.DataCanvas(c)); err != nil {
		return err
	}
	p.Draw(c)
	return nil
}

func roomy(c draw.Canvas) error {
	w, h := c.Max.X-c.Min.X, c.Max.Y-c.Min.Y
	if !(w >= smallest && h >= smallest) {
		return fmt.Errorf("%.0f × %.0f points are left for the data, want at least %g each: make the figure larger", float64(w), float64(h), float64(smallest))
	}
	return nil
}

// A strip is one of several panels above each other on one x axis.
type strip struct {
	plot   *gplot.Plot
	head   string
	weight float64 // share of the height
}

// drawStack draws strips from top to bottom with their data areas flush, and a
// label for all their y axes, if there is one.
func drawStack(c draw.Canvas, strips []strip, ylabel string) error {
	const headHeight = 1.5 * tickSize
	st := letters(labelSize, false)
	labelX := c.Min.X + labelSize
	if ylabel != "" {
		c = draw.Crop(c, 1.5*labelSize, 0, 0, 0)
	}

	heads, total := vg.Length(0), 0.0
	left, right := c.Min.X, c.Max.X
	for _, s := range strips {
		if s.head != "" {
			heads += headHeight
		}
		total += s.weight
		data := s.plot.DataCanvas(c)
		left, right = max(left, data.Min.X), min(right, data.Max.X)
	}
	gaps := 5 * vg.Length(len(strips)-1)
	last := strips[len(strips)-1].plot.DataCanvas(c)
	foot := last.Min.Y - c.Min.Y // the x axis below the last strip
	room := c.Max.Y - c.Min.Y - heads - gaps - foot
	writeUp(c, st, labelX, (c.Max.Y+c.Min.Y+foot)/2, fit(st, ylabel, c.Max.Y-c.Min.Y-foot))
	top := c.Max.Y
	for i, s := range strips {
		if s.head != "" {
			st := letters(tickSize, false)
			write(c, st, left, top-tickSize, 0, fit(st, clean(s.head), c.Max.X-left))
			top -= headHeight
		}
		cell := c
		cell.Max.Y = top
		cell.Min.Y = top - room*vg.Length(s.weight/total)
		if i == len(strips)-1 {
			cell.Min.Y -= foot
		}
		data := s.plot.DataCanvas(cell)
		cell = draw.Crop(cell, left-data.Min.X, right-data.Max.X, 0, 0)
		if err := drawPlot(cell, s.plot); err != nil {
			return err
		}
		top = cell.Min.Y - 5
	}
	return nil
}

// finite says which of vs is no number that can be drawn.
func finite[F Float](name string, vs []F) error {
	for i, v := range vs {
		if math.IsNaN(float64(v)) || math.Abs(float64(v)) > huge {
			return fmt.Errorf("%s[%d] is %g, want a finite number of size at most %g", name, i, float64(v), huge)
		}
	}
	return nil
}

// extent returns the least and the greatest of several series, of which one has an element.
func extent(series ...[]float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, s := range series {
		for _, v := range s {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	return lo, hi
}
