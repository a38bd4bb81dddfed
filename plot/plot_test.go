package plot_test

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/plot"
)

var (
	blue       = color.NRGBA{0x00, 0x72, 0xB2, 0xFF}
	vermillion = color.NRGBA{0xD5, 0x5E, 0x00, 0xFF}
	green      = color.NRGBA{0x00, 0x9E, 0x73, 0xFF}
	orange     = color.NRGBA{0xE6, 0x9F, 0x00, 0xFF}
	black      = color.NRGBA{0, 0, 0, 0xFF}
	white      = color.NRGBA{0xFF, 0xFF, 0xFF, 0xFF}
)

// saved writes a figure and reads it back.
func saved(t *testing.T, fig plot.Figure) (*image.NRGBA, string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, plot.Save(dir, "fig", fig))
	f, err := os.Open(filepath.Join(dir, "fig.png"))
	require.NoError(t, err)
	defer f.Close()
	decoded, err := png.Decode(f)
	require.NoError(t, err)
	img := image.NewNRGBA(decoded.Bounds())
	draw.Draw(img, img.Bounds(), decoded, image.Point{}, draw.Src)
	svg, err := os.ReadFile(filepath.Join(dir, "fig.svg"))
	require.NoError(t, err)
	return img, string(svg)
}

// made returns a function that fails the test on the error of a picture.
func made(t *testing.T) func(plot.Figure, error) plot.Figure {
	return func(f plot.Figure, err error) plot.Figure {
		t.Helper()
		require.NoError(t, err)
		return f
	}
}

// texts parses an SVG and returns what its text elements say.
func texts(t *testing.T, svg string) []string {
	t.Helper()
	var out []string
	dec := xml.NewDecoder(strings.NewReader(svg))
	inText := false
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return out
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			inText = token.Name.Local == "text"
		case xml.EndElement:
			inText = false
		case xml.CharData:
			if inText {
				out = append(out, string(token))
			}
		}
	}
}

// box returns the smallest rectangle around all pixels of the colours within r.
func box(img *image.NRGBA, r image.Rectangle, colours ...color.NRGBA) image.Rectangle {
	var b image.Rectangle
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			for _, c := range colours {
				if img.NRGBAAt(x, y) == c {
					b = b.Union(image.Rect(x, y, x+1, y+1))
				}
			}
		}
	}
	return b
}

// pale is the colour of an area, 30 % of a colour on white.
func pale(c color.NRGBA) color.NRGBA {
	mix := func(v uint8) uint8 { return uint8(math.Round(255 - 0.3*(255-float64(v)))) }
	return color.NRGBA{mix(c.R), mix(c.G), mix(c.B), 0xFF}
}

// gallery returns one figure of each kind, with titles and labels that are hard to draw.
func gallery(t *testing.T, title string) map[string]plot.Figure {
	ok := made(t)
	spikes, v := make([]float32, 50*6), make([]float32, 50*6)
	for i := range spikes {
		v[i] = float32(math.Sin(float64(i)))
		if v[i] > 0.9 {
			spikes[i] = 1
		}
	}
	ramp := []float64{0.001, 0.02, 0.5, 1}
	lines := plot.Chart{
		Title: title, XLabel: title, YLabel: title, X: []float64{1, 2, 3, 4}, Dots: true,
		Series: []plot.Series{{Name: "one", Y: ramp}, {Name: "two", Y: []float64{1, 2, 3, 4}}},
	}
	figs := map[string]plot.Figure{"lines": ok(plot.Lines(lines))}
	lines.LogX, lines.LogY = true, true
	figs["log lines"] = ok(plot.Lines(lines))
	figs["curves"] = ok(plot.Curves(plot.History{Title: title, TrainLoss: ramp, ValidLoss: ramp, TrainAcc: ramp, ValidAcc: ramp}))
	figs["raster"] = ok(plot.Raster(title, 1e-3,
		plot.Layer[float32]{Name: title, N: 6, Spikes: spikes}, plot.Layer[float32]{Name: "out", N: 2, Spikes: spikes[:100]}))
	volts := plot.Voltages[float32]{Title: title, N: 6, V: v, Spikes: spikes, Thresholds: []float32{0.9}, Dt: 1e-3, Unit: title}
	figs["traces"] = ok(plot.Traces(volts))
	volts.Overlay = true
	figs["overlaid traces"] = ok(plot.Traces(volts))
	volts.Quantity = title
	figs["overlaid currents"] = ok(plot.Traces(volts))
	figs["rates"] = ok(plot.Rates(title, 1e-3, 0, plot.Layer[float32]{Name: title, N: 6, Spikes: spikes}))
	figs["matrix"] = ok(plot.Matrix(plot.Weights[float32]{Title: title, Rows: 20, Cols: 15, W: v, RowLabel: title, ColLabel: title}))
	figs["phase"] = ok(plot.Phase(plot.Orbit[float32]{
		Title: title, XLabel: title, YLabel: title, X: v, Y: spikes, Spikes: spikes,
		Nullclines: []plot.Nullcline{{Name: title, X: ramp, Y: ramp}}, Flow: func(x, y float64) (float64, float64) { return y, -x },
	}))
	figs["digits"] = ok(plot.Digits(title, 3, 2, 2, plot.Digit[float32]{Pixels: v[:6], Caption: title}, plot.Digit[float32]{Pixels: v[6:12]}))
	figs["regions"] = ok(plot.Regions(plot.Plane{
		Title: title, Classes: []string{"a", title + "!"}, W: 2, H: 1, Grid: []int{0, 1},
		Points: [][2]float64{{0, 0}, {1, 1}, {0, 1}}, Labels: []int{0, 1, 0}, Preds: []int{0, 1, 1},
		Outline: [][][2]float64{{{-1, -1}, {2, 2}}, nil},
	}))
	figs["panels"] = ok(plot.Panels(2, 2, figs["lines"], figs["digits"], figs["raster"]))
	return figs
}

// hostile has everything in it that XML, a font or a layout could stumble over.
const hostile = "a <b> & \"c\" \x00\x1b[31m\xff\n\t→ τ 🧠 \uFFFF " +
	"and so long a text that it must be broken into lines or cut, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// Whatever its title, a figure has the size it says, an SVG that is well-formed
// and says the title, and an empty margin: nothing is cut off.
func TestFigures(t *testing.T) {
	long.Test(t)
	for _, title := range []string{"Spikes & <waves>", hostile} {
		for name, fig := range gallery(t, title) {
			img, svg := saved(t, fig)
			size := img.Bounds().Size()
			require.InDelta(t, fig.Width*144, size.X, 1, name)
			require.InDelta(t, fig.Height*144, size.Y, 1, name)
			all := texts(t, svg)
			if title == "Spikes & <waves>" {
				require.Contains(t, strings.Join(all, "\n"), title, name)
			}
			require.NotContains(t, svg, "NaN", name)
			const edge = 6 // pixels
			cut := 0
			for y := range size.Y {
				for x := range size.X {
					inside := x >= edge && y >= edge && x < size.X-edge && y < size.Y-edge
					if !inside && img.NRGBAAt(x, y) != white {
						cut++
					}
				}
			}
			require.Zero(t, cut, "%s with title %q", name, title)
		}
	}
}

// The same input gives the same bytes, whether it is saved twice or made twice.
func TestSameBytes(t *testing.T) {
	long.Test(t)
	read := func(fig plot.Figure) string {
		dir := t.TempDir()
		require.NoError(t, plot.Save(dir, "fig", fig))
		a, err := os.ReadFile(filepath.Join(dir, "fig.png"))
		require.NoError(t, err)
		b, err := os.ReadFile(filepath.Join(dir, "fig.svg"))
		require.NoError(t, err)
		return string(a) + string(b)
	}
	again := gallery(t, "title")
	for name, fig := range gallery(t, "title") {
		if name == "panels" { // made of the others
			continue
		}
		fig.Width, fig.Height = 4, 4
		other := again[name]
		other.Width, other.Height = 4, 4
		first := read(fig)
		require.True(t, first == read(fig), name)
		require.True(t, first == read(other), name)
	}
}

// A figure of any size is drawn, or the error says that it is too small.
func TestSizes(t *testing.T) {
	long.Test(t)
	for name, fig := range gallery(t, hostile) {
		for _, size := range [][2]float64{{1, 1}, {1, 5}, {5, 1}, {2.3, 1.7}, {4, 3}} {
			fig.Width, fig.Height = size[0], size[1]
			if err := plot.Save(t.TempDir(), "fig", fig); err != nil {
				require.ErrorContains(t, err, "make the figure larger", "%s %v", name, size)
				require.Less(t, min(size[0], size[1]), 4.0, name)
			}
		}
		for _, size := range [][2]float64{{0, 1}, {1, -1}, {math.NaN(), 3}, {3, math.Inf(1)}, {31, 1}} {
			fig.Width, fig.Height = size[0], size[1]
			require.ErrorContains(t, plot.Save(t.TempDir(), "fig", fig), "inches, want 1 to 30 each")
		}
	}
}

// Figures keep their own copy of the data.
func TestFigureCopies(t *testing.T) {
	loss, acc := []float64{3, 2, 1}, []float64{0.1, 0.2, 0.3}
	spikes := []float64{0, 1, 1, 0}
	grid := []int{0}
	pixels := []float64{0, 1}
	ok := made(t)
	figs := []plot.Figure{
		ok(plot.Curves(plot.History{TrainLoss: loss, TrainAcc: acc})),
		ok(plot.Lines(plot.Chart{X: loss, Series: []plot.Series{{Y: acc}}})),
		ok(plot.Raster("", 1, plot.Layer[float64]{Name: "l", N: 2, Spikes: spikes})),
		ok(plot.Traces(plot.Voltages[float64]{N: 2, V: spikes, Spikes: spikes, Dt: 1})),
		ok(plot.Rates("", 1, 0, plot.Layer[float64]{N: 2, Spikes: spikes})),
		ok(plot.Matrix(plot.Weights[float64]{Rows: 2, Cols: 2, W: spikes})),
		ok(plot.Phase(plot.Orbit[float64]{X: loss, Y: acc, Nullclines: []plot.Nullcline{{Name: "n", X: loss, Y: acc}}})),
		ok(plot.Digits("", 2, 1, 1, plot.Digit[float64]{Pixels: pixels})),
		ok(plot.Regions(plot.Plane{Classes: []string{"a", "b"}, W: 1, H: 1, Grid: grid, Points: [][2]float64{{0, 0}}, Labels: []int{0}, Preds: []int{0}})),
	}
	var before []string
	for _, f := range figs {
		_, svg := saved(t, f)
		before = append(before, svg)
	}
	for _, s := range [][]float64{loss, acc, spikes, pixels} {
		for i := range s {
			s[i] = 1 - s[i]
		}
	}
	grid[0] = 1
	for i, f := range figs {
		_, svg := saved(t, f)
		require.True(t, before[i] == svg, "figure %d", i)
	}
}

func TestPanels(t *testing.T) {
	ok := made(t)
	chart := func(y ...float64) plot.Figure {
		return ok(plot.Lines(plot.Chart{X: []float64{1, 2}, Series: []plot.Series{{Y: y}}}))
	}
	a, b := chart(1, 2), chart(2, 1)
	fig := ok(plot.Panels(2, 2, a, b, a))
	require.Equal(t, 2*a.Width, fig.Width)
	require.Equal(t, 2*a.Height, fig.Height)
	img, _ := saved(t, fig)
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	for i, r := range []image.Rectangle{
		image.Rect(0, 0, w/2, h/2), image.Rect(w/2, 0, w, h/2), image.Rect(0, h/2, w/2, h), image.Rect(w/2, h/2, w, h),
	} {
		require.Equal(t, i == 3, box(img, r, blue).Empty(), "cell %d", i)
	}

	tall := a
	tall.Height = 20
	for _, c := range []struct {
		rows, cols int
		figs       []plot.Figure
		want       string
	}{
		{0, 1, []plot.Figure{a}, "plot: panels: grid is 0 × 1, want 1 to 30 each"},
		{1, 99, []plot.Figure{a}, "plot: panels: grid is 1 × 99, want 1 to 30 each"},
		{1, 1, nil, "plot: panels: 0 figures came, want 1 to 1 for 1 rows and 1 columns"},
		{1, 1, []plot.Figure{a, b}, "plot: panels: 2 figures came, want 1 to 1 for 1 rows and 1 columns"},
		{1, 2, []plot.Figure{a, {}}, "plot: panels: figure 1: figure is empty, want one made by a function of this package"},
		{2, 1, []plot.Figure{tall, tall}, "plot: panels: together they are 4.6 × 40 inches, want at most 30 each"},
	} {
		_, err := plot.Panels(c.rows, c.cols, c.figs...)
		require.EqualError(t, err, c.want)
	}
}

func TestSave(t *testing.T) {
	fig := made(t)(plot.Lines(plot.Chart{X: []float64{1}, Series: []plot.Series{{Y: []float64{1}}}}))
	names := func(dir string) (all []string) {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			all = append(all, e.Name())
		}
		return all
	}

	dir := filepath.Join(t.TempDir(), "new", "folder")
	require.NoError(t, plot.CheckDir(dir))
	require.Empty(t, names(dir))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.png"), []byte("old"), 0o600))
	require.NoError(t, plot.Save(dir, "a", fig))
	require.Equal(t, []string{"a.png", "a.svg"}, names(dir))
	content, err := os.ReadFile(filepath.Join(dir, "a.png"))
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(content, []byte("\x89PNG")))

	// A folder stands where the second file should go.
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "b.svg", "full"), 0o777))
	require.ErrorContains(t, plot.Save(dir, "b", fig), "plot: save b: ")
	require.Equal(t, []string{"a.png", "a.svg", "b.png", "b.svg"}, names(dir))

	file := filepath.Join(dir, "a.png")
	require.ErrorContains(t, plot.CheckDir(file), "plot: check dir: ")
	require.ErrorContains(t, plot.CheckDir(filepath.Join(file, "below")), "plot: check dir: ")
	require.ErrorContains(t, plot.Save(file, "c", fig), "plot: save c: ")
	for _, name := range []string{"", ".", "..", "a/b", `a\b`, "a\x00"} {
		require.ErrorContains(t, plot.Save(dir, name, fig), "want the name of a file without folders and extension")
	}
	require.EqualError(t, plot.Save(dir, "d", plot.Figure{Width: 2, Height: 2}),
		"plot: save d: figure is empty, want one made by a function of this package")
	require.Equal(t, []string{"a.png", "a.svg", "b.png", "b.svg"}, names(dir))

	if os.Geteuid() != 0 { // root may write anywhere
		require.NoError(t, os.Chmod(dir, 0o500))
		defer os.Chmod(dir, 0o700)
		require.ErrorContains(t, plot.CheckDir(dir), "cannot write")
		require.ErrorContains(t, plot.Save(dir, "a", fig), "plot: save a: ")
	}
}
