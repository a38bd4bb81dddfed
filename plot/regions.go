package plot

import (
	"fmt"
	"image"
	"image/color"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Plane is what [Regions] draws: what a classifier of points in [0, 1]² says
// everywhere, and how it does on test points.
type Plane struct {
	Title   string
	Classes []string // names, for the legend; class k is Classes[k]; at most 8

	W, H int   // cells of the grid
	Grid []int // [H, W], predicted class at the points of GridPoints(W, H)

	Points [][2]float64 // test points, x and y from 0 to 1
	Labels []int        // their true classes
	Preds  []int        // and the predicted ones

	Outline [][][2]float64 // curves to draw on top, may be nil
}

// GridPoints returns the middles of w × h equal cells of [0, 1]², from the lower
// left one row by row: ((i + ½)/w, (j + ½)/h) at j·w + i. A classifier's answers
// to them are the Grid of a [Plane]. It is an error if w or h is not from 1 to 4096.
func GridPoints(w, h int) ([][2]float64, error) {
	if err := gridSize(w, h); err != nil {
		return nil, fmt.Errorf("plot: grid points: %w", err)
	}
	pts := make([][2]float64, 0, w*h)
	for j := range h {
		for i := range w {
			pts = append(pts, [2]float64{(float64(i) + 0.5) / float64(w), (float64(j) + 0.5) / float64(h)})
		}
	}
	return pts, nil
}

func gridSize(w, h int) error {
	if w < 1 || h < 1 || w > 4096 || h > 4096 {
		return fmt.Errorf("grid is %d × %d, want 1 to 4096 each", w, h)
	}
	return nil
}

// Regions draws the decision regions of a classifier in light colours and the test
// points on top in the colours of their true classes, ringed in black where the
// prediction is another. The title ends with the accuracy on the test points.
//
// It is an error if lengths do not agree, a class has no name, or a point is
// outside of [0, 1]².
func Regions(pl Plane) (Figure, error) {
	if err := pl.check(); err != nil {
		return Figure{}, fmt.Errorf("plot: regions: %w", err)
	}
	marks := points{class: make([][][2]float64, len(pl.Classes))}
	for i, pt := range pl.Points {
		marks.class[pl.Labels[i]] = append(marks.class[pl.Labels[i]], pt)
		if pl.Preds[i] != pl.Labels[i] {
			marks.wrong = append(marks.wrong, pt)
		}
	}
	n := len(pl.Points)
	right := n - len(marks.wrong)
	title := heading(pl.Title, fmt.Sprintf("accuracy %.1f %% (%d of %d)", 100*float64(right)/float64(n), right, n))
	var keys []key
	for k, name := range pl.Classes {
		keys = append(keys, key{name: name, dot: palette[k]})
	}
	if len(marks.wrong) > 0 {
		keys = append(keys, key{name: "misclassified", ring: true})
	}

	unit := ticker{count: 5}
	p := newPlot(axis{max: 1, label: "x", ticks: unit}, axis{max: 1, label: "y", ticks: unit}, false)
	p.Add(cells{pl.W, pl.H, append([]int(nil), pl.Grid...)})
	for _, o := range pl.Outline {
		l := curve{style: stroke(inkColor, thinWidth)}
		for _, pt := range o {
			l.x, l.y = append(l.x, pt[0]), append(l.y, pt[1])
		}
		p.Add(l)
	}
	p.Add(marks)
	return Figure{Width: 4.4, Height: 4.8, paint: func(c draw.Canvas) error {
		c = header(c, title, keys)
		// A square stays a square: cut off what one side has more than the other.
		data := p.DataCanvas(c)
		if w, h := data.Max.X-data.Min.X, data.Max.Y-data.Min.Y; w > h {
			c.Max.X -= w - h
		} else {
			c.Min.Y += h - w
		}
		return drawPlot(c, p)
	}}, nil
}

func (pl Plane) check() error {
	if len(pl.Classes) == 0 || len(pl.Classes) > len(palette) {
		return fmt.Errorf("%d classes came, want 1 to %d", len(pl.Classes), len(palette))
	}
	for k, name := range pl.Classes {
		if clean(name) == "" {
			return fmt.Errorf("class %d of %d has no name, want one for the legend", k, len(pl.Classes))
		}
	}
	if err := gridSize(pl.W, pl.H); err != nil {
		return err
	}
	if len(pl.Grid) != pl.W*pl.H {
		return fmt.Errorf("grid has %d cells, want %d × %d = %d", len(pl.Grid), pl.W, pl.H, pl.W*pl.H)
	}
	if len(pl.Points) == 0 {
		return fmt.Errorf("no test points came, want at least one")
	}
	for _, s := range []struct {
		name string
		vs   []int
		n    int
	}{{"grid", pl.Grid, len(pl.Grid)}, {"labels", pl.Labels, len(pl.Points)}, {"predictions", pl.Preds, len(pl.Points)}} {
		if len(s.vs) != s.n {
			return fmt.Errorf("%d %s came, want %d as there are points", len(s.vs), s.name, s.n)
		}
		for i, k := range s.vs {
			if k < 0 || k >= len(pl.Classes) {
				return fmt.Errorf("%s[%d] is class %d, want 0 to %d", s.name, i, k, len(pl.Classes)-1)
			}
		}
	}
	for i, pt := range pl.Points {
		if !(pt[0] >= 0 && pt[0] <= 1 && pt[1] >= 0 && pt[1] <= 1) {
			return fmt.Errorf("point %d is (%g, %g), want it inside [0, 1]²", i, pt[0], pt[1])
		}
	}
	for k, o := range pl.Outline {
		for i, pt := range o {
			if err := finite(fmt.Sprintf("outline %d, point %d", k, i), pt[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// cells fills the unit square with the light colours of classes.
type cells struct {
	w, h int
	grid []int
}

func (g cells) Plot(c draw.Canvas, _ *gplot.Plot) {
	colours := make(color.Palette, len(palette))
	for i, p := range palette {
		colours[i] = light(p)
	}
	drawPixels(c, c.Rectangle, func(w, h int) image.Image {
		img := image.NewPaletted(image.Rect(0, 0, w, h), colours)
		for y := range h {
			row := g.grid[(h-1-y)*g.h/h*g.w:]
			for x := range w {
				img.Pix[y*img.Stride+x] = uint8(row[x*g.w/w])
			}
		}
		return img
	})
}

// points draws test points by class and circles the wrong ones.
type points struct {
	class [][][2]float64
	wrong [][2]float64
}

func (ps points) Plot(c draw.Canvas, p *gplot.Plot) {
	trX, trY := p.Transforms(&c)
	place := func(from [][2]float64) []vg.Point {
		at := make([]vg.Point, len(from))
		for i, pt := range from {
			at[i] = vg.Point{X: trX(pt[0]), Y: trY(pt[1])}
		}
		return at
	}
	n := 0
	for _, class := range ps.class {
		n += len(class)
	}
	radius := markRadius
	if n > 2000 { // or they hide the regions
		radius = markRadius / 2
	}
	for k, class := range ps.class {
		c.SetColor(palette[k])
		c.Fill(circles(place(class), radius))
	}
	c.SetLineStyle(stroke(black, ringWidth))
	c.Stroke(circles(place(ps.wrong), radius+1))
}
