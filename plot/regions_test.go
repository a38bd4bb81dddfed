package plot_test

import (
	"image"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/plot"
)

// Four classes in four quarters: each is light where it is predicted, and points
// have the colours of their true classes.
func TestRegionsPixels(t *testing.T) {
	fig := made(t)(plot.Regions(plot.Plane{
		Title: "Quarters", Classes: []string{"a", "b", "c", "d"},
		W: 2, H: 2, Grid: []int{0, 1, 2, 3}, // the lower row first
		Points: [][2]float64{{0.25, 0.25}, {0.75, 0.25}, {0.25, 0.75}, {0.75, 0.75}},
		Labels: []int{0, 1, 2, 0}, Preds: []int{0, 1, 2, 3},
		Outline: [][][2]float64{{{0, 0.5}, {1, 0.5}}},
	}))
	img, svg := saved(t, fig)
	area := box(img, img.Bounds(), pale(blue), pale(vermillion), pale(green), pale(orange))
	require.InDelta(t, area.Dx(), area.Dy(), 2, "the unit square is square")
	place := func(x, y float64) (int, int) {
		return area.Min.X + int(x*float64(area.Dx())), area.Max.Y - int(y*float64(area.Dy()))
	}
	pixel := func(x, y float64) any { i, j := place(x, y); return img.NRGBAAt(i, j) }
	require.Equal(t, pale(blue), pixel(0.1, 0.1))
	require.Equal(t, pale(vermillion), pixel(0.9, 0.1))
	require.Equal(t, pale(green), pixel(0.1, 0.9))
	require.Equal(t, pale(orange), pixel(0.9, 0.9))
	require.Equal(t, blue, pixel(0.25, 0.25))
	require.Equal(t, vermillion, pixel(0.75, 0.25))
	require.Equal(t, green, pixel(0.25, 0.75))
	require.Equal(t, blue, pixel(0.75, 0.75), "the true class of the wrong one")

	// The wrong point, and no other, has a black ring.
	around := func(x, y float64) image.Rectangle {
		i, j := place(x, y)
		return box(img, image.Rect(i-12, j-12, i+12, j+12), black)
	}
	ring := around(0.75, 0.75)
	require.False(t, ring.Empty())
	require.InDelta(t, ring.Dx(), ring.Dy(), 2)
	require.True(t, around(0.25, 0.25).Empty())
	// The outline crosses the middle.
	i, j := place(0.1, 0.5)
	dark := false
	for d := -3; d <= 3; d++ {
		dark = dark || img.NRGBAAt(i, j+d).R < 0x80
	}
	require.True(t, dark)

	require.Subset(t, texts(t, svg), []string{"Quarters – accuracy 75.0 % (3 of 4)", "a", "b", "c", "d", "misclassified", "x", "y"})
}

// Without a mistake the legend has no ring.
func TestRegionsPerfect(t *testing.T) {
	fig := made(t)(plot.Regions(plot.Plane{
		Classes: []string{"a"}, W: 1, H: 1, Grid: []int{0},
		Points: [][2]float64{{0.5, 0.5}}, Labels: []int{0}, Preds: []int{0},
	}))
	img, svg := saved(t, fig)
	require.Contains(t, texts(t, svg), "accuracy 100.0 % (1 of 1)")
	require.NotContains(t, texts(t, svg), "misclassified")
	require.True(t, box(img, img.Bounds(), black).Empty())
}

func TestGridPoints(t *testing.T) {
	pts, err := plot.GridPoints(2, 4)
	require.NoError(t, err)
	require.Equal(t, [][2]float64{
		{0.25, 0.125}, {0.75, 0.125}, {0.25, 0.375}, {0.75, 0.375},
		{0.25, 0.625}, {0.75, 0.625}, {0.25, 0.875}, {0.75, 0.875},
	}, pts)
	for _, size := range [][2]int{{0, 1}, {1, -1}, {1 << 40, 1}} {
		_, err = plot.GridPoints(size[0], size[1])
		require.ErrorContains(t, err, "want 1 to 4096 each")
	}
}

func TestRegionsErrors(t *testing.T) {
	good := func() plot.Plane {
		return plot.Plane{
			Classes: []string{"a", "b"}, W: 2, H: 1, Grid: []int{0, 1},
			Points: [][2]float64{{0, 0}, {1, 1}}, Labels: []int{0, 1}, Preds: []int{0, 1},
		}
	}
	for _, c := range []struct {
		spoil func(*plot.Plane)
		want  string
	}{
		{func(p *plot.Plane) { p.Classes = nil }, "0 classes came, want 1 to 8"},
		{func(p *plot.Plane) { p.Classes = make([]string, 9) }, "9 classes came, want 1 to 8"},
		{func(p *plot.Plane) { p.Classes[1] = " " }, "class 1 of 2 has no name, want one for the legend"},
		{func(p *plot.Plane) { p.W = 0 }, "grid is 0 × 1, want 1 to 4096 each"},
		{func(p *plot.Plane) { p.H = 2 }, "grid has 2 cells, want 2 × 2 = 4"},
		{func(p *plot.Plane) { p.Grid[1] = 2 }, "grid[1] is class 2, want 0 to 1"},
		{func(p *plot.Plane) { p.Points = nil }, "no test points came, want at least one"},
		{func(p *plot.Plane) { p.Labels = p.Labels[:1] }, "1 labels came, want 2 as there are points"},
		{func(p *plot.Plane) { p.Preds[0] = -1 }, "predictions[0] is class -1, want 0 to 1"},
		{func(p *plot.Plane) { p.Points[1][0] = 1.5 }, "point 1 is (1.5, 1), want it inside [0, 1]²"},
		{func(p *plot.Plane) { p.Points[0][1] = math.NaN() }, "point 0 is (0, NaN), want it inside [0, 1]²"},
		{func(p *plot.Plane) { p.Outline = [][][2]float64{{{0, math.Inf(1)}}} }, "outline 0, point 0[1] is +Inf, want a finite number of size at most 1e+100"},
	} {
		p := good()
		c.spoil(&p)
		_, err := plot.Regions(p)
		require.EqualError(t, err, "plot: regions: "+c.want)
	}
}

// A bright and a dark pixel stand where they are, the upper row first.
func TestDigitsPixels(t *testing.T) {
	fig := made(t)(plot.Digits("Errors", 2, 2, 3,
		plot.Digit[float32]{Pixels: []float32{-1, 3, -1, -1}, Caption: "7 → 1"},
		plot.Digit[float32]{Pixels: []float32{1, 1, 1, 1}, Caption: "4 → 9"}))
	img, svg := saved(t, fig)
	require.Subset(t, texts(t, svg), []string{"Errors", "7 → 1", "4 → 9"})
	dark := box(img, img.Bounds(), black)
	side := dark.Dx()
	require.InDelta(t, side, dark.Dy(), 2)
	mid := dark.Min.Add(dark.Size().Div(2))
	require.Equal(t, white, img.NRGBAAt(mid.X-side, mid.Y), "upper left")
	require.Equal(t, white, img.NRGBAAt(mid.X, mid.Y+side), "lower right")
	// Halfway between the extremes of all images is middle grey.
	require.Equal(t, uint8(128), img.NRGBAAt(mid.X+2*side+side/2, mid.Y).R)
}

func TestDigitsErrors(t *testing.T) {
	type images = []plot.Digit[float64]
	one := images{{Pixels: []float64{1}}}
	for _, c := range []struct {
		w, h, cols int
		images     images
		want       string
	}{
		{0, 1, 1, one, "plot: digits: images are 0 × 1, want 1 to 1024 each"},
		{1, 1, 0, one, "plot: digits: 0 columns, want 1 to 40"},
		{1, 1, 1, nil, "plot: digits: 0 images came, want 1 to 400"},
		{2, 1, 1, one, "plot: digits: image 0 has 1 pixels, want 2 × 1 = 2"},
		{1, 1, 1, images{{Pixels: []float64{math.NaN()}}}, "plot: digits: image 0: pixels[0] is NaN, want a finite number of size at most 1e+100"},
	} {
		_, err := plot.Digits("", c.w, c.h, c.cols, c.images...)
		require.EqualError(t, err, c.want)
	}
	many := make(images, 100)
	for i := range many {
		many[i] = one[0]
	}
	_, err := plot.Digits("", 1, 1, 1, many...)
	require.ErrorContains(t, err, "plot: digits: 100 rows: figure is ")
}
