// Package show is what the examples share: the progress line of a training, its
// end by Ctrl-C, and pictures of what a network does.
package show

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

// Context returns a context that Ctrl-C and SIGTERM cancel; a second one ends
// the program at once.
func Context() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // from now on the signals act as they do without us
	}()
	return ctx, stop
}

// Watch shows the progress of a training on standard error, and says that it ends
// when the context of the program is cancelled.
func Watch(ctx context.Context, t *train.Trainer, title string) (done func()) {
	batches := (t.Data.Len() + t.Model.Network().Batch - 1) / t.Model.Network().Batch
	p := plot.NewProgress(os.Stderr, title, t.Epochs*batches)
	p.Samples = t.Model.Network().Batch
	if t.Resume != nil {
		p.Begin(t.Resume.Steps())
	}
	for _, w := range t.Model.Warnings() {
		p.Say(title + ": warning: " + w)
	}
	t.OnWarning = func(err error) { p.Say(title + ": warning: " + err.Error()) }
	t.OnFinding = func(f diagnose.Finding) { p.Say(fmt.Sprintf("%s: doctor: after %d epochs: %v", title, f.Epoch, f)) }
	batch, validation := "", ""
	held := 0 // the last batch of an epoch, until its validation is known
	step := func(n int) { p.Step(n, batch+validation) }
	t.OnBatch = func(b train.Batch) {
		accuracy := ""
		if !math.IsNaN(b.Accuracy) {
			accuracy = fmt.Sprintf(", accuracy %.1f %%", 100*b.Accuracy)
		}
		batch = fmt.Sprintf("loss %.3f%s, epoch %d", b.Loss, accuracy, b.Epoch+1)
		if b.Batch == b.Batches-1 {
			held = 1
			return
		}
		step(1)
	}
	t.OnEpoch = func(e train.Epoch) error {
		if v := e.Validation; v != nil {
			validation = fmt.Sprintf(", validation %s, rates %s", score(*v), Rates(v.Rates))
		}
		step(held)
		held = 0
		return nil
	}
	quiet := context.AfterFunc(ctx, func() {
		p.Say(title + ": ending after this batch; again, and it ends at once")
	})
	return func() {
		quiet()
		if held > 0 {
			step(held) // ended before its validation
		}
		p.Done()
	}
}

// score returns the accuracy as text, or the loss where samples have no labels.
func score(s metric.Summary) string {
	if math.IsNaN(s.Accuracy) {
		return fmt.Sprintf("loss %.3f", s.Loss)
	}
	return fmt.Sprintf("%.2f %%", 100*s.Accuracy)
}

// Rates returns firing rates as text, in per cent of the time steps.
func Rates(rs []metric.Rate) string {
	var s []string
	for _, r := range rs {
		s = append(s, fmt.Sprintf("%.1f %%", 100*r.Value))
	}
	return strings.Join(s, ", ")
}

// Curves draws the learning curves of a training, those of the accuracy where
// samples have labels.
func Curves(title string, history []train.Epoch) (plot.Figure, error) {
	h := plot.History{Title: title}
	for _, e := range history {
		h.TrainLoss = append(h.TrainLoss, e.Train.Loss)
		labelled := !math.IsNaN(e.Train.Accuracy)
		if labelled {
			h.TrainAcc = append(h.TrainAcc, e.Train.Accuracy)
		}
		if e.Validation != nil {
			h.ValidLoss = append(h.ValidLoss, e.Validation.Loss)
		}
		if e.Validation != nil && labelled {
			h.ValidAcc = append(h.ValidAcc, e.Validation.Accuracy)
		}
	}
	return plot.Curves(h)
}

// Raster draws the spikes of the k-th sample of recordings: of those that are of
// spikes, and of as many neurons as there are.
func Raster(title string, dt float64, rs []layers.Recording, k int) (plot.Figure, error) {
	var panels []plot.Layer[float64]
	for _, r := range rs {
		if r.Spiking {
			panels = append(panels, plot.Layer[float64]{Name: r.Layer, N: r.N(), Spikes: r.Sample(k)})
		}
	}
	return plot.Raster(title, dt, panels...)
}

// Names returns a name for each of some neurons.
func Names(kind string, some []int) []string {
	var names []string
	for _, i := range some {
		names = append(names, fmt.Sprintf("%s %d", kind, i))
	}
	return names
}

// Save writes a picture to a folder, unless err says that there is none.
func Save(dir, name string, fig plot.Figure, err error) error {
	if err != nil {
		return err
	}
	return plot.Save(dir, name, fig)
}
