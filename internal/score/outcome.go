package score

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
)

// An Outcome is what a run on a batch gave.
type Outcome struct {
	Terms, Rates []G.Value // the loss, and each penalty; firing rates
	Out          G.Value
}

// Begin returns the outcome of a batch of which no segment was run, with so many terms.
func Begin(terms int) Outcome {
	r := Outcome{Terms: make([]G.Value, terms)}
	for i := range r.Terms {
		r.Terms[i] = G.NewF64(0)
	}
	return r
}

// Check returns an error that wraps wrong unless the terms, which have these names, are finite. It
// says where that comes from if it is in the outputs: no loss is finite of infinite times.
func (r Outcome) Check(names []string, wrong error) error {
	for i, v := range r.Terms {
		x := flat.Number(v)
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			continue
		}
		err := fmt.Errorf("%s is %v, %w", names[i], x, wrong)
		if r.Out == nil {
			return err
		}
		if k := slices.IndexFunc(flat.Float64s(r.Out), func(y float64) bool { return math.IsInf(y, 0) }); k >= 0 {
			err = fmt.Errorf("%w: output %d of the batch is %v; layers.FirstSpike without a Latest gives +Inf where there is no spike", err, k, flat.Float64s(r.Out)[k])
		}
		return err
	}
	return nil
}

// Add takes over what segment k gave: its share of what is summed over time, of which sums of the terms are, if it
// counts, and its outputs where they are sequences of so many steps, else 0; the readouts and penalties so far, if it
// is the last until now.
func (r *Outcome) Add(s Outcome, sums, steps, k int, last, counts bool) error {
	for i, v := range s.Terms {
		switch overTime := i < sums && steps > 0; {
		case overTime && counts:
			r.Terms[i] = G.NewF64(flat.Number(r.Terms[i]) + flat.Number(v))
		case !overTime && last:
			r.Terms[i] = G.NewF64(flat.Number(v))
		}
	}
	if counts {
		if r.Rates == nil {
			r.Rates = Begin(len(s.Rates)).Terms
		}
		for i, v := range s.Rates {
			r.Rates[i] = G.NewF64(flat.Number(r.Rates[i]) + flat.Number(v))
		}
	}
	if steps > 0 && !counts || steps == 0 && !last {
		return nil
	}
	if r.Out == nil {
		shape := s.Out.Shape().Clone()
		if steps > 0 {
			shape[0] = steps
		}
		r.Out = tensor.New(tensor.Of(s.Out.Dtype()), tensor.WithShape(shape...))
	}
	if steps == 0 {
		return flat.Copy(r.Out.(*tensor.Dense), s.Out)
	}
	return r.place(s.Out, k)
}

// place puts the outputs of segment k into those of the whole sequence.
func (r *Outcome) place(out G.Value, k int) error {
	from, err := flat.Of(out)
	if err != nil {
		return err
	}
	to, err := flat.Of(r.Out)
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
