package plot_test

import (
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"

	"github.com/spikegrad/spikegrad/plot"
)

// save writes a figure to a folder that is gone afterwards and lists the files.
func save(name string, fig plot.Figure, err error) {
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "plot")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := plot.Save(dir, name, fig); err != nil {
		log.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Println(filepath.Base(f))
	}
}

// Loss and accuracy after each of three epochs.
func ExampleCurves() {
	fig, err := plot.Curves(plot.History{
		Title:     "Yin-Yang",
		TrainLoss: []float64{1.10, 0.62, 0.31}, ValidLoss: []float64{1.08, 0.66, 0.38},
		TrainAcc: []float64{0.35, 0.71, 0.93}, ValidAcc: []float64{0.36, 0.69, 0.90},
	})
	save("curves", fig, err)
	// Output:
	// curves.png
	// curves.svg
}

// A classifier is asked for its opinion on a grid, and compared with the truth on
// test points.
func ExampleRegions() {
	classify := func(pt [2]float64) int {
		if pt[1] > pt[0] {
			return 1
		}
		return 0
	}
	pl := plot.Plane{
		Title: "Diagonal", Classes: []string{"below", "above"}, W: 100, H: 100,
		Points: [][2]float64{{0.2, 0.1}, {0.3, 0.9}, {0.5, 0.49}},
		Labels: []int{0, 1, 1},
	}
	grid, err := plot.GridPoints(pl.W, pl.H)
	if err != nil {
		log.Fatal(err)
	}
	for _, pt := range grid {
		pl.Grid = append(pl.Grid, classify(pt))
	}
	for _, pt := range pl.Points {
		pl.Preds = append(pl.Preds, classify(pt))
	}
	fig, err := plot.Regions(pl)
	save("regions", fig, err)
	// Output:
	// regions.png
	// regions.svg
}

// Two layers over three steps of 1 ms.
func ExampleRaster() {
	fig, err := plot.Raster("One sample", 1e-3,
		plot.Layer[float32]{Name: "hidden", N: 4, Spikes: []float32{
			1, 0, 0, 0,
			0, 1, 1, 0,
			0, 0, 0, 1,
		}},
		plot.Layer[float32]{Name: "output", N: 1, Spikes: []float32{0, 0, 1}})
	save("raster", fig, err)
	// Output:
	// raster.png
	// raster.svg
}

// A membrane that leaks towards 1.5, and spikes at 1.
func ExampleTraces() {
	const T = 100
	v, z := make([]float64, T), make([]float64, T)
	u := 0.0
	for t := range T {
		u += 0.05 * (1.5 - u)
		v[t] = u
		if u > 1 {
			z[t], u = 1, 0
		}
	}
	fig, err := plot.Traces(plot.Voltages[float64]{
		Title: "LIF neuron", N: 1, V: v, Spikes: z, Thresholds: []float64{1}, Dt: 1e-3,
	})
	save("traces", fig, err)
	// Output:
	// traces.png
	// traces.svg
}

// The mean rate of two neurons in bins of 2 ms.
func ExampleRates() {
	fig, err := plot.Rates("One sample", 1e-3, 2e-3, plot.Layer[float32]{Name: "hidden", N: 2, Spikes: []float32{
		1, 0,
		0, 1,
		0, 0,
		1, 1,
	}})
	save("rates", fig, err)
	// Output:
	// rates.png
	// rates.svg
}

// Weights from three inputs to two neurons.
func ExampleMatrix() {
	fig, err := plot.Matrix(plot.Weights[float32]{Title: "hidden.w", Rows: 3, Cols: 2, W: []float32{
		0.3, -0.1,
		0, 0.2,
		-0.3, 0.1,
	}})
	save("weights", fig, err)
	// Output:
	// weights.png
	// weights.svg
}

// The path of an Izhikevich neuron in the plane of its potential and its recovery,
// with the curves on which one of them stands still.
func ExamplePhase() {
	const current, dt = 10, 0.1 // ms
	slope := func(v, u float64) (dv, du float64) {
		return 0.04*v*v + 5*v + 140 - u + current, 0.02 * (0.2*v - u)
	}
	o := plot.Orbit[float64]{Title: "Regular spiking", XLabel: "v (mV)", YLabel: "u (mV)", Flow: slope}
	v, u := -65.0, -13.0
	for range 2000 {
		dv, du := slope(v, u)
		v, u = v+dt*dv, u+dt*du
		o.X, o.Y, o.Spikes = append(o.X, min(v, 30)), append(o.Y, u), append(o.Spikes, 0)
		if v > 30 {
			v, u = -65, u+8
			o.X, o.Y, o.Spikes = append(o.X, v), append(o.Y, u), append(o.Spikes, 1)
		}
	}
	dv, du := plot.Nullcline{Name: "dv/dt = 0"}, plot.Nullcline{Name: "du/dt = 0"}
	for v := -80.0; v <= 40; v++ {
		dv.X, dv.Y = append(dv.X, v), append(dv.Y, 0.04*v*v+5*v+140+current)
		du.X, du.Y = append(du.X, v), append(du.Y, 0.2*v)
	}
	o.Nullclines = []plot.Nullcline{dv, du}
	fig, err := plot.Phase(o)
	save("phase", fig, err)
	// Output:
	// phase.png
	// phase.svg
}

// Spikes as they come, in one second.
func ExampleRasterMovie() {
	m, err := plot.RasterMovie("One sample", 1e-3, plot.Layer[float32]{Name: "hidden", N: 4, Spikes: []float32{
		1, 0, 0, 0,
		0, 1, 1, 0,
		0, 0, 0, 1,
	}})
	if err != nil {
		log.Fatal(err)
	}
	m.Frames, m.Seconds = 10, 1
	dir, err := os.MkdirTemp("", "plot")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := plot.SaveGIF(dir, "spikes", m); err != nil {
		log.Fatal(err)
	}
	_, err = os.Stat(filepath.Join(dir, "spikes.gif"))
	fmt.Println("written:", err == nil)
	// Output: written: true
}

// What the network got wrong.
func ExampleDigits() {
	one := []float32{
		0, 1, 0,
		0, 1, 0,
		0, 1, 0,
	}
	fig, err := plot.Digits("Misclassified", 3, 3, 10, plot.Digit[float32]{Pixels: one, Caption: "1 → 7"})
	save("digits", fig, err)
	// Output:
	// digits.png
	// digits.svg
}

// The firing rate of a leaky integrate-and-fire neuron with τ_m = 10 ms and a
// threshold of 1 is 1/(τ_m ln(I/(I − 1))) above I = 1. Two views of it, side by side.
func ExampleLines() {
	ch := plot.Chart{
		Title: "f–I curve", XLabel: "Input current (a.u.)", YLabel: "Firing rate (Hz)",
		Series: []plot.Series{{Y: nil}},
	}
	for i := 1; i <= 50; i++ {
		I := 1 + float64(i)/10
		ch.X = append(ch.X, I)
		ch.Series[0].Y = append(ch.Series[0].Y, 1/(0.01*math.Log(I/(I-1))))
	}
	linear, err := plot.Lines(ch)
	if err != nil {
		log.Fatal(err)
	}
	ch.LogX, ch.LogY = true, true
	logarithmic, err := plot.Lines(ch)
	if err != nil {
		log.Fatal(err)
	}
	fig, err := plot.Panels(1, 2, linear, logarithmic)
	save("fi", fig, err)
	// Output:
	// fi.png
	// fi.svg
}

// A training of ten epochs.
func ExampleProgress() {
	p := plot.NewProgress(os.Stderr, "yinyang", 10)
	defer p.Done()
	for epoch := range 10 {
		loss := math.Exp(-float64(epoch))
		p.Step(1, fmt.Sprintf("loss %.3f", loss))
	}
}
