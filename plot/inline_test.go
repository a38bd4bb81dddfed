package plot_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/plot"
)

func TestInline(t *testing.T) {
	fig, err := plot.Lines(plot.Chart{
		Title: `</svg><script>alert("1")</script> & more`, XLabel: "x", YLabel: "y", X: []float64{1, 2, 3},
		Series: []plot.Series{{Name: "<b>", Y: []float64{1, 4, 2}}, {Name: "own x", X: []float64{0, 5}, Y: []float64{1, 2}}},
	})
	require.NoError(t, err)
	svg, err := fig.Inline(`a "picture" <of> two`)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(svg, "<svg "))
	require.NotContains(t, svg, "<script")
	require.NotContains(t, svg, `="331`) // no fixed size
	for _, want := range []string{
		`aria-label="a &#34;picture&#34; &lt;of&gt; two"`, "max-width:331.2pt", "fill:var(--plot-paper,#FFFFFF)", "var(--plot-ink,#262626)",
		"stroke:var(--plot-0,#0072B2)", "stroke:var(--plot-1,#D55E00)", "var(--plot-net,#E6E6E6)", "var(--plot-rim,#737373)",
	} {
		require.Contains(t, svg, want)
	}
	// One element, well formed, and no colour that the page cannot change.
	d := xml.NewDecoder(strings.NewReader(svg))
	depth, roots := 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch e := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			for _, a := range e.Attr {
				if a.Name.Local == "style" {
					require.NotContains(t, strings.ReplaceAll(a.Value, ",#", ""), ":#")
				}
			}
		case xml.EndElement:
			depth--
		}
	}
	require.Equal(t, []int{0, 1}, []int{depth, roots})

	_, err = plot.Figure{}.Inline("")
	require.EqualError(t, err, "plot: inline: figure is empty, want one made by a function of this package")
}

func TestHistogram(t *testing.T) {
	good := plot.Distribution{Edges: []float64{0, 1, 3}, Counts: []float64{2, 0}}
	fig, err := plot.Histogram(good)
	require.NoError(t, err)
	svg, err := fig.Inline("")
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(svg, "fill:var(--plot-0")) // the empty bar is not drawn
	_, err = plot.Histogram(plot.Distribution{Edges: []float64{0, 1}, Counts: []float64{0}})
	require.NoError(t, err)
	for want, d := range map[string]plot.Distribution{
		"plot: histogram: 0 edges and 0 counts came, want at least one count and one edge more": {},
		"plot: histogram: 1 edges and 1 counts came, want at least one count and one edge more": {Edges: []float64{1}, Counts: []float64{1}},
		"plot: histogram: counts[0] is -1, want at least 0":                                     {Edges: []float64{1, 2}, Counts: []float64{-1}},
		"plot: histogram: edges[0] is 2 and the next 2, want them to rise":                      {Edges: []float64{2, 2}, Counts: []float64{1}},
	} {
		_, err := plot.Histogram(d)
		require.EqualError(t, err, want)
	}
}

// Series may have an x of their own, and then the chart needs none.
func TestLinesWithOwnX(t *testing.T) {
	_, err := plot.Lines(plot.Chart{Series: []plot.Series{{Name: "a", X: []float64{1, 2}, Y: []float64{1, 2}}, {Name: "b", X: []float64{5}, Y: []float64{1}}}})
	require.NoError(t, err)
	_, err = plot.Lines(plot.Chart{Series: []plot.Series{{X: []float64{1, 2}, Y: []float64{1}}}})
	require.EqualError(t, err, `plot: lines: series 0 "" has 1 numbers, want 2 as x has`)
	_, err = plot.Lines(plot.Chart{LogX: true, Series: []plot.Series{{X: []float64{0}, Y: []float64{1}}}})
	require.EqualError(t, err, `plot: lines: series 0 "": x[0] is 0, want a number above 0 on a logarithmic axis`)
}
