package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/cmplx"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/long"
)

func pictureOf(t *testing.T, file string) picture {
	t.Helper()
	all := pictures()
	i := slices.IndexFunc(all, func(p picture) bool { return p.file == file })
	require.GreaterOrEqual(t, i, 0, "no picture %s", file)
	return all[i]
}

func ratesOf(t *testing.T, file string, curve int, inputs ...float64) []float64 {
	t.Helper()
	p := pictureOf(t, file)
	rates, err := p.rates(p.curves[curve].run, inputs)
	require.NoError(t, err)
	return rates
}

// resolution is the rate of one spike in the time over which spikes are counted.
const resolution = 1000. / 1500

// Under a current x a leaky neuron charges as x (1 − (1 − dt/τ)ᵏ), and fires at the
// first step k that takes it over the threshold of 1.
func TestRates(t *testing.T) {
	for x := 0.5; x < 4; x += 0.13 {
		v, k, want := 0.0, 0, 0.0
		for ; v <= 1 && k < 1000; k++ {
			v += 0.1 * (x - v)
		}
		if v > 1 {
			want = 1000 / float64(k)
		}
		require.InDelta(t, want, ratesOf(t, "lif_box", 0, x)[0], resolution, "x = %v", x)
	}
	// Integrate-and-fire neurons fire x spikes a step with a reset by subtraction,
	// and one in so many steps as it takes to exceed 1 with a reset to 0.
	for _, x := range []float64{0.07, 0.3, 0.6, 0.9} {
		require.InDelta(t, 1000*x, ratesOf(t, "iaf", 1, x)[0], resolution)
		require.InDelta(t, 1000/(math.Floor(1/x)+1), ratesOf(t, "iaf", 0, x)[0], resolution)
	}
}

// Each model begins to fire where its page says.
func TestThresholds(t *testing.T) {
	for _, c := range []struct {
		file      string
		curve     int
		threshold float64
	}{
		{"lif", 0, 0.2}, {"lif_box", 0, 1}, {"lif_ex", 0, 0.2}, {"lif_ex", 1, 0.16}, {"lif_ex", 2, 0.1},
		{"coba", 0, 0.0375}, {"lsnn", 0, 0.75}, {"lsnn", 1, 0.75}, {"lsnn", 2, 0.75}, {"refractory", 1, 0.2},
	} {
		rates := ratesOf(t, c.file, c.curve, 0.98*c.threshold, 1.04*c.threshold)
		require.Zero(t, rates[0], "%s, curve %d", c.file, c.curve)
		require.Positive(t, rates[1], "%s, curve %d", c.file, c.curve)
	}
	saturated := ratesOf(t, "refractory", 1, 1000)[0]
	require.InDelta(t, 1000./6, saturated, resolution)
	saturated = ratesOf(t, "refractory", 2, 1000)[0]
	require.InDelta(t, 1000./21, saturated, resolution)
}

// A leaky integrator is the filter y ← y + q (x − y), whose gain is
// q/|1 − (1 − q) exp(−iω)|; the synapse is another one.
func TestGains(t *testing.T) {
	gain := func(q, f float64) float64 {
		return q / cmplx.Abs(1-complex(1-q, 0)*cmplx.Exp(complex(0, -2*math.Pi*f/1000)))
	}
	frequencies := []float64{1, 7, 31, 143}
	li := pictureOf(t, "li")
	both, err := li.gains(li.curves[0].run, frequencies)
	require.NoError(t, err)
	one, err := li.gains(li.curves[1].run, frequencies)
	require.NoError(t, err)
	for i, f := range frequencies {
		require.InEpsilon(t, gain(0.1, f), one[i], 0.01, "%v Hz", f)
		require.InEpsilon(t, gain(0.1, f)*gain(0.2, f), both[i], 0.01, "%v Hz", f)
	}
}

// TestImages draws all pictures: they are those in the folder of images. Another
// processor may round otherwise, so a few points of a picture may differ.
func TestImages(t *testing.T) {
	long.Test(t)
	dir := t.TempDir()
	require.NoError(t, run(dir, drawings()))
	files, err := filepath.Glob("../images/*")
	require.NoError(t, err)
	drawn, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, drawn, len(files))
	for _, f := range files {
		was, is := decoded(t, f), decoded(t, filepath.Join(dir, filepath.Base(f)))
		require.Equal(t, was.Bounds(), is.Bounds(), f)
		box, differ := was.Bounds(), 0
		for y := box.Min.Y; y < box.Max.Y; y++ {
			for x := box.Min.X; x < box.Max.X; x++ {
				if apart(was.At(x, y), is.At(x, y)) {
					differ++
				}
			}
		}
		require.Less(t, differ, box.Dx()*box.Dy()/200, "%s is not up to date: run go generate ./docs/...", f)
	}

	again := t.TempDir()
	require.NoError(t, run(again, drawings()[:2]))
	for _, p := range drawings()[:2] {
		first, err := os.ReadFile(filepath.Join(dir, p.file+".png"))
		require.NoError(t, err)
		second, err := os.ReadFile(filepath.Join(again, p.file+".png"))
		require.NoError(t, err)
		require.True(t, bytes.Equal(first, second), "%s: other bytes the second time", p.file)
	}
}

func decoded(t *testing.T, file string) image.Image {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	img, err := png.Decode(f)
	require.NoError(t, err)
	return img
}

// apart reports whether two colours look different.
func apart(a, b color.Color) bool {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	diff := func(x, y uint32) float64 { return math.Abs(float64(x)-float64(y)) / 0xffff }
	return diff(ar, br)+diff(ag, bg)+diff(ab, bb) > 0.2
}

func TestShrink(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 40, 40))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	for x := range 40 {
		for y := range 20 {
			img.SetRGBA(x, y, color.RGBA{uint8(6 * x), uint8(12 * y), 0, 0xff}) // 800 colours
		}
	}
	var in bytes.Buffer
	require.NoError(t, png.Encode(&in, img))
	small, err := shrink(in.Bytes())
	require.NoError(t, err)
	out, err := png.Decode(bytes.NewReader(small))
	require.NoError(t, err)
	require.IsType(t, &image.Paletted{}, out)
	require.Len(t, out.(*image.Paletted).Palette, 256)
	require.Equal(t, color.RGBA{0xff, 0xff, 0xff, 0xff}, out.At(3, 30), "the commonest colour is kept")

	_, err = shrink([]byte("no picture"))
	require.Error(t, err)
	require.ErrorContains(t, run(filepath.Join("main.go", "below"), nil), "plot: check dir")
}
