// Shortterm draws what depressing and facilitating synapses make of spike trains.
//
// A depressing synapse uses most of its resources on the first spike and needs most
// of a second to get them back: in a train each response is smaller than the one
// before. Above a limiting frequency of 1/(U τ_rec) the stationary response falls as
// 1/f, so that what a synapse passes on per second does not depend on the rate any
// more: it reports changes of the rate, and not the rate. A facilitating synapse
// begins with little and uses more with each spike; it is at its best at one
// frequency, above which depression takes over.
//
//	go run ./examples/shortterm
//
// M. V. Tsodyks and H. Markram, PNAS 94 (1997), 719, for depression; H. Markram,
// Y. Wang and M. Tsodyks, PNAS 95 (1998), 5323, and M. Tsodyks, K. Pawelzik and
// H. Markram, Neural Computation 10 (1998), 821, for facilitation. The parameters
// are of the synapses between pyramidal neurons in the first, and from a pyramidal
// neuron to an interneuron in the second.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/plot"
)

const (
	spikes   = 10  // of the regular train
	start    = 0.1 // of the train, s
	recovery = 0.5 // from the last spike of the train to one more, s
)

func main() {
	seed := flag.Uint64("seed", 1, "seed of the irregular spike train")
	rate := flag.Float64("rate", 20, "frequency of the trains, Hz")
	out := flag.String("out", "out/shortterm", "folder for the pictures")
	show.Parse("shortterm draws what depressing and facilitating synapses make of spike trains.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *seed, *rate, *out); err != nil {
		fmt.Fprintln(os.Stderr, "shortterm:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, seed uint64, rate float64, out string) error {
	if !(rate >= 1 && rate <= 200) {
		return fmt.Errorf("a rate of %v Hz, want 1 to 200", rate)
	}
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	var responses, sweeps []plot.Figure
	for _, s := range synapses() {
		fmt.Printf("%s synapse: U = %g, τ_f = %.0f ms, τ_rec = %.0f ms\n", s.name, s.u, 1e3*s.tauFac, 1e3*s.tauRec)
		figs, err := respond(s, rate, rand.New(rand.NewPCG(seed, 0)))
		if err != nil {
			return err
		}
		responses = append(responses, figs...)
		if ctx.Err() != nil {
			fmt.Println("stopped")
			return nil
		}
		fig, err := compare(s)
		if err != nil {
			return err
		}
		sweeps = append(sweeps, fig)
	}
	for _, picture := range []struct {
		name string
		figs []plot.Figure
	}{{"responses", responses}, {"stationary", sweeps}} {
		fig, err := plot.Panels(len(picture.figs)/2, 2, picture.figs...)
		if err != nil {
			return err
		}
		if err := plot.Save(out, picture.name, fig); err != nil {
			return err
		}
	}
	fmt.Printf("pictures in %s\n", out)
	return nil
}

// respond draws the responses to a regular train with one more spike after a pause,
// and to an irregular one.
func respond(s synapse, rate float64, rng *rand.Rand) ([]plot.Figure, error) {
	regular := regular(start, rate, spikes)
	regular = append(regular, regular[spikes-1]+recovery)
	length := regular[spikes] + 0.3
	var irregular []float64
	for t := start + rng.ExpFloat64()/rate; t < length; t += rng.ExpFloat64() / rate {
		irregular = append(irregular, t)
	}
	fig, y, err := trace(s, fmt.Sprintf("%g Hz, and a spike %g s later", rate, recovery), train(length, regular...))
	if err != nil {
		return nil, err
	}
	fmt.Printf("  in a train of %g Hz spike %d has %.2f times the response of the first; %g s after the train it is %.2f times\n",
		rate, spikes, y[spikes-1]/y[0], recovery, y[spikes]/y[0])
	other, _, err := trace(s, fmt.Sprintf("irregular, %g Hz", rate), train(length, irregular...))
	return []plot.Figure{fig, other}, err
}

// trace draws the response to a spike train x, and returns what each spike uses.
func trace(s synapse, title string, x []float64) (fig plot.Figure, y []float64, err error) {
	r, err := s.transmit(x, 1)
	if err != nil {
		return fig, nil, err
	}
	for i, z := range x {
		if z > 0 {
			y = append(y, r.y[i])
		}
	}
	fig, err = plot.Traces(plot.Voltages[float64]{
		Title: s.name + ": " + title, N: 1, V: r.v, Spikes: x, Dt: dt, Unit: "mV", Names: []string{"postsynaptic potential"},
	})
	fig.Width, fig.Height = 5, 2.6 // inches
	return fig, y, err
}

// compare draws the stationary response by the frequency of the train, with what
// theory says.
func compare(s synapse) (plot.Figure, error) {
	fs := frequencies(30)
	simulated, err := s.sweep(fs)
	if err != nil {
		return plot.Figure{}, err
	}
	ch := plot.Chart{
		Title: s.name, XLabel: "Frequency (Hz)", YLabel: "Stationary response (share used)", X: fs, LogX: true, LogY: true,
		Series: []plot.Series{{Name: "simulated", Y: simulated}},
	}
	if s.tauFac > 0 {
		best := slices.Index(simulated, slices.Max(simulated))
		fmt.Printf("  the stationary response is largest at %.0f Hz; theory says %.0f Hz\n", fs[best], s.best())
		theory := make([]float64, len(fs))
		for i, f := range fs {
			theory[i] = s.stationary(f)
		}
		ch.Series = append(ch.Series, plot.Series{Name: "theory", Y: theory})
	} else {
		last := len(fs) - 1
		fmt.Printf("  limiting frequency %.1f Hz; at %.0f Hz the stationary response is %.3f times 1/(f τ_rec)\n",
			s.limit(), fs[last], simulated[last]*fs[last]*s.tauRec)
		law := make([]float64, len(fs))
		for i, f := range fs {
			law[i] = 1 / (f * s.tauRec)
		}
		ch.Series = append(ch.Series, plot.Series{Name: "1/(f τ_rec)", Y: law})
	}
	return plot.Lines(ch)
}
