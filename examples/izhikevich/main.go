// Izhikevich draws the twenty kinds of neurons that one model of two equations
// shows with the right parameters and the right input: spiking, bursting,
// resonating, adapting and so on, each with the potential of its membrane and
// the input that brings it out.
//
//	go run ./examples/izhikevich
//
// It is figure 1 of E. M. Izhikevich, Which model to use for cortical spiking
// neurons?, IEEE Trans. Neural Networks 15 (2004), 1063. The parameters are those
// of package neurons; the inputs stand in protocols.go.
//
// Two panels take more than the right input. The accommodating neuron has no
// state of rest unless a current holds it back. The neuron that bursts under
// inhibition does so with time steps of 1 ms; with finer ones its bursts do not
// end.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/plot"
)

func main() {
	out := flag.String("out", "out/izhikevich", "folder for the figure")
	show.Parse("izhikevich draws the twenty kinds of neurons that Izhikevich's model shows.")
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "izhikevich:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	var figs []plot.Figure
	for i, p := range panels() {
		tr, err := simulate(p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
		title := fmt.Sprintf("(%c) %s", 'A'+i, p.title)
		fmt.Printf("%-32s spikes in %3g ms: %d\n", title, p.length, len(tr.spikes))
		fig, err := draw(title, p, tr)
		if err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
		figs = append(figs, fig)
	}
	fig, err := plot.Panels(5, 4, figs...)
	if err != nil {
		return err
	}
	if err := plot.Save(out, "izhikevich", fig); err != nil {
		return err
	}
	fmt.Println("figure in", filepath.Join(out, "izhikevich.png"))
	return nil
}

// draw draws the potential of a neuron and, below it, the input.
func draw(title string, p panel, tr trace) (plot.Figure, error) {
	// A step that fires leaves the neuron at its reset: the peak is drawn in.
	peak, _ := p.neuron.Params().VTh.Value()
	v := slices.Clone(tr.v)
	for _, t := range tr.spikes {
		v[slices.Index(tr.times, t)] = peak
	}
	name := "v (mV)"
	if p.top != 0 {
		name = "v (mV), cut off"
		for i := range v {
			v[i] = min(v[i], p.top)
		}
	}
	bottom, height := slices.Min(v), slices.Max(v)-slices.Min(v)
	lo, hi := slices.Min(tr.input), slices.Max(tr.input)
	below := make([]float64, len(tr.input))
	for i, x := range tr.input {
		below[i] = bottom + height*(0.15*(x-lo)/(hi-lo)-0.35)
	}
	fig, err := plot.Lines(plot.Chart{
		Title: title, XLabel: "Time (ms)", X: tr.times,
		Series: []plot.Series{{Name: name, Y: v}, {Name: "input, " + number(lo) + " to " + number(hi), Y: below}},
	})
	fig.Width, fig.Height = 2.7, 2.1
	return fig, err
}

// number writes x with three digits and a proper minus.
func number(x float64) string { return strings.Replace(fmt.Sprintf("%.3g", x), "-", "−", 1) }
