package train

import (
	"context"
	"fmt"
	"math"
	"os"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/internal/vitals"
)

// A doctor is what a Trainer with a Doctor has: it diagnoses the model before the
// first batch and after every epoch, and judges the loss. A nil doctor does nothing.
type doctor struct {
	run      *trainRun
	x        *examiner
	findings []diagnose.Finding
	open     map[string]bool // what the last examination found
	memory   *recollection   // nil before the first examination of a training
	before   []*tensor.Dense // the weights before the last batch of an epoch
}

// A recollection is what a doctor remembers from batch to batch. Checkpoints have it,
// so that a training that goes on is judged as if it had run through.
type recollection struct {
	First  *float64    `json:"first,omitempty"` // loss before the first batch; nil where the training began with an optimiser of another
	Size   float64     `json:"size"`            // of the weights in the beginning, as distance measures it
	Step   float64     `json:"step"`            // how far the last batch of an epoch moved them; −1 if that is not known
	Labels map[int]int `json:"labels"`          // how often each was seen in this epoch
}

func newDoctor(r *trainRun) (*doctor, error) {
	if !r.Doctor {
		return nil, nil
	}
	x, err := newExaminer(r.Model, r.Data, r.Encoder, r.Seed)
	if err != nil {
		return nil, fmt.Errorf("train: doctor: %w", err)
	}
	return &doctor{run: r, x: x}, nil
}

// begin examines the model before the first batch.
func (d *doctor) begin(ctx context.Context) error {
	if d == nil {
		return nil
	}
	v, err := d.examine(ctx)
	if err != nil {
		return fmt.Errorf("train: doctor: %w", err)
	}
	if d.memory == nil {
		d.memory = &recollection{Size: distance(d.run.Model.learnt(), nil), Step: -1, Labels: map[int]int{}}
		if d.run.opt.State().Steps == 0 && !math.IsNaN(v.Loss) && !math.IsInf(v.Loss, 0) {
			d.memory.First = &v.Loss
		}
	}
	fs := v.Findings()
	d.tell(d.run.at.epoch, fs)
	if d.run.step() == 0 { // else the observers have heard it
		d.report(0, fs)
	}
	return nil
}

// examine examines the model, and leaves all that has a state where it stood.
func (d *doctor) examine(ctx context.Context) (*vitals.Network, error) {
	back, err := d.run.mark()
	if err != nil {
		return nil, err
	}
	defer back()
	return d.x.examine(ctx)
}

// batch comes before batch b of an epoch.
func (d *doctor) batch(b int) {
	if d != nil && b == d.run.batches-1 {
		d.before = d.run.Model.learnt()
	}
}

// after comes after batch b.
func (d *doctor) after(b int) {
	if d == nil {
		return
	}
	for _, l := range d.run.feed.labels {
		if l >= 0 {
			d.memory.Labels[l]++
		}
	}
	if b == d.run.batches-1 {
		d.memory.Step = distance(d.run.Model.learnt(), d.before)
	}
}

// epoch examines the model after an epoch, and returns what it finds.
func (d *doctor) epoch(ctx context.Context, ep Epoch) ([]diagnose.Finding, error) {
	if d == nil {
		return nil, nil
	}
	v, err := d.examine(ctx)
	if err != nil {
		return nil, fmt.Errorf("doctor: %w", err)
	}
	fs := v.Findings()
	if f, stuck := d.loss(ep); stuck {
		if f.Cure, err = d.rate(ep.LearningRate, &f.Message); err != nil {
			return nil, fmt.Errorf("doctor: %w", err)
		}
		fs = append(fs, f)
	}
	clear(d.memory.Labels)
	d.tell(ep.Epoch+1, fs)
	return fs, nil
}

// report tells the observers what was found after so many epochs.
func (d *doctor) report(epochs int, fs []diagnose.Finding) {
	if d == nil {
		return
	}
	d.run.observe("Diagnosis", func(o Observer) { o.Diagnosis(epochs, fs) })
}

// tell passes on what was not found the last time.
func (d *doctor) tell(epochs int, fs []diagnose.Finding) {
	now := map[string]bool{}
	for i := range fs {
		fs[i].Epoch = epochs
		f := fs[i]
		key := fmt.Sprint(f.Kind, f.Layer)
		if now[key] = true; d.open[key] {
			continue
		}
		d.findings = append(d.findings, f)
		if d.run.OnFinding != nil {
			d.run.keep(d.run.Model.ask("", "OnFinding", nil, func() error { d.run.OnFinding(f); return nil }))
			continue
		}
		fmt.Fprintf(os.Stderr, "train: doctor, after %d epochs: %v\n", epochs, f)
	}
	d.open = now
}

// told returns the findings so far.
func (d *doctor) told() []diagnose.Finding {
	if d == nil {
		return nil
	}
	return d.findings
}

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
	if _, ok := d.run.Model.net.Loss.(CrossEntropy); ok {
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

// distance returns the norm of a − b, or of a if b is nil. Both have the same shapes.
func distance(a, b []*tensor.Dense) float64 {
	s := 0.0
	for i, w := range a {
		x := toFloat64(w)
		var y []float64
		if b != nil {
			y = toFloat64(b[i])
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
