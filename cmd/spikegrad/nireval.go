package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/recordings"
	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/nir"
	"github.com/spikegrad/spikegrad/train"
)

const nirEvalHelp = `usage: spikegrad nir eval NET.nir -data DIR -list FILE [flags]

Says how many recordings of event cameras a network classifies rightly. FILE has lines
"number class", for the recordings DIR/number.bin in the format of N-MNIST, or in any
other that events formats lists. Their events are counted in time steps of dt, from time 0
to the last event; the class is that of the output with the largest mean.

  spikegrad nir eval cnn.nir -dt 1e-3 -data recordings -list test.txt
  accuracy: 0.98

`

func nirEval(args []string, out, _ io.Writer) error {
	fs := command("eval", nirEvalHelp, out)
	var im importing
	im.flags(fs, 1e-3)
	var from reading
	from.flags(fs)
	dir := fs.String("data", "", "`folder` of recordings")
	list := fs.String("list", "", "`file` with lines \"number class\"")
	binary := fs.Bool("binary", false, "a pixel has at most one spike a time step; else they are counted")
	paths, err := parse(fs, args)
	switch {
	case err != nil:
		return err
	case len(paths) != 1:
		return wrong("%d files are named, want one", len(paths))
	case *dir == "" || *list == "":
		return wrong("want -data and -list")
	}
	us := im.dt * 1e6
	if !(us >= 1 && us < 1e9) || math.Abs(us-math.Round(us)) > 1e-6*us {
		return wrong("-dt is %v s, want whole µs, as recordings have", im.dt)
	}
	o, err := from.options()
	if err != nil {
		return err
	}
	samples, err := listed(*dir, *list)
	if err != nil {
		return err
	}
	_, n, err := im.network(paths[0])
	if err != nil {
		return err
	}
	d, err := countedEvents(samples, o, n.Shape(), int64(math.Round(us)), *binary)
	if err != nil {
		return err
	}
	m, err := train.Network{
		Net: layers.Sequential{layers.Named("net", n), layers.MeanOverTime}, Shape: n.Shape().In,
		Steps: slices.Max(d.steps), Batch: min(8, len(samples)), SpikeInput: true,
	}.Compile()
	if err != nil {
		return err
	}
	got, err := m.Evaluate(context.Background(), d, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "accuracy: %.4g\n", got.Accuracy)
	return nil
}

// listed reads a list of recordings.
func listed(dir, list string) (samples []recordings.Sample, err error) {
	b, err := files.ReadFile(list)
	if err != nil {
		return nil, err
	}
	for i, line := range strings.Split(strings.Trim(string(b), files.Space), "\n") {
		var number uint64
		var class uint16
		if n, err := fmt.Sscanf(strings.TrimSpace(line)+"\n", "%d %d\n", &number, &class); n != 2 || err != nil {
			return nil, fmt.Errorf("%s: line %d is %q, want \"number class\"", list, i+1, line)
		}
		name := strings.Fields(line)[0] // numbers may begin with zeros
		samples = append(samples, recordings.Sample{Path: filepath.Join(dir, name+".bin"), Label: int(class)})
	}
	return samples, nil
}

// varied are recordings of different lengths.
type varied struct {
	*recordings.Dataset
	steps []int
}

// Steps returns the length of sample i.
func (v varied) Steps(i int) int { return v.steps[i] }

// countedEvents returns the recordings as spikes that a network takes.
func countedEvents(samples []recordings.Sample, o events.Options, s nir.Shape, us int64, binary bool) (v varied, err error) {
	if len(s.In) != 3 || s.In[0] > 2 || len(s.Out) != 1 {
		return v, fmt.Errorf("the network maps %v to %v at each time step, want [1 or 2 channels, height, width] to [classes]", s.In, s.Out)
	}
	if o.Width == 0 {
		o.Height, o.Width = s.In[1], s.In[2]
	}
	for _, sample := range samples {
		r, err := events.Open(sample.Path, o)
		if err != nil {
			return v, err
		}
		for _, err := range r.All() {
			if err != nil {
				r.Close()
				return v, err
			}
		}
		last := r.Summary().Last
		if err := r.Close(); err != nil {
			return v, err
		}
		const most = 1 << 20
		if last < 0 || last/us >= most {
			return v, fmt.Errorf("%s: its last event is at %d µs, %d time steps behind 0, want fewer than %d", sample.Path, last, last/us, most)
		}
		v.steps = append(v.steps, int(last/us)+1)
	}
	v.Dataset, err = recordings.New(samples, recordings.Params{
		Options: o, Classes: s.Out[0],
		Bins: events.Bins{Dt: time.Duration(us) * time.Microsecond, Steps: slices.Max(v.steps), Merge: s.In[0] == 1, Binary: binary},
	})
	return v, err
}
