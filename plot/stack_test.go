package plot_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/plot"
)

// What has the same x stands on one vertical line, whatever the numbers of the axes, and
// a name that several charts have is explained once.
func TestStack(t *testing.T) {
	_, svg := saved(t, made(t)(plot.Stack("both",
		plot.Chart{Title: "first", YLabel: "Small", X: []float64{0, 1, 2}, Series: []plot.Series{{Name: "target", Y: []float64{0, 1, 0}}}},
		plot.Chart{Title: "second", YLabel: "Large", XLabel: "Time (ms)", X: []float64{1, 4}, Series: []plot.Series{
			{Name: "target", Y: []float64{-12345.5, 0}}, {Name: "voltage", Y: []float64{1, 2}},
		}},
	)))
	said := texts(t, svg)
	require.Subset(t, said, []string{"both", "first", "second", "Small", "Large", "Time (ms)", "4", "target", "voltage"})
	n := 0
	for _, s := range said {
		if s == "target" {
			n++
		}
	}
	require.Equal(t, 1, n)
	var lines [][][2]float64
	for _, m := range regexp.MustCompile(`<path d="([^"]*)" style="fill:none;stroke:#0072B2`).FindAllStringSubmatch(svg, -1) {
		lines = append(lines, points(t, m[1]))
	}
	a, b := lines[len(lines)-2], lines[len(lines)-1] // after the legend's
	require.Len(t, a, 3)
	require.Len(t, b, 2)
	require.InDelta(t, a[1][0], b[0][0], 0.01, "x = 1 in both")
	require.InDelta(t, 3*(a[1][0]-a[0][0]), b[1][0]-b[0][0], 0.05, "from 0 to 1, from 1 to 4")

	for want, charts := range map[string][]plot.Chart{
		"plot: stack: 0 charts came, want 1 to 12": nil,
		"plot: stack: chart 1: LogX is true, want false as chart 0 has": {
			{X: []float64{1}, Series: []plot.Series{{Y: []float64{1}}}},
			{X: []float64{1}, Series: []plot.Series{{Y: []float64{1}}}, LogX: true},
		},
		"plot: stack: chart 0: x is empty, want at least one number": {{Series: []plot.Series{{}}}},
	} {
		_, err := plot.Stack("", charts...)
		require.EqualError(t, err, want)
	}
}
