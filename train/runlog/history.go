package runlog

import "slices"

// history is what a report shows of the log, in memory that does not grow with
// the training.
type history struct {
	batches, epochs tracks
	steps           int // batches so far
	last            *Epoch
	best            *Epoch // with the highest validation accuracy, of equals with the lowest loss

	examined int       // epochs before the last examination by the Doctor
	exams    int       // how many there were
	ailments []ailment // one for each kind and layer, in the order in which they were found
}

// The names of curves.
const (
	loss     = "loss"
	accuracy = "accuracy"
	rate     = "learning rate"
	gradNorm = "gradient norm"
	penalty  = "penalty " // and its name
	measured = "metric "  // and its name
	firing   = "firing "  // and the layer
	training = "training "
	validity = "validation "
)

func (h *history) batch(b Batch) {
	h.steps = b.Step + 1
	m := map[string]float64{loss: b.Loss, accuracy: orNaN(b.Accuracy), rate: b.LearningRate, gradNorm: b.GradNorm}
	for name, x := range b.Penalties {
		m[penalty+name] = x
	}
	for name, x := range b.Metrics {
		m[measured+name] = x
	}
	for name, x := range b.Rates {
		m[firing+name] = x
	}
	h.batches.add(b.Step+1, m)
	if b.Validation != nil {
		v := map[string]float64{}
		h.validation(v, *b.Validation)
		h.epochs.add(b.Step+1, v)
	}
}

// validation enters the curves of a look at the validation set.
func (h *history) validation(m map[string]float64, v Metrics) {
	for name, x := range v.Metrics {
		m[validity+measured+name] = x
	}
	m[validity+loss], m[validity+accuracy] = v.Loss, orNaN(v.Accuracy)
}

func (h *history) epoch(e Epoch) {
	h.steps, h.last = e.Steps, &e
	m := map[string]float64{training + loss: e.Train.Loss, training + accuracy: orNaN(e.Train.Accuracy)}
	for name, x := range e.Train.Metrics {
		m[training+measured+name] = x
	}
	if v := e.Validation; v != nil {
		h.validation(m, *v)
		for name, x := range v.Rates {
			m[firing+name] = x
		}
		if h.best == nil || better(*v, *h.best.Validation) {
			h.best = &e
		}
	}
	h.epochs.add(e.Steps, m)
}

// better is the order by which a Trainer chooses its best epoch.
func better(a, b Metrics) bool {
	if x, y := orNaN(a.Accuracy), orNaN(b.Accuracy); x > y || x < y {
		return x > y
	}
	return a.Loss < b.Loss
}

// An ailment is what the Doctor found once or more often.
type ailment struct {
	Finding         // as it was found last
	first, last int // epochs before
}

func (h *history) diagnosis(d Diagnosis) {
	h.examined = d.Epochs
	h.exams++
	for _, f := range d.Findings {
		i := slices.IndexFunc(h.ailments, func(a ailment) bool { return a.Kind == f.Kind && a.Layer == f.Layer })
		if i < 0 {
			i = len(h.ailments)
			h.ailments = append(h.ailments, ailment{first: d.Epochs})
		}
		h.ailments[i].Finding, h.ailments[i].last = f, d.Epochs
	}
}
