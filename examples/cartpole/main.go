// Cartpole lets a spiking network learn to balance a pole on a cart, by e-prop and a reward: a three-factor rule. The
// network has two outputs, how likely it is to push the cart to the right, and what it thinks is still to come (an actor
// and a critic). E-prop gives at each tick of 20 ms the gradient of both by each weight; a trace keeps it for some hundred
// milliseconds; and the weights follow the trace when things turn out better or worse than the critic thought. There are no
// batches and no replay: the network acts and learns in one stream.
//
//	go run ./examples/cartpole
//
// With -learning rstdp there is no gradient: two neurons, one for each side, see the pole, and their synapses learn by
// spike-timing-dependent plasticity that the same reward decides on.
//
// A. G. Barto, R. S. Sutton and C. W. Anderson, IEEE Trans. Syst. Man Cybern. 13 (1983), 834, for the task; G. Bellec et
// al., Nature Communications 11 (2020), 3625, for reward-based e-prop.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/plot"
)

const window = 50 // episodes that a mean is of

func main() {
	learning := flag.String("learning", "eprop", "how to learn: eprop, or rstdp")
	seeds := flag.Int("seeds", 3, "how many networks learn, of the seeds 1, 2, …")
	episodes := flag.Int("episodes", 300, "how often each tries")
	hidden := flag.Int("hidden", 100, "spiking neurons of eprop")
	rate := flag.Float64("rate", 0, "learning rate (default 0.005 by eprop, 0.001 by rstdp)")
	out := flag.String("out", "out/cartpole", "folder for the picture")
	show.Parse("cartpole lets a spiking network learn to balance a pole by reward, and draws how long the pole stood.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *learning, *seeds, *episodes, *hidden, *rate, *out); err != nil {
		fmt.Fprintln(os.Stderr, "cartpole:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, learning string, seeds, episodes, hidden int, rate float64, out string) error {
	if seeds < 1 || episodes < window || hidden < 1 || !(rate >= 0) {
		return fmt.Errorf("%d seeds, %d episodes, %d neurons and a rate of %v, want at least 1, %d, 1 and 0", seeds, episodes, hidden, rate, window)
	}
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	chart := plot.Chart{Title: "Balancing a pole", XLabel: "Episode", YLabel: fmt.Sprintf("Ticks of 20 ms, mean of %d episodes", window)}
	for seed := 1; seed <= seeds; seed++ {
		began := time.Now()
		stood, err := learn(ctx, learning, uint64(seed), episodes, hidden, rate)
		if err != nil {
			return err
		}
		s := plot.Series{Name: fmt.Sprintf("seed %d", seed)}
		for e := window; e <= len(stood); e += window / 5 {
			s.X, s.Y = append(s.X, float64(e)), append(s.Y, stat.Mean(stood[e-window:e], nil))
		}
		if len(s.Y) == 0 {
			fmt.Println("stopped")
			return nil
		}
		fmt.Printf("seed %d: the pole stood for %.0f of %d ticks in the first %d episodes, for %.0f in the last; %d episodes in %.1f s\n",
			seed, s.Y[0], longest, window, s.Y[len(s.Y)-1], len(stood), time.Since(began).Seconds())
		chart.Series = append(chart.Series, s)
	}
	fig, err := plot.Lines(chart)
	if err := show.Save(out, "return", fig, err); err != nil {
		return err
	}
	fmt.Printf("picture in %s\n", out)
	return nil
}

// A player balances poles, and learns to.
type player interface{ episode() (int, error) }

// newPlayer returns the one that learns in the way of a name.
func newPlayer(learning string, seed uint64, hidden int, rate float64) (player, error) {
	switch learning {
	case "eprop":
		return newAgent(seed, hidden, cmp.Or(rate, 0.005))
	case "rstdp":
		return newGambler(seed, cmp.Or(rate, 0.001))
	}
	return nil, fmt.Errorf("learning is %q, want eprop or rstdp", learning)
}

// learn returns for how long the pole stood in each episode.
func learn(ctx context.Context, learning string, seed uint64, episodes, hidden int, rate float64) (stood []float64, err error) {
	a, err := newPlayer(learning, seed, hidden, rate)
	if err != nil {
		return nil, err
	}
	for range episodes {
		if ctx.Err() != nil {
			return stood, nil
		}
		n, err := a.episode()
		if err != nil {
			return nil, fmt.Errorf("seed %d, episode %d: %w", seed, len(stood), err)
		}
		stood = append(stood, float64(n))
	}
	return stood, nil
}
