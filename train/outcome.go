package train

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
)

// An outcome is what a run on a batch gave.
type outcome struct {
	terms, rates []G.Value
	out          G.Value
}

// readFit returns what the machine for training gave.
func (m *Model) readFit() outcome {
	r := outcome{terms: m.fitAt.terms.in(m.fit), out: m.fit.Value(m.fitAt.out.from)}
	if m.watched {
		r.rates = m.fitAt.rates.in(m.fit)
	}
	return r
}

// readTest returns what the machine for evaluation gave.
func (m *Model) readTest() outcome {
	return outcome{terms: m.testAt.terms.in(m.test), out: m.test.Value(m.testAt.out.from), rates: m.testAt.rates.in(m.test)}
}

// clear makes r the outcome of a sample of which no segment was run.
func (r *outcome) clear(m *Model) {
	r.terms, r.rates = make([]G.Value, len(m.termNames)), nil
	for i := range r.terms {
		r.terms[i] = G.NewF64(0)
	}
}

// add takes over what segment k gave: its share of what is summed over time, if it
// counts, and its outputs where they are sequences; the readouts and penalties so far, if it
// is the last until now.
func (r *outcome) add(m *Model, s outcome, k int, last, counts bool) error {
	for i, v := range s.terms {
		switch overTime := i < m.lossTerms && m.sequences(); {
		case overTime && counts:
			r.terms[i] = G.NewF64(flat.Number(r.terms[i]) + flat.Number(v))
		case !overTime && last:
			r.terms[i] = G.NewF64(flat.Number(v))
		}
	}
	if counts {
		if r.rates == nil && len(s.rates) > 0 {
			r.rates = make([]G.Value, len(s.rates))
			for i := range r.rates {
				r.rates[i] = G.NewF64(0)
			}
		}
		for i, v := range s.rates {
			r.rates[i] = G.NewF64(flat.Number(r.rates[i]) + flat.Number(v))
		}
	}
	if m.sequences() {
		if !counts {
			return nil
		}
		return r.place(m, s.out, k)
	}
	if !last {
		return nil
	}
	if r.out == nil {
		r.out = tensor.New(tensor.Of(m.net.Dtype), tensor.WithShape(m.out.Shape()...))
	}
	return flat.Copy(r.out.(*tensor.Dense), s.out)
}

// place puts the outputs of segment k into those of the whole sequence.
func (r *outcome) place(m *Model, out G.Value, k int) error {
	if r.out == nil {
		shape := m.out.Shape().Clone()
		shape[0] = m.net.Steps
		r.out = tensor.New(tensor.Of(m.net.Dtype), tensor.WithShape(shape...))
	}
	from, err := flat.Of(out)
	if err != nil {
		return err
	}
	to, err := flat.Of(r.out)
	if err != nil {
		return err
	}
	at := k * from.Len()
	if to.F32 != nil {
		copy(to.F32[at:], from.F32)
	} else {
		copy(to.F64[at:], from.F64)
	}
	return nil
}
