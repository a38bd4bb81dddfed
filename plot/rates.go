package plot

import (
	"fmt"
	"math"
)

// Rates draws the firing rates of layers over time in Hz, the mean over the neurons
// of a layer: spikes are counted in bins of so many s, of whole time steps of dt s,
// and divided by neurons and width. A bin of 0 takes about a fiftieth of the time.
// The last bin may be shorter, and its rate is that of its steps.
//
// It is an error if there is no layer or more than 8, if a layer has no name that
// the legend needs, if the bin is shorter than a step, and what is one for [Raster].
func Rates[F Float](title string, dt, bin float64, layers ...Layer[F]) (Figure, error) {
	if len(layers) == 0 || len(layers) > len(palette) {
		return Figure{}, fmt.Errorf("plot: rates: %d layers came, want 1 to %d", len(layers), len(palette))
	}
	if err := timeStep(dt); err != nil {
		return Figure{}, fmt.Errorf("plot: rates: %w", err)
	}
	T, err := timeSteps(len(layers[0].Spikes), layers[0].N)
	if err != nil {
		return Figure{}, fmt.Errorf("plot: rates: layer %q: %w", layers[0].Name, err)
	}
	per := (T + 49) / 50 // steps in a bin
	if bin != 0 {
		if !(bin >= dt*(1-1e-9)) || math.IsInf(bin, 1) {
			return Figure{}, fmt.Errorf("plot: rates: bin is %g s, want at least a time step of %g s, or 0", bin, dt)
		}
		per = int(min(math.Round(bin/dt), float64(T)))
	}
	ch := Chart{Title: title, XLabel: "Time (ms)", YLabel: "Firing rate (Hz)"}
	for from := 0; from < T; from += per {
		// An edge in the middle between two steps, once for each side of it.
		ch.X = append(ch.X, (float64(from)-0.5)*dt*1e3, (float64(min(from+per, T))-0.5)*dt*1e3)
	}
	for _, l := range layers {
		if n, err := timeSteps(len(l.Spikes), l.N); err != nil || n != T {
			if err == nil {
				err = fmt.Errorf("%d time steps, want %d as layer %q has", n, T, layers[0].Name)
			}
			return Figure{}, fmt.Errorf("plot: rates: layer %q: %w", l.Name, err)
		}
		es, err := events(l.Spikes, l.N)
		if err != nil {
			return Figure{}, fmt.Errorf("plot: rates: layer %q: %w", l.Name, err)
		}
		counts := make([]float64, len(ch.X)/2)
		for _, e := range es {
			counts[int(e.step)/per]++
		}
		s := Series{Name: l.Name}
		for k, n := range counts {
			steps := min((k+1)*per, T) - k*per
			rate := n / (float64(l.N) * float64(steps) * dt)
			s.Y = append(s.Y, rate, rate)
		}
		ch.Series = append(ch.Series, s)
	}
	fig, err := Lines(ch)
	if err != nil {
		return Figure{}, fmt.Errorf("plot: rates: %w", err)
	}
	fig.Width, fig.Height = 6.5, 2.6
	return fig, nil
}
