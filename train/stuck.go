package train

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/loss"
)

// loss judges the loss of an epoch: it is stuck if after a hundred batches none was
// lower than guessing gives, or the network before the training; or if it has risen
// beyond that again.
func (d *doctor) loss(ep Epoch) (diagnose.Finding, bool) {
	const (
		patience = 100  // batches
		fallen   = 0.98 // of where it started
	)
	lowest := ep.Train.Loss
	for _, e := range d.run.history {
		lowest = min(lowest, e.Train.Loss)
	}
	start, what := math.Inf(1), "the network had before the training"
	if d.memory.First != nil {
		start = *d.memory.First
	}
	if _, ok := d.run.Model.net.Loss.(loss.CrossEntropy); ok {
		if h := entropy(d.memory.Labels); h > 0 && (h < start || math.IsInf(start, 1)) {
			start, what = h, "guessing by the frequencies of the labels gives"
		}
	}
	f := diagnose.Finding{Kind: diagnose.LossStuck, Value: ep.Train.Loss, Limit: fallen * start}
	switch {
	case d.run.step() < patience || math.IsInf(start, 1):
	case lowest > fallen*start:
		f.Message = fmt.Sprintf("In %d batches the loss has not come below %.4g, where %.4g is what %s.", d.run.step(), lowest, start, what)
		return f, true
	case ep.Train.Loss > max(2*lowest, start):
		f.Message = fmt.Sprintf("The loss has risen from %.4g in an epoch before to %.4g, where %.4g is what %s.", lowest, ep.Train.Loss, start, what)
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

// rate holds the learning rate against the loss: how long the last step was, and
// whether a longer or a shorter one against the gradient would lower the loss. It
// adds what it found to the message and returns a cure.
func (d *doctor) rate(rate float64, message *string) (string, error) {
	const elsewhere = "Look at the other findings, at whether the labels belong to the samples, and at the encoder; try more neurons or time steps."
	size, step, first := distance(d.run.Model.learnt(), nil), d.memory.Step, d.memory.Size
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
	norm := distance(grads, nil)
	if norm == 0 {
		return 1, nil
	}
	if err := m.setMode(nil); err != nil {
		return 0, err
	}
	loss := func(factor float64) (float64, error) {
		for i, p := range m.params {
			along(p.value, start[i], grads[i], -factor*length/norm)
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

// along sets dst to x + by·g.
func along(dst, x, g *tensor.Dense, by float64) {
	switch d := dst.Data().(type) {
	case []float32:
		gs := g.Data().([]float32)
		for i, v := range x.Data().([]float32) {
			d[i] = v + float32(by)*gs[i]
		}
	case []float64:
		gs := g.Data().([]float64)
		for i, v := range x.Data().([]float64) {
			d[i] = v + by*gs[i]
		}
	}
}

// distance returns the norm of a − b, or of a if b is nil. Both have the same shapes.
func distance(a, b []*tensor.Dense) float64 {
	s := 0.0
	for i, w := range a {
		x := flat.Float64s(w)
		var y []float64
		if b != nil {
			y = flat.Float64s(b[i])
		}
		for k, v := range x {
			if y != nil {
				v -= y[k]
			}
			s += v * v
		}
	}
	return math.Sqrt(s)
}
