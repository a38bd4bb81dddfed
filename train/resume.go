package train

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spikegrad/spikegrad/internal/describe"
)

// resume goes to where c was written. After an error nothing has changed.
func (r *trainRun) resume(c *Checkpoint) error {
	err := c.check()
	if err == nil {
		err = r.fits(c)
	}
	if err == nil {
		err = r.restore(c)
	}
	if err != nil {
		return fmt.Errorf("train: resume from %s: %w", c.Path, err)
	}
	now := r.settings()
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if was := c.Settings[name]; was != now[name] {
			r.warn(fmt.Errorf("train: resume from %s: %s was %s, is %s", c.Path, name, describe.Text(was), now[name]))
		}
	}
	return nil
}

// fits returns an error unless c is of the training that r is.
func (r *trainRun) fits(c *Checkpoint) error {
	m := r.Model
	switch x, y := describe.Differ(c.Layers, r.layers); {
	case x != y:
		return fmt.Errorf("it belongs to another network: %s there is %s here; Model.LoadPartial loads the weights that fit", describe.Quote(x), describe.Quote(y))
	case c.ModelSeed != m.net.Seed:
		return fmt.Errorf("the seed of the model was %d, is %d: set Network.Seed to go on", c.ModelSeed, m.net.Seed)
	case c.Seed != r.Seed:
		return fmt.Errorf("the seed was %d, is %d: set Trainer.Seed to go on", c.Seed, r.Seed)
	case c.Samples != r.feed.N:
		return fmt.Errorf("the data set had %d samples, has %d: their order would be another", c.Samples, r.feed.N)
	}
	return nil
}

// settings returns what a training may be resumed with otherwise than it began,
// and a person wants to hear of.
func (r *trainRun) settings() map[string]string {
	s := map[string]string{
		"batch size": strconv.Itoa(r.Model.net.Batch),
		"epochs":     strconv.Itoa(r.Epochs),
		"ClipNorm":   fmt.Sprint(r.ClipNorm),
		"optimiser":  describe.Value(r.opt),
		"schedule":   describe.Value(r.schedule),
		"Patience":   strconv.Itoa(r.Patience),
		"KeepBest":   strconv.FormatBool(r.KeepBest),
		"Segment":    strconv.Itoa(r.Model.net.Segment),
		"Window":     strconv.Itoa(r.Model.net.Window),
		"Stride":     strconv.Itoa(r.Model.net.Stride),
		"learning":   describe.Value(r.Learning),
		"Accumulate": strconv.Itoa(max(r.Accumulate, 1)),
		"validation": "none",
	}
	var metrics []string
	for _, h := range r.Model.heads {
		metrics = append(metrics, h.metrics.Names()...)
	}
	if r.Synchronised {
		s["Accumulate"] += " synchronised"
	}
	s["metrics"] = strings.Join(metrics, ", ")
	if r.Validation != nil {
		s["validation"] = fmt.Sprintf("%d samples", r.validation)
	}
	return s
}
