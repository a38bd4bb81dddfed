package train

import (
	"fmt"
	"math"

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

// rate holds the learning rate against the loss: how long the last step was, and
// whether a longer or a shorter one against the gradient would lower the loss. It
// adds what it found to the message and returns a cure.
func (d *doctor) rate(rate float64, message *string) (string, error) {
	const elsewhere = "Look at the other findings, at whether the labels belong to the samples, and at the encoder; try more neurons or time steps."
	size, step, first := vitals.Distance(d.run.Model.learnt(), nil), d.memory.Step, d.memory.Size
	if step < 0 || size == 0 {
		return elsewhere, nil
	}
	*message += fmt.Sprintf(" The last step changed the weights by %.1e of their size, at a learning rate of %.3g.", step/size, rate)
	if step == 0 {
		return "The weights do not change at all: look at the learning rate, its schedule, and the gradients. " + elsewhere, nil
	}
	const long, healthy = 0.1, 1e-3 // steps, of the size of the weights
	if step/size > long || size > 10*first {
		if size > 10*first {
			*message += fmt.Sprintf(" They have grown to %.3g times what they were.", size/first)
		}
		return fmt.Sprintf("Lower the learning rate to about %.0e, and begin anew.", rate*healthy*first/step), nil
	}
	factor, err := d.x.search(step)
	switch {
	case err != nil:
		return "", err
	case factor >= 10:
		*message += fmt.Sprintf(" One %g times as long, along the gradient, would lower the loss more.", factor)
		return fmt.Sprintf("Raise the learning rate to about %.0e.", rate*factor), nil
	case factor <= 0.1:
		*message += fmt.Sprintf(" Only one of %g of that, along the gradient, would lower the loss.", factor)
		return fmt.Sprintf("Lower the learning rate to about %.0e.", rate*factor), nil
	}
	return "The learning rate seems right. " + elsewhere, nil
}

// search tries steps along the gradient of the first batch of the examination, on
// the twin, and returns by which factor of the given length the loss is lowest. The
// answer is 1 unless another one lowers the loss by 1 % more.
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
		return flat.Number(m.readTest().terms[0]), err
	}
	best := 1.0
	lowest, err := loss(1)
	if err != nil {
		return 0, err
	}
	for k := -4; k <= 7; k++ {
		factor := math.Pow(10, float64(k))
		l, err := loss(factor)
		if err != nil {
			return 0, err
		}
		if l < 0.99*lowest || math.IsNaN(lowest) {
			best, lowest = factor, l
		}
	}
	return best, nil
}
