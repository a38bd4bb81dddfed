package main

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/plot"
)

// table prints accuracies, their mean and what guessing gives.
func table(rs []result) {
	fmt.Println("lags                  delays   mean (%)   guessed (%)   each")
	for k, lags := range tasks {
		for _, delayed := range []bool{false, true} {
			var as []float64
			for _, r := range rs {
				if r.task == k && r.delayed == delayed {
					as = append(as, 100*r.accuracy)
				}
			}
			if len(as) > 0 {
				fmt.Printf("%-21s %-8s %5.1f      %5.1f         %.1f\n", listed(lags), map[bool]string{true: "learnt", false: "none"}[delayed], stat.Mean(as, nil), 100/float64(len(lags)), as)
			}
		}
	}
}

// listed writes lags as "8, 20".
func listed(lags []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(lags), " ", ", "), "[]")
}

// draw draws for each task how much longer neurons delay the first channel than the second: at the lags
// what is apart in the channels arrives together.
func draw(rs []result, out string) error {
	var figs []plot.Figure
	for k, lags := range tasks {
		d := plot.Distribution{
			Title: "Lags of " + listed(lags) + " ms", XLabel: "Delay of the first channel − that of the second (ms)", YLabel: "Neurons that both channels excite",
		}
		for e := -longest; e <= longest+1; e++ {
			d.Edges = append(d.Edges, float64(e)-0.5)
		}
		d.Counts = make([]float64, len(d.Edges)-1)
		for _, r := range rs {
			for _, x := range r.apart() {
				if r.task == k {
					d.Counts[x+longest]++
				}
			}
		}
		fig, err := plot.Histogram(d)
		if err != nil {
			return err
		}
		figs = append(figs, fig)
	}
	fig, err := plot.Panels(1, len(figs), figs...)
	return show.Save(out, "lags", fig, err)
}

// apart returns by how many steps neurons that both channels excite delay the first more than the second.
func (r result) apart() (steps []int) {
	whole := func(p float32) int { return int(math.Floor(min(max(float64(p), 0), longest) + 0.5)) }
	for j := range len(r.at) / 2 {
		if r.weights[j] > 0 && r.weights[hidden+j] > 0 {
			steps = append(steps, whole(r.at[j])-whole(r.at[hidden+j]))
		}
	}
	return steps
}
