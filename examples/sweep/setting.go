package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// A setting is what one training has otherwise than another.
type setting struct {
	Hidden int     `json:"hidden"` // neurons
	Rate   float64 `json:"rate"`   // of learning
	Tau    float64 `json:"tau"`    // time constant of membranes, s
	Seed   uint64  `json:"seed"`
}

// name is that of its folder.
func (s setting) name() string {
	return fmt.Sprintf("h%d-r%g-t%g-s%d", s.Hidden, s.Rate, s.Tau, s.Seed)
}

// check returns an error unless there is such a network.
func (s setting) check() error {
	if s.Hidden < 1 || s.Hidden > 10_000 || !(s.Rate > 0) || !(s.Tau >= 1e-3 && s.Tau <= 1) {
		return fmt.Errorf("%+v: want 1 to 10000 hidden neurons, a rate above 0, and a tau of 0.001 to 1 s", s)
	}
	return nil
}

// read returns the settings in a file, which differ, or a grid.
func read(path string) (all []setting, err error) {
	if path == "" {
		for _, hidden := range []int{50, 200} {
			for _, rate := range []float64{2e-3, 1e-2, 5e-2} {
				for _, tau := range []float64{5e-3, 20e-3} {
					all = append(all, setting{hidden, rate, tau, 1})
				}
			}
		}
		return all, nil
	}
	b, err := files.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	seen := map[setting]bool{}
	for {
		s := setting{Hidden: 200, Rate: 5e-3, Tau: 10e-3, Seed: 1}
		if err = d.Decode(&s); err == io.EOF {
			return all, nil
		}
		if err == nil {
			err = s.check()
		}
		if err == nil && seen[s] {
			err = errors.New("it is there twice")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: setting %d: %w", path, len(all)+1, err)
		}
		seen[s] = true
		all = append(all, s)
	}
}

// better puts the result with the higher accuracy first, then with the lower loss, and those without any last.
func better(a, b result) int {
	if x, y := a.Failed != "", b.Failed != ""; x != y {
		if x {
			return 1
		}
		return -1
	}
	return cmp.Or(cmp.Compare(b.Accuracy, a.Accuracy), cmp.Compare(a.Loss, b.Loss), cmp.Compare(a.Setting.name(), b.Setting.name()))
}

// one trains with a setting, or returns what it has reached before.
func one(ctx context.Context, s setting, epochs int, out string) (r result, err error) {
	dir := filepath.Join(out, s.name())
	done := filepath.Join(dir, "result.json")
	if b, err := files.ReadFile(done); err == nil && json.Unmarshal(b, &r) == nil && r.Setting == s && r.Epochs == epochs {
		return r, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return r, err
	}
	t, err := s.trainer(epochs, dir)
	if err != nil {
		return r, err
	}
	reached, err := t.Run(ctx)
	r = result{Setting: s, Epochs: epochs}
	switch {
	case errors.Is(err, train.ErrNotFinite): // as it would be again
		r.Failed = err.Error()
	case err != nil:
		return r, err
	default:
		v := reached.History[reached.Best].Validation
		r.Accuracy, r.Loss = v.Accuracy, v.Loss
	}
	return r, files.Replace(done, func(w io.Writer) error { return json.NewEncoder(w).Encode(r) })
}

// trainer returns the training, which goes on from the last checkpoint in dir.
func (s setting) trainer(epochs int, dir string) (*train.Trainer, error) {
	learn, err := data.NewYinYang(2000, 42)
	if err != nil {
		return nil, err
	}
	validation, err := data.NewYinYang(1000, 41)
	if err != nil {
		return nil, err
	}
	lif := neurons.DefaultLIFParams()
	lif.TauMemInv, lif.Spike = graph.Const(1/s.Tau), surrogate.SuperSpike{Alpha: 10}
	m, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: s.Hidden, Init: layers.Scaled{Gain: 4}}, layers.Lift(neurons.LIFStep, lif),
			layers.Linear{Out: 3}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 30, Batch: 50, Seed: s.Seed,
	}.Compile()
	if err != nil {
		return nil, err
	}
	t := &train.Trainer{
		Model: m, Data: learn, Validation: validation, Epochs: epochs, Seed: s.Seed, KeepBest: true, ClipNorm: 1,
		Optimiser: &optim.Adam{LearningRate: s.Rate}, Checkpoints: &train.Checkpoints{Dir: dir, Every: time.Minute},
	}
	if t.Resume, _, err = train.LatestCheckpoint(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return t, nil
}
