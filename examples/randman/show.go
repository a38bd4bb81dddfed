package main

import (
	"fmt"

	"github.com/spikegrad/spikegrad/plot"
)

// table prints the accuracies, a line for each width and for each height.
func (s *sweep) table() {
	line := func(name string, of func(shape int) cell) {
		fmt.Printf("%-13s", name)
		for i := range shapes {
			p := s.at(of(i))
			fmt.Printf("   %14.1f", 100*p.accuracy)
			if p.broken > 0 {
				fmt.Print("*")
			} else {
				fmt.Print(" ")
			}
		}
		fmt.Println()
	}
	fmt.Print("accuracy (%) ")
	for _, sh := range shapes {
		fmt.Printf("   %-15s", fmt.Sprintf("%14s", sh.name))
	}
	fmt.Println()
	for _, b := range betas {
		line(fmt.Sprintf("β %v", b), func(i int) cell { return cell{i, b, usualHeight} })
	}
	for _, h := range heights {
		line(fmt.Sprintf("height %v", h), func(i int) cell { return cell{i, usualBeta, h} })
	}
	fmt.Printf("height %v where β varies, β %v where the height does; * gradients that are not finite\n", usualHeight, usualBeta)
}

// picture draws the accuracy against width and height.
func (s *sweep) picture() (plot.Figure, error) {
	width, err := s.against("Shape", fmt.Sprintf("β, at a height of %v", usualHeight), betas,
		func(i int, b float64) cell { return cell{i, b, usualHeight} })
	if err != nil {
		return plot.Figure{}, err
	}
	height, err := s.against("Scale", fmt.Sprintf("Height, at β = %v", usualBeta), heights,
		func(i int, h float64) cell { return cell{i, usualBeta, h} })
	if err != nil {
		return plot.Figure{}, err
	}
	return plot.Panels(1, 2, width, height)
}

func (s *sweep) against(title, label string, x []float64, of func(shape int, x float64) cell) (plot.Figure, error) {
	ch := plot.Chart{Title: title, XLabel: label, YLabel: "Test accuracy (%)", X: x, LogX: true, Dots: true}
	for i, sh := range shapes {
		line := plot.Series{Name: sh.name}
		for _, v := range x {
			line.Y = append(line.Y, 100*s.at(of(i, v)).accuracy)
		}
		ch.Series = append(ch.Series, line)
	}
	return plot.Lines(ch)
}
