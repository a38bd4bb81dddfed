package plot_test

import (
	"math"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/plot"
)

// paths returns the points of the paths with strokes of a colour.
func paths(t *testing.T, svg, colour string) (all [][][2]float64) {
	t.Helper()
	for _, m := range regexp.MustCompile(`<path d="([^"]*)" style="fill:none;stroke:`+colour).FindAllStringSubmatch(svg, -1) {
		if regexp.MustCompile(`^[ML0-9.,]*$`).MatchString(m[1]) { // no arcs
			all = append(all, points(t, m[1]))
		}
	}
	return all
}

func orbit() plot.Orbit[float64] {
	return plot.Orbit[float64]{
		Title: "o", XLabel: "v", YLabel: "u",
		X: []float64{0, 4, 8, 0, 4}, Y: []float64{0, 1, 2, 3, 4}, Spikes: []float64{0, 0, 0, 1, 0},
		Nullclines: []plot.Nullcline{{Name: "dv = 0", X: []float64{-100, 100}, Y: []float64{2, 2}}},
	}
}

// The path goes where the states go, and jumps where a spike resets it.
func TestPhase(t *testing.T) {
	_, svg := saved(t, made(t)(plot.Phase(orbit())))
	require.Subset(t, texts(t, svg), []string{"o", "v", "u", "path", "reset", "dv = 0"})
	// In the legend and in the plane.
	var path, jump [][2]float64
	for _, p := range paths(t, svg, "#0072B2") {
		switch {
		case len(p) == 5:
			path = p
		case len(p) == 2 && p[0][1] != p[1][1]:
			jump = p
		}
	}
	require.Len(t, path, 5)
	require.Len(t, jump, 2)
	require.Equal(t, [][2]float64{path[2], path[3]}, jump)
	for i, p := range path {
		require.InDelta(t, []float64{0, 4, 8, 0, 4}[i]/8, (p[0]-path[0][0])/(path[2][0]-path[0][0]), 1e-3)
		require.InDelta(t, float64(i)/4, (p[1]-path[0][1])/(path[4][1]-path[0][1]), 1e-3)
	}
	// The nullcline is cut off at the axes, and as high as the third point.
	var null [][2]float64
	for _, p := range paths(t, svg, "#D55E00") {
		null = p
	}
	require.Len(t, null, 2)
	require.InDelta(t, path[2][1], null[0][1], 1e-2)
	require.InDelta(t, (path[2][0]-path[0][0])*1.16, null[1][0]-null[0][0], 1e-2)
}

// The arrows of a flow point where it goes on the paper.
func TestPhaseFlow(t *testing.T) {
	o := orbit()
	o.Flow = func(x, y float64) (float64, float64) {
		if x > 8 {
			return math.NaN(), 0 // none
		}
		return 40, 10 // as the path goes in its first steps, and faster
	}
	_, svg := saved(t, made(t)(plot.Phase(o)))
	arrows := 0
	for _, p := range paths(t, svg, "#808080") {
		if len(p) == 2 {
			require.InDelta(t, 13, math.Hypot(p[1][0]-p[0][0], p[1][1]-p[0][1]), 0.05)
			arrows++
		}
	}
	require.Greater(t, arrows, 50)
	path := lines(t, svg, "#0072B2")
	slope := func(a, b [2]float64) float64 { return (b[1] - a[1]) / (b[0] - a[0]) }
	p := paths(t, svg, "#808080")[0]
	require.InDelta(t, slope(path[0], path[1]), slope(p[0], p[1]), 2e-3)
	require.Greater(t, p[1][0], p[0][0])
}

func TestPhaseErrors(t *testing.T) {
	for want, change := range map[string]func(o *plot.Orbit[float64]){
		"plot: phase: x is empty, want at least one step":                                           func(o *plot.Orbit[float64]) { o.X = nil },
		"plot: phase: y has 4 steps, want 5 as x has":                                               func(o *plot.Orbit[float64]) { o.Y = o.Y[:4] },
		"plot: phase: 1 spikes came, want 5 as x has steps":                                         func(o *plot.Orbit[float64]) { o.Spikes = o.Spikes[:1] },
		"plot: phase: y[1] is +Inf, want a finite number of size at most 1e+100":                    func(o *plot.Orbit[float64]) { o.Y[1] = math.Inf(1) },
		"plot: phase: x[0] is NaN, want a finite number of size at most 1e+100":                     func(o *plot.Orbit[float64]) { o.X[0] = math.NaN() },
		"plot: phase: 7 nullclines came, want at most 6":                                            func(o *plot.Orbit[float64]) { o.Nullclines = make([]plot.Nullcline, 7) },
		"plot: phase: nullcline 0 has no name, want one for the legend":                             func(o *plot.Orbit[float64]) { o.Nullclines[0].Name = " " },
		`plot: phase: nullcline "dv = 0" has 2 numbers x and 1 numbers y`:                           func(o *plot.Orbit[float64]) { o.Nullclines[0].Y = []float64{1} },
		`plot: phase: nullcline "dv = 0": y[1] is NaN, want a finite number of size at most 1e+100`: func(o *plot.Orbit[float64]) { o.Nullclines[0].Y[1] = math.NaN() },
		"plot: phase: spike of neuron 0 in step 0 is -1, want 0 or a finite number above 0":         func(o *plot.Orbit[float64]) { o.Spikes[0] = -1 },
	} {
		o := orbit()
		change(&o)
		_, err := plot.Phase(o)
		require.EqualError(t, err, want)
	}
	o := orbit()
	o.Title = "one point"
	o.X, o.Y, o.Spikes, o.Nullclines = o.X[:1], o.Y[:1], nil, nil
	saved(t, made(t)(plot.Phase(o)))
}
