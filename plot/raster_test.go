package plot_test

import (
	"image"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/plot"
)

// points returns the points of an SVG path of lines.
func points(t *testing.T, d string) (pts [][2]float64) {
	t.Helper()
	for _, s := range strings.FieldsFunc(d, func(r rune) bool { return r == 'M' || r == 'L' }) {
		x, y, found := strings.Cut(s, ",")
		require.True(t, found, s)
		var pt [2]float64
		for i, v := range []string{x, y} {
			var err error
			pt[i], err = strconv.ParseFloat(v, 64)
			require.NoError(t, err)
		}
		pts = append(pts, pt)
	}
	return pts
}

// strokes returns the middles of the strokes of a colour.
func strokes(t *testing.T, svg, colour string) (mids [][2]float64) {
	t.Helper()
	for _, m := range regexp.MustCompile(`<path d="([^"]*)" style="fill:none;stroke:`+colour).FindAllStringSubmatch(svg, -1) {
		pts := points(t, m[1])
		for i := 0; i+1 < len(pts); i += 2 {
			mids = append(mids, [2]float64{(pts[i][0] + pts[i+1][0]) / 2, (pts[i][1] + pts[i+1][1]) / 2})
		}
	}
	return mids
}

// Every spike is a stroke, at equal distances in time and across neurons.
func TestRasterStrokes(t *testing.T) {
	const T, n = 20, 5
	spikes := make([]float32, T*n)
	for _, at := range [][2]int{{0, 0}, {10, 0}, {19, 4}, {19, 0}} {
		spikes[at[0]*n+at[1]] = 1
	}
	fig := made(t)(plot.Raster("t", 2e-3, plot.Layer[float32]{Name: "hidden", N: n, Spikes: spikes}))
	img, svg := saved(t, fig)
	mids := strokes(t, svg, "#0072B2")
	require.Len(t, mids, 4)
	// In the order of time, then of neurons; y grows upwards in here.
	a, b, c, d := mids[0], mids[1], mids[2], mids[3]
	require.InDelta(t, (b[0]-a[0])/10, (c[0]-b[0])/9, 0.01)
	require.InDelta(t, c[0], d[0], 0.01)
	require.InDelta(t, a[1], b[1], 0.01)
	require.Greater(t, d[1], c[1])
	// 4 spikes of 5 neurons in 20 steps of 2 ms are 20 Hz.
	require.Subset(t, texts(t, svg), []string{"t", "hidden – 5 neurons, 20 Hz", "Neuron", "Time (ms)", "0", "20"})

	on := box(img, img.Bounds(), blue)
	require.Less(t, on.Min.X, img.Bounds().Dx()/5)
	require.Greater(t, on.Max.X, img.Bounds().Dx()*4/5)
}

// Many spikes become an image with each of them at the place of its stroke.
func TestRasterImage(t *testing.T) {
	const T, n = 100, 200
	spikes := make([]float64, T*n)
	for s := range T {
		for i := range n {
			if (s < T/2) == (i < n/2) { // lower left and upper right
				spikes[s*n+i] = 1
			}
		}
	}
	fig := made(t)(plot.Raster("", 1e-3, plot.Layer[float64]{Name: "l", N: n, Spikes: spikes}))
	img, svg := saved(t, fig)
	require.Contains(t, svg, `xlink:href="data:image/png;base64,`)
	require.Empty(t, strokes(t, svg, "#0072B2"))
	inked := func(r image.Rectangle) float64 {
		k := 0
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if bluish(img, x, y) {
					k++
				}
			}
		}
		return float64(k) / float64(r.Dx()*r.Dy())
	}
	var on image.Rectangle
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if bluish(img, x, y) {
				on = on.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	mid := on.Min.Add(on.Size().Div(2))
	const off = 8 // pixels away from the borders between quarters
	require.Greater(t, inked(image.Rect(on.Min.X, mid.Y+off, mid.X-off, on.Max.Y)), 0.2)
	require.Greater(t, inked(image.Rect(mid.X+off, on.Min.Y, on.Max.X, mid.Y-off)), 0.2)
	require.Zero(t, inked(image.Rect(on.Min.X, on.Min.Y, mid.X-off, mid.Y-off)))
	require.Zero(t, inked(image.Rect(mid.X+off, mid.Y+off, on.Max.X, on.Max.Y)))
}

func bluish(img *image.NRGBA, x, y int) bool {
	c := img.NRGBAAt(x, y)
	return int(c.B) > int(c.R)+50
}

// A million spikes fit into files that a browser opens.
func TestRasterMillion(t *testing.T) {
	long.Test(t)
	spikes := make([]float32, 1000*2000)
	for i := range spikes {
		spikes[i] = float32(i % 2)
	}
	fig := made(t)(plot.Raster("", 1e-3, plot.Layer[float32]{Name: "l", N: 2000, Spikes: spikes}))
	_, svg := saved(t, fig)
	require.Less(t, len(svg), 500_000)
}

func TestRasterErrors(t *testing.T) {
	type layers = []plot.Layer[float32]
	nan := float32(math.NaN())
	for _, c := range []struct {
		dt   float64
		ls   layers
		want string
	}{
		{1, nil, "plot: raster: 0 layers came, want 1 to 16"},
		{1, make(layers, 17), "plot: raster: 17 layers came, want 1 to 16"},
		{0, layers{{"a", 1, []float32{0}}}, "plot: raster: time step is 0 s, want 1e-12 to 1e6"},
		{math.NaN(), layers{{"a", 1, []float32{0}}}, "plot: raster: time step is NaN s, want 1e-12 to 1e6"},
		{1, layers{{"a", 0, []float32{0}}}, `plot: raster: layer "a": 0 neurons, want at least one`},
		{1, layers{{"a", -3, nil}}, `plot: raster: layer "a": -3 neurons, want at least one`},
		{1, layers{{"a", 2, []float32{0, 1, 0}}}, `plot: raster: layer "a": 3 values came, want [T 2], a positive multiple of 2`},
		{1, layers{{"a", 2, nil}}, `plot: raster: layer "a": 0 values came, want [T 2], a positive multiple of 2`},
		{1, layers{{"a", 1, []float32{0, 1}}, {"b", 1, []float32{0}}}, `plot: raster: layer "b": 1 time steps, want 2 as layer "a" has`},
		{1, layers{{"a", 2, []float32{0, 1, 0, nan}}}, `plot: raster: layer "a": spike of neuron 1 in step 1 is NaN, want 0 or a finite number above 0`},
		{1, layers{{"a", 1, []float32{-0.5}}}, `plot: raster: layer "a": spike of neuron 0 in step 0 is -0.5, want 0 or a finite number above 0`},
	} {
		_, err := plot.Raster("", c.dt, c.ls...)
		require.EqualError(t, err, c.want)
	}
}

// Each neuron has its trace, its threshold and its spikes.
func TestTraces(t *testing.T) {
	v := plot.Voltages[float64]{
		N: 2, Dt: 1e-3, Unit: "mV", Names: []string{"first", "second"},
		V:          []float64{0, 5, 1, 5, 2, 5, 0, 5},
		Spikes:     []float64{0, 0, 0, 1, 1, 0, 0, 1},
		Thresholds: []float64{2, 6},
	}
	fig := made(t)(plot.Traces(v))
	_, svg := saved(t, fig)
	require.Subset(t, texts(t, svg), []string{"first", "second", "threshold", "Membrane potential (mV)", "Time (ms)"})
	traces := regexp.MustCompile(`<path d="([^"]*)" style="fill:none;stroke:#0072B2`).FindAllStringSubmatch(svg, -1)
	require.Len(t, traces, 2)
	a, b := points(t, traces[0][1]), points(t, traces[1][1])
	// A spike is a point more, above its step and the threshold: the first neuron's in step
	// 2, the second's in steps 1 and 3.
	require.Len(t, a, 5)
	require.Len(t, b, 6)
	require.InDelta(t, a[1][1]-a[0][1], a[3][1]-a[1][1], 0.05) // 0, 1, 2
	require.InDelta(t, a[0][1], a[4][1], 0.01)
	require.InDelta(t, a[2][0], a[3][0], 0.01)
	unit := a[1][1] - a[0][1]
	require.Greater(t, a[2][1], a[0][1]+6*unit) // the panels share their scale, whose largest threshold is 6
	for _, i := range []int{0, 2, 3, 5} {
		require.InDelta(t, b[0][1], b[i][1], 0.01) // 5, 5, 5, 5
	}
	for _, i := range []int{1, 4} {
		require.Greater(t, b[i][1], b[0][1]+unit)
		require.InDelta(t, b[i][0], b[i+1][0], 0.01)
	}
	// The dashes of two thresholds and of their legend.
	require.Equal(t, 3, strings.Count(svg, "stroke-dasharray:3,2"))
	v.Overlay = true
	img, svg := saved(t, made(t)(plot.Traces(v)))
	require.Subset(t, texts(t, svg), []string{"first", "second", "spike"})
	h := img.Bounds().Dy()
	data := image.Rect(0, 60, img.Bounds().Dx(), h)
	require.Less(t, box(img, data, vermillion).Max.Y, box(img, data, blue).Max.Y, "5 mV is above 0 mV")
}

// A neuron alone needs no name, and the label of its axis is not cut.
func TestTracesOne(t *testing.T) {
	_, svg := saved(t, made(t)(plot.Traces(plot.Voltages[float64]{Title: "t", N: 1, Dt: 1e-3, V: []float64{0, 1}, Thresholds: []float64{1}})))
	require.Contains(t, texts(t, svg), "Membrane potential (a.u.)")
	require.NotContains(t, texts(t, svg), "neuron 0")
}

// A layer is as high as it has neurons, and its last tick stands at their number; the
// last tick of time at the end of the last step.
func TestRasterHeights(t *testing.T) {
	const T = 30
	layer := func(n int) plot.Layer[float32] {
		l := plot.Layer[float32]{N: n, Spikes: make([]float32, T*n)}
		l.Spikes[0], l.Spikes[n-1] = 1, 1 // the first and the last neuron, in step 0
		return l
	}
	_, svg := saved(t, made(t)(plot.Raster("", 1e-3, layer(160), layer(40))))
	require.Subset(t, texts(t, svg), []string{"160 neurons, 0.417 Hz", "150", "40", "30"})
	a, b := strokes(t, svg, "#0072B2"), strokes(t, svg, "#D55E00")
	require.Len(t, a, 2)
	require.Len(t, b, 2)
	require.InEpsilon(t, (a[1][1]-a[0][1])/159, (b[1][1]-b[0][1])/39, 0.1, "points from neuron to neuron")
}

func TestTracesErrors(t *testing.T) {
	type volts = plot.Voltages[float32]
	four := []float32{1, 2, 3, 4}
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		v    volts
		want string
	}{
		{volts{}, "plot: traces: potentials: 0 neurons, want at least one"},
		{volts{N: 2, Dt: 1}, "plot: traces: potentials: 0 values came, want [T 2], a positive multiple of 2"},
		{volts{N: 13, Dt: 1, V: make([]float32, 13)}, "plot: traces: 13 neurons came, want at most 12 panels"},
		{volts{N: 9, Dt: 1, V: make([]float32, 9), Overlay: true}, "plot: traces: 9 neurons came, want at most 8 overlaid"},
		{volts{N: 2, Dt: 1, V: four, Spikes: four[:2]}, "plot: traces: 2 spikes came, want [2 2] as the potentials have"},
		{volts{N: 4, Dt: 1, V: four, Thresholds: four[:2]}, "plot: traces: 2 thresholds came, want none, 1 or 4"},
		{volts{N: 2, Dt: 1, V: four, Names: []string{"a"}}, "plot: traces: 1 names came, want 2"},
		{volts{N: 2, V: four}, "plot: traces: time step is 0 s, want 1e-12 to 1e6"},
		{volts{N: 1, Dt: 1, V: []float32{0, inf}}, "plot: traces: potentials[1] is +Inf, want a finite number of size at most 1e+100"},
		{volts{N: 1, Dt: 1, V: four, Thresholds: []float32{inf}}, "plot: traces: thresholds[0] is +Inf, want a finite number of size at most 1e+100"},
		{volts{N: 1, Dt: 1, V: four[:1], Spikes: []float32{-1}}, "plot: traces: spike of neuron 0 in step 0 is -1, want 0 or a finite number above 0"},
	} {
		_, err := plot.Traces(c.v)
		require.EqualError(t, err, c.want)
	}
}
