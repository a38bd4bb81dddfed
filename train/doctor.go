package train

import (
	"context"
	"fmt"
	"math"
	"os"

	"gorgonia.org/tensor"
)

// A doctor is what a Trainer with a Doctor has: it diagnoses the model before the
// first batch and after every epoch, and judges the loss. A nil doctor does nothing.
type doctor struct {
	run      *trainRun
	x        *examiner
	findings []Finding
	open     map[string]bool // what the last examination found

	batches int
	labels  map[int]int // how often each was seen in this epoch
	first   float64     // loss before the first batch; +∞ where the training goes on from another
	lowest  float64     // loss of an epoch
	size    float64     // of the weights in the beginning, as step measures it
	before  []*tensor.Dense
}

func newDoctor(r *trainRun) (*doctor, error) {
	if !r.Doctor {
		return nil, nil
	}
	x, err := newExaminer(r.Model, r.Data, r.Encoder, r.Seed)
	if err != nil {
		return nil, fmt.Errorf("train: doctor: %w", err)
	}
	d := &doctor{run: r, x: x, labels: map[int]int{}, first: math.Inf(1), lowest: math.Inf(1)}
	d.size, _ = distance(r.Model.Weights(), nil)
	return d, nil
}

// begin examines the model before the first batch.
func (d *doctor) begin(ctx context.Context) error {
	if d == nil {
		return nil
	}
	v, err := d.x.examine(ctx)
	if err != nil {
		return fmt.Errorf("train: doctor: %w", err)
	}
	if d.run.opt.State().Steps == 0 {
		d.first = v.loss
	}
	d.tell(0, v.findings())
	return nil
}

// batch sees batch b, after its step.
func (d *doctor) batch(b int) {
	if d == nil {
		return
	}
	d.batches++
	for _, l := range d.run.feed.labels {
		if l >= 0 {
			d.labels[l]++
		}
	}
	// The step before the last one of an epoch leaves the weights that the last
	// one changes.
	if last := d.run.batches - 1; b == last-1 || last == 0 {
		d.before = d.run.Model.Weights()
	}
}

// epoch examines the model after an epoch.
func (d *doctor) epoch(ctx context.Context, ep Epoch) error {
	if d == nil {
		return nil
	}
	v, err := d.x.examine(ctx)
	if err != nil {
		return fmt.Errorf("train: doctor: epoch %d: %w", ep.Epoch, err)
	}
	fs := v.findings()
	if f, stuck := d.loss(ep); stuck {
		if f.Cure, err = d.rate(ep.LearningRate, &f.Message); err != nil {
			return fmt.Errorf("train: doctor: epoch %d: %w", ep.Epoch, err)
		}
		fs = append(fs, f)
	}
	d.tell(ep.Epoch+1, fs)
	clear(d.labels)
	return nil
}

// tell passes on what was not found the last time.
func (d *doctor) tell(epochs int, fs []Finding) {
	now := map[string]bool{}
	for _, f := range fs {
		f.Epoch = epochs
		key := fmt.Sprint(f.Kind, f.Layer)
		if now[key] = true; d.open[key] {
			continue
		}
		d.findings = append(d.findings, f)
		if d.run.OnFinding != nil {
			d.run.OnFinding(f)
			continue
		}
		fmt.Fprintf(os.Stderr, "train: doctor, after %d epochs: %v\n", epochs, f)
	}
	d.open = now
}

// told returns the findings so far.
func (d *doctor) told() []Finding {
	if d == nil {
		return nil
	}
	return d.findings
}

// loss judges the loss of an epoch: it is stuck if after a hundred batches none was
// lower than guessing gives, or the network before the training; or if it has risen
// beyond that again.
func (d *doctor) loss(ep Epoch) (Finding, bool) {
	const (
		patience = 100  // batches
		fallen   = 0.98 // of where it started
	)
	d.lowest = min(d.lowest, ep.Train.Loss)
	start, what := d.first, "the network had before the training"
	if _, ok := d.run.Model.Loss.(CrossEntropy); ok {
		if h := entropy(d.labels); h > 0 && (h < start || math.IsInf(start, 1)) {
			start, what = h, "guessing by the frequencies of the labels gives"
		}
	}
	f := Finding{Kind: LossStuck, Value: ep.Train.Loss, Limit: fallen * start}
	switch {
	case d.batches < patience || math.IsInf(start, 1):
	case d.lowest > fallen*start:
		f.Message = fmt.Sprintf("In %d batches the loss has not come below %.4g, where %.4g is what %s.", d.batches, d.lowest, start, what)
		return f, true
	case ep.Train.Loss > max(2*d.lowest, start):
		f.Message = fmt.Sprintf("The loss has risen from %.4g in an epoch before to %.4g, where %.4g is what %s.", d.lowest, ep.Train.Loss, start, what)
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
	now := d.run.Model.Weights()
	size, _ := distance(now, nil)
	step, err := distance(now, d.before)
	if d.before == nil || err != nil || size == 0 {
		return elsewhere, err
	}
	*message += fmt.Sprintf(" The last step changed the weights by %.1e of their size, at a learning rate of %.3g.", step/size, rate)
	if step == 0 {
		return "The weights do not change at all: look at the learning rate, its schedule, and the gradients. " + elsewhere, nil
	}
	const long, healthy = 0.1, 1e-3 // steps, of the size of the weights
	if step/size > long || size > 10*d.size {
		if size > 10*d.size {
			*message += fmt.Sprintf(" They have grown to %.3g times what they were.", size/d.size)
		}
		return fmt.Sprintf("Lower the learning rate to about %.0e, and begin anew.", rate*healthy*d.size/step), nil
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
	start := m.Weights()
	if _, err := m.backpropagate(0); err != nil {
		return 0, err
	}
	grads := make([]*tensor.Dense, len(start))
	for i, p := range m.params {
		grads[i] = p.grad.Clone().(*tensor.Dense)
	}
	norm, err := distance(grads, nil)
	if err != nil || norm == 0 {
		return 1, err
	}
	if err := m.setMode(nil); err != nil {
		return 0, err
	}
	loss := func(factor float64) (float64, error) {
		for i, p := range m.params {
			along(p.value, start[i], grads[i], -factor*length/norm)
		}
		err := m.test.Run()
		return number(m.readTest().terms[0]), err
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

// distance returns the norm of a − b, or of a if b is nil.
func distance(a, b []*tensor.Dense) (float64, error) {
	s := 0.0
	for i, w := range a {
		x := toFloat64(w)
		var y []float64
		if b != nil {
			y = toFloat64(b[i])
			if len(y) != len(x) {
				return 0, fmt.Errorf("weight %d had %d elements, has %d", i, len(y), len(x))
			}
		}
		for k, v := range x {
			if y != nil {
				v -= y[k]
			}
			s += v * v
		}
	}
	return math.Sqrt(s), nil
}
