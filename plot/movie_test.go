package plot_test

import (
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/plot"
)

// A movie shows the spikes up to a line that runs through, and ends with them all.
func TestRasterMovie(t *testing.T) {
	const T, n = 40, 5
	spikes := make([]float32, T*n)
	for s := range T {
		spikes[s*n+s%n] = 1
	}
	layer := plot.Layer[float32]{Name: "hidden", N: n, Spikes: spikes}
	m, err := plot.RasterMovie("t", 1e-3, layer)
	require.NoError(t, err)
	m.Frames, m.Seconds = 4, 1
	m.Width = 4
	dir := filepath.Join(t.TempDir(), "new")
	require.NoError(t, plot.SaveGIF(dir, "spikes", m))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	f, err := os.Open(filepath.Join(dir, "spikes.gif"))
	require.NoError(t, err)
	defer f.Close()
	g, err := gif.DecodeAll(f)
	require.NoError(t, err)
	require.Equal(t, []int{25, 25, 25, 125}, g.Delay)
	require.Zero(t, g.LoopCount, "for ever")
	require.InDelta(t, 4*144, g.Config.Width, 1)

	shown := image.NewNRGBA(image.Rect(0, 0, g.Config.Width, g.Config.Height))
	var right []int
	for i, p := range g.Image {
		if i > 0 {
			require.Less(t, p.Rect.Dx(), g.Config.Width*2/3, "a frame has what changed")
		}
		draw.Draw(shown, p.Rect, p, p.Rect.Min, draw.Src)
		right = append(right, box(shown, shown.Bounds(), blue).Max.X)
	}
	for i := range 3 {
		require.InDelta(t, float64(right[3]-right[2]), float64(right[i+1]-right[i]), 8, right)
	}
	// The last frame is the raster, but for the line at its end.
	fig := made(t)(plot.Raster("t", 1e-3, layer))
	fig.Width = 4
	img, _ := saved(t, fig)
	require.Equal(t, img.Bounds().Size(), shown.Bounds().Size())
	for y := range img.Bounds().Dy() {
		for x := range right[3] - 8 {
			a, b := img.NRGBAAt(x, y), shown.NRGBAAt(x, y)
			for k, v := range []uint8{a.R, a.G, a.B} {
				require.InDelta(t, v, []uint8{b.R, b.G, b.B}[k], 12)
			}
		}
	}
	// The same bytes again.
	require.NoError(t, plot.SaveGIF(dir, "again", m))
	a, err := os.ReadFile(filepath.Join(dir, "spikes.gif"))
	require.NoError(t, err)
	b, err := os.ReadFile(filepath.Join(dir, "again.gif"))
	require.NoError(t, err)
	require.True(t, string(a) == string(b))
}

// Many spikes darken to what they are in the whole, from the first frame on.
func TestRasterMovieImage(t *testing.T) {
	const T, n = 100, 100
	spikes := make([]float64, T*n)
	for i := range spikes {
		spikes[i] = 1
	}
	m, err := plot.RasterMovie("", 1e-3, plot.Layer[float64]{N: n, Spikes: spikes})
	require.NoError(t, err)
	m.Frames = 2
	dir := t.TempDir()
	require.NoError(t, plot.SaveGIF(dir, "many", m))
	f, err := os.Open(filepath.Join(dir, "many.gif"))
	require.NoError(t, err)
	defer f.Close()
	g, err := gif.DecodeAll(f)
	require.NoError(t, err)
	first := g.Image[0]
	blue := 0 // pixels of spikes; there are gaps between them
	for y := range 20 {
		r, _, b, _ := first.At(first.Rect.Dx()/3, first.Rect.Dy()/2+y).RGBA()
		if r < b {
			blue++
		}
	}
	require.Greater(t, blue, 5)
	require.Equal(t, color.RGBAModel.Convert(color.White), color.RGBAModel.Convert(first.At(first.Rect.Dx()*3/4, first.Rect.Dy()/2)))
}

func TestMovieErrors(t *testing.T) {
	long.Test(t)
	dir := t.TempDir()
	_, err := plot.RasterMovie[float64]("", 1e-3)
	require.EqualError(t, err, "plot: raster movie: 0 layers came, want 1 to 16")
	m, err := plot.RasterMovie("", 1e-3, plot.Layer[float64]{N: 1, Spikes: []float64{0, 1}})
	require.NoError(t, err)
	for want, change := range map[string]func(m *plot.Movie){
		"plot: save gif m: movie has 1 frames, want 2 to 1000":                          func(m *plot.Movie) { m.Frames = 1 },
		"plot: save gif m: movie takes 0 s, want 0.1 to 600":                            func(m *plot.Movie) { m.Seconds = 0 },
		"plot: save gif m: figure is 0 × 1 inches, want 1 to 30 each":                   func(m *plot.Movie) { m.Width, m.Height = 0, 1 },
		"plot: save gif m: movie is empty, want one made by a function of this package": func(m *plot.Movie) { *m = plot.Movie{} },
	} {
		c := m
		change(&c)
		require.EqualError(t, plot.SaveGIF(dir, "m", c), want)
	}
	require.EqualError(t, plot.SaveGIF(dir, "a/b", m), `plot: save gif: name is "a/b", want the name of a file without folders and extension`)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	require.ErrorContains(t, plot.SaveGIF(filepath.Join(dir, "file"), "m", m), "plot: save gif m: ")
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
}
