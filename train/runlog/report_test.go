package runlog_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/train"
	"github.com/spikegrad/spikegrad/train/runlog"
)

func read(t testing.TB, dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(b)
}

// A training that is interrupted anywhere and goes on from its last checkpoint
// has the log of one that ran through, and its report the same curves.
func TestResumeFromCheckpoints(t *testing.T) {
	whole := t.TempDir()
	_, err := trainer(t, 4, &runlog.Folder{Dir: whole}).Run(background)
	require.NoError(t, err)
	want, events := lines(t, whole), steps(t, whole)
	for _, every := range []int{2, 7} {
		dir := t.TempDir()
		sessions := 0
		for done := false; !done; sessions++ {
			require.Less(t, sessions, 30)
			tr := trainer(t, 4, &runlog.Folder{Dir: dir})
			tr.Checkpoints = &train.Checkpoints{Dir: dir, EverySteps: every}
			if sessions > 0 {
				tr.Resume, _, err = train.LatestCheckpoint(dir)
				require.NoError(t, err)
			}
			ctx, cancel := context.WithCancel(background)
			left := 4 + sessions%2
			tr.OnBatch = func(train.Batch) {
				if left--; left == 0 {
					cancel()
				}
			}
			_, err = tr.Run(ctx)
			cancel()
			if done = err == nil; done {
				break
			}
			require.ErrorIs(t, err, context.Canceled)
			// As after a kill: the checkpoint of the cancelled end is lost, and the log goes on behind the one before.
			if found, _ := filepath.Glob(filepath.Join(dir, "step-*")); len(found) > 1 && every < 3 {
				require.NoError(t, os.Remove(found[len(found)-1]))
			}
		}
		require.Greater(t, sessions, 3)
		require.Equal(t, want, lines(t, dir))
		require.Equal(t, events, steps(t, dir))
		report := read(t, dir, "report.html")
		require.Equal(t, sessions, strings.Count(report, "<td>stopped</td>"))
		require.Equal(t, 1, strings.Count(report, "<td>finished</td>"))
	}
}

// targets is a data set whose samples are to be followed over time.
type targets struct{ *data.Memory }

func (d targets) Target(i int, y []float32) error {
	for t := range y {
		y[t] = float32(t%5) / 5
	}
	return nil
}

// Where there are no labels there is no accuracy and no confusion, and where
// nothing spikes no raster.
func TestReportWithoutLabels(t *testing.T) {
	m, err := train.Network{
		Net:   layers.Sequential{layers.Linear{Out: 1}, layers.Named("readout", layers.Lift(neurons.LIStep, neurons.DefaultLIParams()))},
		Shape: []int{4}, Steps: 10, Batch: 8, Loss: loss.MeanSquared{Sequence: true},
	}.Compile()
	require.NoError(t, err)
	dir := t.TempDir()
	tr := train.Trainer{
		Model: m, Data: targets{yinyang(t, 300, 1)}, Epochs: 2,
		Observers: []train.Observer{&runlog.Folder{Dir: dir}},
		OnWarning: func(err error) { t.Error(err) },
	}
	_, err = tr.Run(background)
	require.NoError(t, err)
	report := read(t, dir, "report.html")
	for _, absent := range []string{"ccuracy", "Confusion", "Spikes for sample", "Not shown", "Firing rates"} {
		require.NotContains(t, report, absent)
	}
	for _, want := range []string{"Training loss", "0.linear.w", "Synaptic operations"} {
		require.Contains(t, report, want)
	}
	require.NotContains(t, read(t, dir, "log.jsonl"), "accuracy")
}

// Parameters are shown as the values that the network has, with their constraint.
func TestReportOfConstrained(t *testing.T) {
	dir := t.TempDir()
	tr := trainer(t, 1, &runlog.Folder{Dir: dir})
	net := layers.Sequential{
		layers.Linear{Out: 3, Init: layers.Scaled{Gain: 4}},
		layers.Named("hidden", layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(), layers.LearnEach("TauMemInv"), layers.Constrain(graph.Exp, "TauMemInv"))),
		layers.MaxOverTime,
	}
	var err error
	tr.Model, err = train.Network{Net: net, Shape: []int{4}, Steps: 20, Batch: 20, Seed: 1}.Compile()
	require.NoError(t, err)
	_, err = tr.Run(background)
	require.NoError(t, err)
	report := read(t, dir, "report.html")
	require.Contains(t, report, ">hidden.TauMemInv (within exp)<")
	require.Contains(t, report, "TauMemInv learnt for each neuron within exp")
	events := readEvents(t, dir)
	h, ok := events[len(events)-1].histos["weights/hidden.TauMemInv (within exp)"]
	require.True(t, ok)
	require.InDelta(t, 100, h.min, 10) // of 1/τ, not of its logarithm
	require.InDelta(t, 100, h.max, 10)
	require.NotEqual(t, h.min, h.max)
}

// Learnt delays are shown as such.
func TestReportOfDelays(t *testing.T) {
	dir := t.TempDir()
	tr := trainer(t, 1, &runlog.Folder{Dir: dir})
	net := layers.Sequential{layers.DelayedLinear{Out: 3, Delay: layers.Delay{Max: 5, Over: 4}}, layers.MaxOverTime}
	var err error
	tr.Model, err = train.Network{Net: net, Shape: []int{4}, Steps: 20, Batch: 20, Seed: 1}.Compile()
	require.NoError(t, err)
	_, err = tr.Run(background)
	require.NoError(t, err)
	report := read(t, dir, "report.html")
	require.Equal(t, 1, strings.Count(report, ">Delay (time steps)<"))
	require.Contains(t, report, ">0.delay.at<")
}

// A training that ends in its first epoch has a report, too.
func TestReportOfLittle(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(background)
	tr := trainer(t, 3, &runlog.Folder{Dir: dir})
	tr.OnBatch = func(b train.Batch) {
		if b.Batch == 1 {
			cancel()
		}
	}
	_, err := tr.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	report := read(t, dir, "report.html")
	require.Contains(t, report, "0 of 3")
	require.Contains(t, report, ">stopped<")
	require.NotContains(t, report, "Not drawn")

	// And one that does not begin.
	tr = trainer(t, 0, &runlog.Folder{Dir: dir})
	_, err = tr.Run(background)
	require.NoError(t, err)
	require.Contains(t, read(t, dir, "report.html"), "0 of 0")
}

// A training with more classes than can be shown lists what is confused.
func TestReportOfManyClasses(t *testing.T) {
	x, labels := make([]float32, 40*4), make([]int, 40)
	for i := range labels {
		labels[i], x[4*i] = i, float32(i)/40
	}
	d, err := data.New([]int{4}, x, labels)
	require.NoError(t, err)
	m, err := train.Network{
		Net:   layers.Sequential{layers.Linear{Out: 40}, layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()), layers.SpikeCount},
		Shape: []int{4}, Steps: 5, Batch: 8,
	}.Compile()
	require.NoError(t, err)
	dir := t.TempDir()
	_, err = (&train.Trainer{Model: m, Data: d, Epochs: 1, Observers: []train.Observer{&runlog.Folder{Dir: dir}}}).Run(background)
	require.NoError(t, err)
	report := read(t, dir, "report.html")
	require.NotContains(t, report, `<table class="confusion">`)
	require.Contains(t, report, "taken for <b>0</b>")
}

// A disk that refuses the report does not end the training: here, its name is
// that of a folder.
func TestReportCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	f := &runlog.Folder{Dir: dir}
	tr := trainer(t, 1, f)
	var warnings []string
	tr.OnWarning = func(err error) { warnings = append(warnings, err.Error()) }
	tr.OnBatch = func(train.Batch) { require.NoError(t, os.MkdirAll(filepath.Join(dir, "report.html"), 0o777)) }
	_, err := tr.Run(background)
	require.NoError(t, err)
	require.Len(t, warnings, 1) // of two attempts
	require.Contains(t, warnings[0], "runlog: report.html: rename ")
}

// A counter is an encoder that remembers how often it was called.
type counter struct{ calls byte }

func (c *counter) Encode(dst, x []float32, steps int, _ *rand.Rand) error {
	c.calls++
	for i := range dst {
		dst[i] = x[i%len(x)] * float32(c.calls%5)
	}
	return nil
}
func (c *counter) MarshalBinary() ([]byte, error) { return []byte{c.calls}, nil }
func (c *counter) UnmarshalBinary(b []byte) error { c.calls = b[0]; return nil }

// To look at the network for a report changes no bit of the training, even where
// the encoder has a state.
func TestReportChangesNothing(t *testing.T) {
	run := func(observers ...train.Observer) ([]float32, byte) {
		c := &counter{}
		tr := trainer(t, 2, observers...)
		tr.Encoder = c
		_, err := tr.Run(background)
		require.NoError(t, err)
		return tr.Model.Params()[0].Value().Data().([]float32), c.calls
	}
	want, calls := run()
	got, more := run(&runlog.Folder{Dir: t.TempDir()})
	require.Equal(t, want, got)
	require.Equal(t, calls, more)
}
