package vitals

import (
	"fmt"
	"math"

	"github.com/spikegrad/spikegrad/diagnose"
)

// A Loss is how the loss of a training went.
type Loss struct {
	Before *float64    // the training; nil if that is not known
	Lowest float64     // of an epoch
	Last   float64     // of the last one
	Steps  int         // batches so far
	Guess  bool        // it is the cross-entropy against labels, that of the last epoch
	Labels map[int]int // which came so often
}

// Stuck reports whether the loss is stuck: after a hundred batches none was lower than guessing
// gives, or the network before the training; or it has risen beyond that again.
func (l Loss) Stuck() (diagnose.Finding, bool) {
	const (
		patience = 100  // batches
		fallen   = 0.98 // of where it started
	)
	start, what := math.Inf(1), "the network had before the training"
	if l.Before != nil {
		start = *l.Before
	}
	if l.Guess {
		if h := entropy(l.Labels); h > 0 && (h < start || math.IsInf(start, 1)) {
			start, what = h, "guessing by the frequencies of the labels gives"
		}
	}
	f := diagnose.Finding{Kind: diagnose.LossStuck, Value: l.Last, Limit: fallen * start}
	switch {
	case l.Steps < patience || math.IsInf(start, 1):
	case l.Lowest > fallen*start:
		f.Message = fmt.Sprintf("In %d batches the loss has not come below %.4g, where %.4g is what %s.", l.Steps, l.Lowest, start, what)
		return f, true
	case l.Last > max(2*l.Lowest, start):
		f.Message = fmt.Sprintf("The loss has risen from %.4g in an epoch before to %.4g, where %.4g is what %s.", l.Lowest, l.Last, start, what)
		return f, true
	}
	return f, false
}

// entropy returns that of the labels, in nats.
func entropy(counts map[int]int) float64 {
	n, most := 0, 0
	for label, k := range counts {
		n += k
		most = max(most, label)
	}
	h := 0.0
	for label := range most + 1 { // in order, so that the sum has the same bits
		if p := float64(counts[label]) / float64(n); p > 0 {
			h -= p * math.Log(p)
		}
	}
	return h
}
