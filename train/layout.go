package train

import (
	"github.com/spikegrad/spikegrad/internal/score"
	"github.com/spikegrad/spikegrad/internal/segments"
	"github.com/spikegrad/spikegrad/machine"
)

// A layout says which of the values of a machine are what.
type layout struct {
	terms  segments.Span // the loss, and each penalty
	out    segments.Span // the outputs
	grads  segments.Span // by the parameters
	lambda segments.Span // by the states that enter a segment
	states segments.Span // that leave it
	exam   segments.Span // what an exam asks for
	next   segments.Span // what the batch makes of the buffers
	rates  segments.Span // of the layers that spike; in training the last, which the machine has where they are watched
}

// runFit runs the machine for training; where nothing follows, one that leaves no states.
func (m *Model) runFit(follows bool) (err error) {
	if m.ran = m.fit; !follows {
		if m.end == nil {
			if m.end, err = m.carry.Ending(m.fitNodes, m.fitAt.states); err != nil {
				return err
			}
		}
		m.ran = m.end
	}
	return m.ran.Run()
}

// readFit returns what the last run for training gave.
func (m *Model) readFit() score.Outcome {
	r := score.Outcome{Terms: m.fitAt.terms.In(m.ran), Out: m.ran.Value(m.fitAt.out.From)}
	if m.watched {
		r.Rates = m.fitAt.rates.In(m.ran)
	}
	return r
}

// readTest returns what the machine for evaluation gave.
func (m *Model) readTest() score.Outcome {
	return score.Outcome{Terms: m.testAt.terms.In(m.test), Out: m.test.Value(m.testAt.out.From), Rates: m.testAt.rates.In(m.test)}
}

// addTo adds what segment k gave, s, to the outcome of a batch.
func (m *Model) addTo(r *score.Outcome, s score.Outcome, k int, last, counts bool) error {
	steps := 0
	if m.sequences() {
		steps = m.net.Steps
	}
	return r.Add(s, m.lossTerms, steps, k, last, counts)
}

// watch says whether firing rates are to be computed in training. They change no
// bit of anything else.
func (m *Model) watch(rates bool) (err error) {
	if rates == m.watched {
		return nil
	}
	if m.fitNodes = m.fitNodes[:m.fitAt.rates.From]; rates {
		m.fitNodes = append(m.fitNodes, m.rates...)
	}
	if m.fit, err = machine.New(m.fitNodes...); err == nil {
		m.watched, m.end = rates, nil
	}
	return err
}
