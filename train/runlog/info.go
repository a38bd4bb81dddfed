package runlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/host"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/train"
)

// runInfo is what run.json holds.
type runInfo struct {
	Title    string         `json:"title"`
	Network  []layerInfo    `json:"network"`
	Settings []setting      `json:"settings"`
	Config   map[string]any `json:"config,omitempty"`
	Warnings []string       `json:"warnings,omitempty"` // of the model
	Sessions []session      `json:"sessions"`
}

// A layerInfo is a layer of the network and its settings.
type layerInfo struct {
	Name     string `json:"name"`
	Settings string `json:"settings"`
}

// A setting is one of the trainer or of the model.
type setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A session is a stretch of the training that ran without interruption.
type session struct {
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended,omitzero"` // zero while it runs, or if it was killed
	Step    int       `json:"step"`           // batches before it
	Outcome string    `json:"outcome"`
	Command []string  `json:"command"`
	Machine host.Host `json:"machine"`
}

// openInfo writes run.json for the session that begins.
func (f *Folder) openInfo() error {
	var earlier runInfo
	if !f.anew() {
		b, err := files.ReadFile(f.path(infoFile))
		if err == nil {
			err = json.Unmarshal(b, &earlier)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			f.warn(fmt.Errorf("%s: what it says of earlier sessions is lost: %w", infoFile, describe.Short(err)))
			earlier = runInfo{}
		}
	}
	for i := range earlier.Sessions {
		if s := &earlier.Sessions[i]; s.Ended.IsZero() {
			s.Outcome = "interrupted"
		}
	}
	t := f.s.Trainer
	f.info = runInfo{
		Title: f.title(), Network: network(t.Model.Network().Net), Settings: settings(t), Config: f.Config, Warnings: t.Model.Warnings(),
		Sessions: append(earlier.Sessions, session{
			Began: time.Now().UTC(), Step: f.s.Step, Outcome: "running", Command: command(), Machine: host.This(),
		}),
	}
	return f.replace(infoFile, f.info.write)
}

func (i runInfo) write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	return e.Encode(i)
}

func (f *Folder) writeInfo() {
	if err := f.replace(infoFile, f.info.write); err != nil {
		f.warn(err)
	}
}

func (f *Folder) replace(name string, write func(io.Writer) error) error {
	if err := files.Replace(f.path(name), write); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// end notes how the present session ended.
func (i *runInfo) end(outcome string) {
	if n := len(i.Sessions); n > 0 {
		i.Sessions[n-1].Ended, i.Sessions[n-1].Outcome = time.Now().UTC(), outcome
	}
}

// outcome says how a training ended.
func outcome(r train.Result, err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "stopped"
	case errors.Is(err, context.DeadlineExceeded):
		return "out of time"
	case err != nil:
		return "failed: " + err.Error()
	case r.Stopped:
		return "out of patience"
	}
	return "finished"
}

// command returns the arguments of the program, without the folder that go run
// put it into.
func command() []string {
	args := slices.Clone(os.Args)
	if len(args) > 0 {
		args[0] = args[0][strings.LastIndexAny(args[0], `/\`)+1:]
	}
	return args
}

func network(l layers.Layer) []layerInfo {
	var out []layerInfo
	for _, d := range layers.Describe(l) {
		out = append(out, layerInfo{d.Name, d.Settings})
	}
	return out
}

// settings lists those of a trainer and its model that are set.
func settings(t *train.Trainer) []setting {
	m := t.Model.Network()
	out := []setting{
		{"Sample", fmt.Sprintf("%v × %d time steps", m.Shape, m.Steps)},
		{"Samples", count(t.Data.Len())},
	}
	if t.Validation != nil {
		out = append(out, setting{"Validation samples", count(t.Validation.Len())})
	}
	add := func(name string, v any) {
		if r := reflect.ValueOf(v); r.IsValid() && !r.IsZero() {
			out = append(out, setting{name, describe.Value(v)})
		}
	}
	add("Epochs", t.Epochs)
	add("Batch", m.Batch)
	add("Spike input", m.SpikeInput)
	add("Segment", m.Segment)
	add("Window", m.Window)
	add("Stride", m.Stride)
	add("Loss", m.Loss)
	add("Optimiser", t.Optimiser)
	add("Schedule", t.Schedule)
	add("Encoder", t.Encoder)
	add("Clip norm", t.ClipNorm)
	add("Patience", t.Patience)
	add("Keep best", t.KeepBest)
	add("Checkpoints", t.Checkpoints)
	add("Element type", m.Dtype.String())
	out = append(out, setting{"Seeds", fmt.Sprintf("model %d, trainer %d", m.Seed, t.Seed)})
	return out
}

func (f *Folder) title() string {
	if f.Title != "" {
		return f.Title
	}
	dir, err := filepath.Abs(f.Dir)
	if err != nil {
		dir = f.Dir
	}
	return filepath.Base(dir)
}

// count writes a number with its thousands apart.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
