// Fake writes a few recordings in the layout of N-MNIST: bars that move in ten
// directions in place of digits. With them the example runs without the data set.
package main

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/examples/internal/show"
)

func main() {
	out := flag.String("out", "out/fake/nmnist", "folder for the files")
	show.Parse("fake writes a few made-up recordings in the layout of N-MNIST.")
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "fake:", err)
		os.Exit(1)
	}
}

// run writes 40 recordings to learn from and 10 to test on, and their lists.
func run(out string) error {
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(1, 2))
	number := 0
	for _, list := range []struct {
		name string
		n    int
	}{{"train.txt", 40}, {"test.txt", 10}} {
		text := ""
		for i := range list.n {
			number++
			class := i % 10
			path := filepath.Join(out, fmt.Sprintf("%d.bin", number))
			if err := events.WriteFile(path, "", events.Of(bar(class, r), 34, 34)); err != nil {
				return err
			}
			text += fmt.Sprintf("%d %d\n", number, class)
		}
		if err := os.WriteFile(filepath.Join(out, list.name), []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// bar returns 300 ms of a bar that moves in one of ten directions.
func bar(class int, r *rand.Rand) (es []events.Event) {
	sin, cos := math.Sincos(2 * math.Pi * float64(class) / 10)
	for t := int64(0); t < 300e3; t += 200 {
		along, across := float64(t)/300e3*20-10, 16*r.Float64()-8
		x, y := 17+cos*along-sin*across, 17+sin*along+cos*across
		es = append(es, events.Event{T: t, X: uint16(x), Y: uint16(y), On: r.IntN(2) == 0})
	}
	return es
}
