package main

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/plot"
)

// accuracies returns those of the k-th kind, in percent.
func accuracies(rs []result, k int) []float64 {
	var as []float64
	for _, r := range rs {
		if r.kind == k {
			as = append(as, 100*r.accuracy)
		}
	}
	return as
}

// table prints accuracies, their mean and their standard deviation.
func table(rs []result) {
	fmt.Println("time constants       mean ± sd (%)   each")
	for k, kd := range kinds {
		as := accuracies(rs, k)
		if len(as) == 0 {
			continue
		}
		spread := 0.0
		if len(as) > 1 {
			spread = stat.StdDev(as, nil)
		}
		fmt.Printf("%-20s %5.1f ± %-7.1f  %.1f\n", kd.name, stat.Mean(as, nil), spread, as)
	}
}

// draw draws how the time constants are distributed after learning.
func draw(rs []result, out string) error {
	membranes, err := distribution("Membranes after learning", tauMem, rs, func(r result) []float64 { return r.mem })
	if err != nil {
		return err
	}
	synapses, err := distribution("Synapses after learning", tauSyn, rs, func(r result) []float64 { return r.syn })
	if err != nil {
		return err
	}
	fig, err := plot.Panels(1, 2, membranes, synapses)
	return show.Save(out, "timeconstants", fig, err)
}

// distribution draws the share of the neurons that have a shorter time constant.
func distribution(title string, fixed float64, rs []result, of func(result) []float64) (plot.Figure, error) {
	ch := plot.Chart{Title: title, XLabel: "Time constant (ms)", YLabel: "Share of the neurons below", LogX: true}
	const points = 100
	for i := range points + 1 {
		ch.X = append(ch.X, math.Pow(10, 3*float64(i)/points)) // 1 ms to 1 s
	}
	for k, kd := range kinds {
		var ts []float64
		for _, r := range rs {
			if r.kind == k {
				ts = append(ts, of(r)...)
			}
		}
		if len(ts) > 0 {
			slices.Sort(ts)
			ch.Series = append(ch.Series, plot.Series{Name: kd.name, Y: below(ts, ch.X)})
		}
	}
	ch.Series = append(ch.Series, plot.Series{Name: "fixed, equal", Y: below([]float64{fixed}, ch.X)})
	return plot.Lines(ch)
}

// below returns for each of some times in ms the share of sorted time constants in
// s that are shorter.
func below(taus, ms []float64) []float64 {
	y := make([]float64, len(ms))
	for i, t := range ms {
		n, _ := slices.BinarySearch(taus, t/1e3)
		y[i] = float64(n) / float64(len(taus))
	}
	return y
}
