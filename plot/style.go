package plot

import (
	"image/color"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// dpi is the resolution of a PNG and of images inside an SVG: two pixels to a point.
const dpi = 144

// The lengths of the style, in points.
const (
	margin     vg.Length = 7
	gap        vg.Length = 16 // between panels
	titleSize  vg.Length = 10
	labelSize  vg.Length = 9
	tickSize   vg.Length = 8
	lineWidth  vg.Length = 1.3
	markRadius vg.Length = 1.9
	thinWidth  vg.Length = 0.7 // axes, thresholds, outlines
	smallest   vg.Length = 12  // a data area narrower than this shows nothing
)

// palette holds the colours of Okabe and Ito, those with the most contrast on white first.
var palette = []color.NRGBA{
	{0x00, 0x72, 0xB2, 0xFF}, // blue
	{0xD5, 0x5E, 0x00, 0xFF}, // vermillion
	{0x00, 0x9E, 0x73, 0xFF}, // bluish green
	{0xE6, 0x9F, 0x00, 0xFF}, // orange
	{0xCC, 0x79, 0xA7, 0xFF}, // reddish purple
	{0x56, 0xB4, 0xE9, 0xFF}, // sky blue
	{0x80, 0x80, 0x80, 0xFF}, // grey for their black, which marks errors
	{0xF0, 0xE4, 0x42, 0xFF}, // yellow
}

var (
	white    = color.NRGBA{0xFF, 0xFF, 0xFF, 0xFF}
	black    = color.NRGBA{0x00, 0x00, 0x00, 0xFF}
	inkColor = color.NRGBA{0x26, 0x26, 0x26, 0xFF} // text
	rimColor = color.NRGBA{0x73, 0x73, 0x73, 0xFF} // axes and frames
	netColor = color.NRGBA{0xE6, 0xE6, 0xE6, 0xFF} // grid

	faintColor = color.NRGBA{0xB3, 0xBA, 0xC4, 0xFF} // lines behind others
)

// dashes tell lines apart that share a colour.
var dashes = [][]vg.Length{nil, {5, 2.5}, {1.5, 1.5}}

// light returns c on white, as the colour of an area.
func light(c color.NRGBA) color.NRGBA {
	const share = 0.3
	mix := func(v uint8) uint8 { return uint8(255 - share*(255-float64(v)) + 0.5) }
	return color.NRGBA{mix(c.R), mix(c.G), mix(c.B), 0xFF}
}

// stroke returns the style of a line.
func stroke(c color.Color, width vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: width}
}

// seriesStyle returns the style of the i-th of several lines.
func seriesStyle(i int) draw.LineStyle {
	s := stroke(palette[i%len(palette)], lineWidth)
	s.Dashes = dashes[i/len(palette)%len(dashes)]
	return s
}

// thresholdStyle is the style of a threshold.
func thresholdStyle() draw.LineStyle {
	s := stroke(inkColor, thinWidth)
	s.Dashes = []vg.Length{3, 2}
	return s
}

// letters returns the style of a text. Widths and heights come from it as well.
func letters(size vg.Length, bold bool) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = 3 // WeightBold of golang.org/x/image/font
	}
	return text.Style{Color: inkColor, Font: f, Handler: gplot.DefaultTextHandler}
}

// axis is what a reader sees along one side of a panel.
type axis struct {
	min, max float64
	label    string
	ticks    ticker
	bare     bool // no numbers: the panel below has them
}

// newPlot returns a panel with axes and a grid and nothing in it.
func newPlot(x, y axis, grid bool) *gplot.Plot {
	p := gplot.New()
	p.BackgroundColor = nil
	if grid {
		p.Add(net{x.ticks, y.ticks})
	}
	dress := func(a *gplot.Axis, from axis) {
		a.Min, a.Max = from.min, from.max
		a.Padding = 0
		a.LineStyle = stroke(rimColor, thinWidth)
		a.Label.Text = from.label
		a.Label.Padding = 3
		a.Label.TextStyle.Color = inkColor
		a.Label.TextStyle.Font = letters(labelSize, false).Font
		a.Tick.Label.Color = inkColor
		a.Tick.Label.Font = letters(tickSize, false).Font
		a.Tick.LineStyle = stroke(rimColor, thinWidth)
		a.Tick.Length = 3
		a.Tick.Marker = from.ticks
		if from.bare {
			a.Tick.Marker = gplot.ConstantTicks(nil)
		}
	}
	dress(&p.X, x)
	dress(&p.Y, y)
	return p
}
