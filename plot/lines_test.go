package plot_test

import (
	"image"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/plot"
)

// A falling line starts in the upper left of the data and ends in the lower right,
// and every line has its colour.
func TestCurvesPixels(t *testing.T) {
	fig := made(t)(plot.Curves(plot.History{
		TrainLoss: []float64{4, 3, 2, 1},
		TrainAcc:  []float64{0.2, 0.4, 0.6, 0.8}, ValidAcc: []float64{0.8, 0.6, 0.4, 0.2},
	}))
	img, svg := saved(t, fig)
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	data := image.Rect(0, 60, w, h) // without the legend
	left, right := data, data
	left.Max.X, right.Min.X = w/2, w/2
	require.True(t, box(img, left, vermillion).Empty(), "there is no validation loss")
	for _, c := range []struct {
		panel image.Rectangle
		rises bool
		on    image.Rectangle
	}{
		{left, false, box(img, left, blue)},
		{right, true, box(img, right, blue)},
		{right, false, box(img, right, vermillion)},
	} {
		require.Greater(t, c.on.Dx(), w/3)
		require.Greater(t, c.on.Dy(), h/2)
		ends := c.on // the first column of the line
		ends.Max.X = ends.Min.X + 3
		first := box(img, ends, blue, vermillion)
		if c.panel == right { // both lines start there
			continue
		}
		require.Less(t, first.Min.Y, c.on.Min.Y+10)
	}
	// In the middle of the right panel the lines cross; on its left validation is above.
	on := box(img, right, blue, vermillion)
	quarter := image.Rect(on.Min.X+on.Dx()/4, on.Min.Y, on.Min.X+on.Dx()/4+1, on.Max.Y)
	require.Less(t, box(img, quarter, vermillion).Max.Y, box(img, quarter, blue).Min.Y)

	require.Subset(t, texts(t, svg), []string{"training", "validation", "Epoch", "Loss", "Accuracy (%)", "80"})
}

// Without accuracies there is one panel, of half the width.
func TestCurvesLossOnly(t *testing.T) {
	one := made(t)(plot.Curves(plot.History{TrainLoss: []float64{1, 2}}))
	two := made(t)(plot.Curves(plot.History{TrainLoss: []float64{1, 2}, ValidAcc: []float64{1, 1}}))
	require.Equal(t, two.Width, 2*one.Width)
	_, svg := saved(t, one)
	require.NotContains(t, texts(t, svg), "Accuracy (%)")
	require.NotContains(t, texts(t, svg), "validation")
}

func TestCurvesErrors(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		h    plot.History
		want string
	}{
		{plot.History{}, "plot: curves: training loss is empty, want a number for each epoch"},
		{plot.History{TrainLoss: []float64{1, 2}, ValidLoss: []float64{1}}, "plot: curves: validation loss has 1 epochs, want 2 as the training loss has"},
		{plot.History{TrainLoss: []float64{1, nan}}, "plot: curves: training loss[1] is NaN, want a finite number of size at most 1e+100"},
		{plot.History{TrainLoss: []float64{math.Inf(-1)}}, "plot: curves: training loss[0] is -Inf, want a finite number of size at most 1e+100"},
		{plot.History{TrainLoss: []float64{1}, ValidAcc: []float64{97}}, "plot: curves: validation accuracy[0] is 97, want a share from 0 to 1"},
	} {
		_, err := plot.Curves(c.h)
		require.EqualError(t, err, c.want)
	}
}

func TestLinesErrors(t *testing.T) {
	x := []float64{1, 2}
	series := func(ys ...[]float64) (ss []plot.Series) {
		for _, y := range ys {
			ss = append(ss, plot.Series{Name: "s", Y: y})
		}
		return ss
	}
	for _, c := range []struct {
		ch   plot.Chart
		want string
	}{
		{plot.Chart{Series: series(x)}, "plot: lines: x is empty, want at least one number"},
		{plot.Chart{X: x}, "plot: lines: 0 series came, want 1 to 24"},
		{plot.Chart{X: x, Series: make([]plot.Series, 25)}, "plot: lines: 25 series came, want 1 to 24"},
		{plot.Chart{X: x, Series: []plot.Series{{Y: x}, {Name: "b", Y: x}}}, "plot: lines: series 0 of 2 has no name, want one for the legend"},
		{plot.Chart{X: x, Series: series(x[:1])}, `plot: lines: series 0 "s" has 1 numbers, want 2 as x has`},
		{plot.Chart{X: []float64{1, math.Inf(1)}, Series: series(x)}, "plot: lines: x[1] is +Inf, want a finite number of size at most 1e+100"},
		{plot.Chart{X: x, Series: series(x, []float64{math.NaN(), 1})}, `plot: lines: series 1 "s": y[0] is NaN, want a finite number of size at most 1e+100`},
		{plot.Chart{X: []float64{0, 1}, Series: series(x), LogX: true}, "plot: lines: x[0] is 0, want a number above 0 on a logarithmic axis"},
		{plot.Chart{X: x, Series: series([]float64{1, -2}), LogY: true}, `plot: lines: series 0 "s": y[1] is -2, want a number above 0 on a logarithmic axis`},
	} {
		_, err := plot.Lines(c.ch)
		require.EqualError(t, err, c.want)
	}
}

// On two logarithmic axes a power law is a straight line.
func TestLinesLog(t *testing.T) {
	fig := made(t)(plot.Lines(plot.Chart{
		X: []float64{1, 10, 100, 1000}, LogX: true, LogY: true,
		Series: []plot.Series{{Y: []float64{1e-6, 1e-4, 1e-2, 1}}},
	}))
	_, svg := saved(t, fig)
	require.Subset(t, texts(t, svg), []string{"1", "10", "100", "1000", "1e−2", "1e−6"})
	path := regexp.MustCompile(`<path d="([^"]*)" style="fill:none;stroke:#0072B2`).FindStringSubmatch(svg)
	require.NotNil(t, path)
	pts := points(t, path[1])
	require.Len(t, pts, 4)
	slope := (pts[3][1] - pts[0][1]) / (pts[3][0] - pts[0][0])
	for _, p := range pts {
		require.InDelta(t, pts[0][1]+slope*(p[0]-pts[0][0]), p[1], 0.05)
	}
}

// A peak of one step among a million is drawn, and the file stays small.
func TestLinesLong(t *testing.T) {
	x, y := make([]float64, 1_000_000), make([]float64, 1_000_000)
	for i := range x {
		x[i] = float64(i)
	}
	y[777_777] = 1
	fig := made(t)(plot.Lines(plot.Chart{X: x, Series: []plot.Series{{Y: y}}}))
	img, svg := saved(t, fig)
	require.Less(t, len(svg), 200_000)
	on := box(img, img.Bounds(), blue)
	require.Greater(t, on.Dy(), img.Bounds().Dy()/2)
}

// Numbers of any size and number give a figure or an error.
func FuzzLines(f *testing.F) {
	f.Add(0.0, 1.0, 2.0, 3.0, false)
	f.Add(1e99, -1e99, 5e-324, 1e-320, false)
	f.Add(1.0, 1.0, 1.0+1e-15, 1.0, true)
	f.Add(1e-99, 1e99, 1e99, 1e-99, true)
	f.Add(1.0, 0.0, -1e-200, 1e-200, false)
	f.Add(123456789.0, 123456789.1, 1e15, 1e15+2, false)
	f.Fuzz(func(t *testing.T, x0, x1, y0, y1 float64, log bool) {
		fig, err := plot.Lines(plot.Chart{X: []float64{x0, x1}, Series: []plot.Series{{Y: []float64{y0, y1}}}, LogX: log, LogY: log})
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "plot: lines: "))
			return
		}
		dir := t.TempDir()
		require.NoError(t, plot.Save(dir, "fig", fig))
	})
}
