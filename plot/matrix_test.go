package plot_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/plot"
)

// Every element is a rectangle of its colour, row 0 at the top.
func TestMatrix(t *testing.T) {
	fig := made(t)(plot.Matrix(plot.Weights[float32]{Title: "w", Rows: 2, Cols: 3, W: []float32{2, -2, 1, 0, -1, 0.5}}))
	img, svg := saved(t, fig)
	require.Subset(t, texts(t, svg), []string{"w", "Input", "Output", "0", "1", "2", "−2", "−1"})
	// The full colours are those of the first two elements, and the ends of the scale
	// on the right.
	half := image.Rect(0, 0, img.Bounds().Dx()*3/4, img.Bounds().Dy())
	red, deep := box(img, half, vermillion), box(img, half, blue)
	require.Equal(t, red.Max.X, deep.Min.X)
	require.Equal(t, red.Min.Y, deep.Min.Y)
	w, h := red.Dx(), red.Dy()
	require.InDelta(t, w, deep.Dx(), 1)
	at := func(row, col int) color.NRGBA {
		return img.NRGBAAt(red.Min.X+w/2+col*w, red.Min.Y+h/2+row*h)
	}
	mix := func(full color.NRGBA, share float64) color.NRGBA {
		m := func(v uint8) uint8 { return uint8(255 - share*(255-float64(v)) + 0.5) }
		return color.NRGBA{m(full.R), m(full.G), m(full.B), 255}
	}
	for row, cs := range [][]color.NRGBA{
		{vermillion, blue, mix(vermillion, 0.5)},
		{white, mix(blue, 0.5), mix(vermillion, 0.25)},
	} {
		for col, c := range cs {
			require.Equal(t, c, at(row, col), "%d %d", row, col)
		}
	}

	// The scale has a label, and the signs that there are.
	_, svg = saved(t, made(t)(plot.Matrix(plot.Weights[float64]{Rows: 1, Cols: 2, W: []float64{0.25, 2}, Label: "Weight (nS)"})))
	require.Subset(t, texts(t, svg), []string{"Weight (nS)", "0.0", "2.0"})
	require.NotContains(t, svg, "−")
	_, svg = saved(t, made(t)(plot.Matrix(plot.Weights[float64]{Rows: 1, Cols: 2, W: []float64{-0.25, -2}})))
	require.Subset(t, texts(t, svg), []string{"Weight", "0.0", "−2.0"})
	require.NotContains(t, texts(t, svg), "2.0")

	// With a limit, larger elements have the full colour; a matrix of zeros is white.
	img, _ = saved(t, made(t)(plot.Matrix(plot.Weights[float64]{Rows: 1, Cols: 2, W: []float64{5, 1}, Limit: 1})))
	require.False(t, box(img, image.Rect(0, 0, img.Bounds().Dx()/2, img.Bounds().Dy()), vermillion).Empty())
	img, _ = saved(t, made(t)(plot.Matrix(plot.Weights[float64]{Rows: 1, Cols: 1, W: []float64{0}})))
	require.True(t, box(img, image.Rect(0, 0, img.Bounds().Dx()/2, img.Bounds().Dy()), vermillion, blue).Empty())

	// More elements than pixels: a pixel is the mean of them, here half of each sign.
	const n = 2000
	board := make([]float64, n*n)
	for i := range board {
		board[i] = float64(1 - 2*((i/n+i%n)%2))
	}
	img, _ = saved(t, made(t)(plot.Matrix(plot.Weights[float64]{Rows: n, Cols: n, W: board})))
	c := img.NRGBAAt(img.Bounds().Dx()/2, img.Bounds().Dy()/2)
	for k, v := range []uint8{c.R, c.G, c.B} {
		a, b := []uint8{blue.R, blue.G, blue.B}[k], []uint8{vermillion.R, vermillion.G, vermillion.B}[k]
		require.InDelta(t, (float64(a)+float64(b))/2, float64(v), 25)
	}
}

func TestMatrixErrors(t *testing.T) {
	for want, w := range map[string]plot.Weights[float64]{
		"plot: matrix: matrix is 0 × 3, want at least 1 and together at most 2²⁸ elements":         {Rows: 0, Cols: 3},
		"plot: matrix: matrix is 32768 × 32768, want at least 1 and together at most 2²⁸ elements": {Rows: 1 << 15, Cols: 1 << 15},
		"plot: matrix: 1 numbers came, want 2 × 3 = 6":                                             {Rows: 2, Cols: 3, W: []float64{1}},
		"plot: matrix: limit is -1, want 0 or a finite number above":                               {Rows: 1, Cols: 1, W: []float64{1}, Limit: -1},
		"plot: matrix: w[0] is NaN, want a finite number of size at most 1e+100":                   {Rows: 1, Cols: 1, W: []float64{math.NaN()}},
	} {
		_, err := plot.Matrix(w)
		require.EqualError(t, err, want)
	}
}
