package train

import (
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/vitals"
	"github.com/spikegrad/spikegrad/loss"
)

// loss judges the loss of an epoch.
func (d *doctor) loss(ep Epoch) (diagnose.Finding, bool) {
	l := vitals.Loss{Before: d.memory.First, Lowest: ep.Train.Loss, Last: ep.Train.Loss, Steps: d.run.step(), Labels: d.memory.Labels}
	for _, e := range d.run.history {
		l.Lowest = min(l.Lowest, e.Train.Loss)
	}
	c, ok := d.run.Model.net.Loss.(loss.CrossEntropy)
	l.Guess = ok && c.ClassWeights == nil && c.Smoothing == 0
	return l.Stuck()
}

// rate holds the learning rate against the loss: it adds what it found to the message and returns
// a cure.
func (d *doctor) rate(rate float64, message *string) (string, error) {
	p := vitals.Pace{Rate: rate, Step: d.memory.Step, Size: vitals.Distance(d.run.Model.learnt(), nil), First: d.memory.Size}
	return p.Judge(message, d.x.search)
}

// search tries steps along the gradient of the first batch of the examination, on
// the twin, and returns by which factor of the given length the loss is lowest.
func (x *examiner) search(length float64) (float64, error) {
	m := x.twin
	start := m.learnt()
	if _, err := m.backpropagate(0); err != nil {
		return 0, err
	}
	grads := make([]*tensor.Dense, len(start))
	for i, p := range m.params {
		grads[i] = p.grad.Clone().(*tensor.Dense)
	}
	norm := vitals.Distance(grads, nil)
	if norm == 0 {
		return 1, nil
	}
	if err := m.setMode(nil); err != nil {
		return 0, err
	}
	loss := func(factor float64) (float64, error) {
		for i, p := range m.params {
			vitals.Along(p.value, start[i], grads[i], -factor*length/norm)
		}
		err := m.test.Run()
		return flat.Number(m.readTest().Terms[0]), err
	}
	return vitals.Search(loss)
}
