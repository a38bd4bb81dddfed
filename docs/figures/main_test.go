package main

import (
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/long"
)

// A first derivative is odd, and largest one standard deviation from the middle.
func TestField(t *testing.T) {
	p, err := encode.SpatialParameters[float32](encode.SpatialSet{
		Scales: []float64{8}, Angles: []float64{0}, Ratios: []float64{math.Sqrt2}, Derivatives: [][2]int{{1, 0}},
	})
	require.NoError(t, err)
	pixels, err := field(p)
	require.NoError(t, err)
	row := pixels[size/2*size:][:size]
	for i, v := range row {
		require.InDelta(t, -row[size-1-i], v, 1e-5)
	}
	require.InDelta(t, 1, row[size/2-4], 1e-6) // σ = √8 √2
	require.InDelta(t, -1, row[size/2+4], 1e-6)
}

// The program writes its pictures and nothing else.
func TestPictures(t *testing.T) {
	long.Test(t)
	dir := t.TempDir()
	require.NoError(t, run(dir))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 2)
	for _, name := range []string{"diagnosis.png", "receptive_fields.png"} {
		f, err := os.Open(filepath.Join(dir, name))
		require.NoError(t, err)
		defer f.Close()
		_, err = png.Decode(f)
		require.NoError(t, err)
	}
}

// The networks of the picture are what it calls them.
func TestPatients(t *testing.T) {
	for i, want := range [][]diagnose.Kind{{diagnose.SilentLayer}, nil, {diagnose.SaturatedLayer}} {
		found, _, _, err := patient(gains[i])
		require.NoError(t, err)
		var kinds []diagnose.Kind
		for _, f := range found {
			kinds = append(kinds, f.Kind)
		}
		require.Equal(t, want, kinds)
	}
}
