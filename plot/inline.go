package plot

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"strings"
)

// Inline returns a figure as an SVG element that may stand in an HTML page. It is
// as wide as there is room, up to the width of the figure. label describes it to
// those who do not see it.
//
// The page may change the colours, for a dark background say, by the CSS
// properties --plot-paper, --plot-ink for text, --plot-rim for axes, --plot-net
// for grids, --plot-faint for faint series, and --plot-0 to --plot-7 for series. Colours inside images stay.
func (f Figure) Inline(label string) (string, error) {
	svg, err := f.vector()
	if err != nil {
		return "", fmt.Errorf("plot: inline: %w", err)
	}
	// The writer begins with an XML declaration, a comment, and the start tag.
	_, body, ok := bytes.Cut(svg, []byte("<svg "))
	if ok {
		_, body, ok = bytes.Cut(body, []byte(">\n"))
	}
	if !ok {
		return "", fmt.Errorf("plot: inline: the SVG writer gave no svg element")
	}
	w, h := f.size()
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 %.6g %.6g" style="width:100%%;max-width:%.6gpt;height:auto" role="img" aria-label="%s">`,
		float64(w), float64(h), float64(w), html.EscapeString(clean(label)))
	return head + "\n" + adaptable.Replace(string(body)), nil
}

// adaptable puts CSS properties in the place of the colours of the style.
var adaptable = func() *strings.Replacer {
	var pairs []string
	add := func(name string, c color.NRGBA) {
		hex := fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B)
		for _, kind := range []string{"fill:", "stroke:"} {
			pairs = append(pairs, kind+hex, kind+"var(--plot-"+name+","+hex+")")
		}
	}
	add("paper", white)
	add("ink", inkColor)
	add("rim", rimColor)
	add("net", netColor)
	add("faint", faintColor)
	for i, c := range palette {
		add(fmt.Sprint(i), c)
	}
	return strings.NewReplacer(pairs...)
}()
