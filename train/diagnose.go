package train

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spikegrad/spikegrad/data"
)

// Diagnose says what is wrong with a model, as it is now, on a data set: layers
// that are silent or saturated, neurons that are dead, gradients that vanish or
// explode by layer or in time, surrogates that do not fit the voltages, time
// constants out of their range, Euler's method unstable, inputs that are all zero
// and labels that are all the same. A healthy network has no findings.
//
// It runs a copy of the network on some batches of the data set, drawn by the
// model's seed, and looks at all activities, voltages and gradients there, so the
// model is as it was, and costs no more, afterwards. The copy goes through whole
// samples, also where the model has a Segment or a Window, and has memory for all
// their steps. enc is as for Evaluate. A cancelled context ends it with the context's
// error. A
// Trainer with a Doctor does the same before and during a training, and judges
// whether the loss falls.
func Diagnose(ctx context.Context, m *Model, d data.Dataset, enc Encoder) ([]Finding, error) {
	var fs []Finding
	err := m.within(func() error {
		if ctx == nil {
			return errNoContext
		}
		x, err := newExaminer(m, d, enc, m.Seed)
		if err != nil {
			return err
		}
		v, err := x.examine(ctx)
		if err != nil {
			return err
		}
		fs = v.findings()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("train: diagnose: %w", err)
	}
	return fs, nil
}

// findings returns what is wrong, causes before consequences: what a silent layer
// does to the gradients is not told apart from it.
func (v *vitals) findings() []Finding {
	fs := v.data()
	for _, l := range v.layers {
		fs = append(fs, l.constants()...)
	}
	for _, l := range v.layers {
		if fs = append(fs, l.stability()...); len(fs) > 0 {
			return fs
		}
	}
	for _, l := range v.layers {
		f := l.activity(v.samples)
		if len(f) > 0 && f[0].Kind == SilentLayer {
			// What comes behind is silent for want of input, and gets no gradient.
			return append(fs, f...)
		}
		if len(f) == 0 {
			f = l.surrogate()
		}
		if len(f) == 0 {
			f = l.dead(v.samples)
		}
		fs = append(fs, f...)
	}
	return append(fs, v.gradients()...)
}

// data finds inputs and labels that teach nothing.
func (v *vitals) data() (fs []Finding) {
	if v.input == 0 {
		fs = append(fs, Finding{Kind: ZeroInput, Value: 0, Limit: 0,
			Message: fmt.Sprintf("All inputs of %d samples are zero.", v.samples),
			Cure:    "Look at what the data set and the encoder return: a scale of 0, a wrong file, spikes of a rate that is too low for so few time steps."})
	}
	if v.constant {
		fs = append(fs, Finding{Kind: ConstantLabels, Value: float64(v.labels[0]), Limit: 0,
			Message: fmt.Sprintf("All samples have the label %d.", v.labels[0]),
			Cure:    "Look at how the labels are read, and whether the data set was cut from a sorted one."})
	}
	return fs
}

// activity finds layers that are silent or saturated.
func (l *layerVitals) activity(samples int) []Finding {
	if l.fires == nil {
		return nil
	}
	const (
		fewSpike = 0.02 // of the neurons
		often    = 0.8  // of the steps at which a neuron can spike
		many     = 0.5  // of the neurons
		far      = 5    // thresholds
	)
	n := len(l.fires)
	hold := 0.0 // steps after a spike at which there is none
	for _, v := range l.values("RhoReset") {
		hold = max(hold, v)
	}
	var silent, saturated []int
	for i, r := range l.fires {
		switch {
		case r == 0:
			silent = append(silent, i)
		case r*(1+hold) > often:
			saturated = append(saturated, i)
		}
	}
	share := func(some []int) float64 { return float64(len(some)) / float64(n) }
	distance, unit, ok := l.distance()
	switch {
	case 1-share(silent) <= fewSpike:
		return []Finding{l.silent(samples, 1-share(silent), fewSpike)}
	case share(saturated) > many:
		return []Finding{{Kind: SaturatedLayer, Layer: l.Name, Neurons: saturated, Value: share(saturated), Limit: many,
			Message: fmt.Sprintf("%s: %d of %d neurons spike at more than %.0f %% of the steps: %s.", l.Name, len(saturated), n, 100*often, numbered(saturated)),
			Cure:    "Scale the weights before the layer or the input down, raise VTh, or add layers.Rate with an Upper bound."}}
	case ok && distance > far:
		return []Finding{{Kind: SaturatedLayer, Layer: l.Name, Value: distance, Limit: far,
			Message: fmt.Sprintf("%s: voltages are typically %.3g away from a threshold that lies %.3g above reset: currents decide at once, and hardly any timing is left.", l.Name, distance*unit, unit),
			Cure:    fmt.Sprintf("Scale the weights before the layer or the input down, by about %.2g.", distance)}}
	}
	return nil
}

// silent returns the finding of a layer in which few neurons spike, or none.
func (l *layerVitals) silent(samples int, share, limit float64) Finding {
	f := Finding{Kind: SilentLayer, Layer: l.Name, Value: share, Limit: limit,
		Message: fmt.Sprintf("%s: none of %d neurons spikes in %d samples", l.Name, len(l.fires), samples),
		Cure:    "Scale the weights before the layer (layers.Scaled) or the input up, lower VTh, or add layers.Rate with a Lower bound."}
	if share > 0 {
		f.Message = fmt.Sprintf("%s: only %.0f of %d neurons spike in %d samples", l.Name, share*float64(len(l.fires)), len(l.fires), samples)
	}
	th := l.values("VTh")
	switch {
	case l.current == 0:
		f.Message += ": no current reaches them"
		f.Cure = "Look at the layer before, and at the weights between."
	case len(th) > 0 && !math.IsInf(l.top, -1):
		f.Message += fmt.Sprintf(": the highest voltage is %.3g, the threshold %.3g", l.top, slices.Min(th))
	}
	f.Message += "."
	return f
}

// dead finds neurons that never spike and get no gradient, or are nearly all.
func (l *layerVitals) dead(samples int) []Finding {
	const (
		nothing = 1e-6   // of the largest gradient of a neuron of the layer
		some    = 1. / 3 // of the neurons
		most    = 0.8
	)
	if l.fires == nil || l.neuron == nil {
		return nil
	}
	var silent, lost []int
	top := slices.Max(l.neuron)
	if !(top > 0) {
		return nil // none of them gets one: that is not about neurons
	}
	for i, r := range l.fires {
		if r == 0 {
			silent = append(silent, i)
		}
		if r == 0 && l.neuron[i] <= nothing*top {
			lost = append(lost, i)
		}
	}
	n := float64(len(l.fires))
	f := Finding{Kind: DeadNeurons, Layer: l.Name, Neurons: lost, Value: float64(len(lost)) / n, Limit: some,
		Cure: "Add layers.Rate with a Lower bound, take a wider surrogate, or draw larger weights before the layer."}
	what := "and get no gradient that could change it"
	if f.Value < some {
		f.Neurons, f.Value, f.Limit, what = silent, float64(len(silent))/n, most, "nearly all there are"
	}
	if f.Value < f.Limit {
		return nil
	}
	f.Message = fmt.Sprintf("%s: %d of %d neurons never spike in %d samples, %s: %s.", l.Name, len(f.Neurons), len(l.fires), samples, what, numbered(f.Neurons))
	return []Finding{f}
}

// distance returns the median distance of the voltages from the threshold, in units
// of the way from reset to threshold, and that unit.
func (l *layerVitals) distance() (d, unit float64, ok bool) {
	th, reset := l.values("VTh"), l.values("VReset")
	if peak := l.values("VPeak"); peak != nil { // where the surrogate has its slope
		th = peak
	}
	if l.slopes == nil || len(th) == 0 || len(reset) == 0 {
		return 0, 0, false
	}
	unit = average(th) - average(reset)
	if !(unit > 0) {
		return 0, 0, false
	}
	return l.slopes.median() / unit, unit, true
}

// surrogate finds surrogates that do not fit the voltages.
func (l *layerVitals) surrogate() []Finding {
	if l.slopes == nil {
		return nil
	}
	const (
		some, tooFew  = 0.1, 1e-3 // of the largest slope; of the moments
		half, tooMany = 0.5, 0.6
	)
	name := fmt.Sprintf("%T", l.slopes.Func)
	name = name[strings.LastIndex(name, ".")+1:]
	peak := l.slopes.peak()
	if peak == 0 && l.effect == 0 { // some neurons have gradients of another kind
		return []Finding{{Kind: NarrowSurrogate, Layer: l.Name, Value: 0, Limit: tooFew,
			Message: fmt.Sprintf("%s: %s has no slope at any of the voltages seen, so no gradient passes.", l.Name, name),
			Cure:    "Take a surrogate with a slope, such as surrogate.SuperSpike{Alpha: 10}."}}
	}
	if share := l.slopes.share(some * peak); share < tooFew {
		return []Finding{{Kind: NarrowSurrogate, Layer: l.Name, Value: share, Limit: tooFew,
			Message: fmt.Sprintf("%s: voltages are near enough to the threshold for a slope of %s in only %.1e of all moments; they are typically %.3g away.", l.Name, name, share, l.slopes.median()),
			Cure:    "Take a wider surrogate: a smaller α, or a larger width."}}
	}
	share := l.slopes.share(half * peak)
	if share <= tooMany {
		return nil
	}
	if _, unit, ok := l.distance(); ok && l.slopes.Deriv(-unit) < half*peak {
		return nil // neurons at rest are told apart from those at the threshold
	}
	return []Finding{{Kind: WideSurrogate, Layer: l.Name, Value: share, Limit: tooMany,
		Message: fmt.Sprintf("%s: %s has more than half its largest slope in %.0f %% of all moments, at rest too: the gradient does not tell which neurons are about to spike.", l.Name, name, 100*share),
		Cure:    "Take a narrower surrogate: a larger α, or a smaller width."}}
}

// gradients finds gradients that vanish or explode, by layer or in time.
func (v *vitals) gradients() (fs []Finding) {
	const (
		lost, burst = 1e-6, 1e4 // of the loss
		early       = 1e-6      // of the largest step
		growth      = 1e2       // from the last steps to the first
	)
	if !(v.loss > 0) && !math.IsNaN(v.loss) {
		return nil
	}
	ref := max(v.loss, v.out)
	for _, l := range v.layers {
		if l.time == nil || l.current == 0 {
			continue
		}
		q := max(len(l.time)/4, 1)
		first, last, top := rms(l.time[:q]), rms(l.time[len(l.time)-q:]), slices.Max(l.time)
		effect := l.effect / ref
		switch {
		case !(effect <= burst): // or NaN
			f := Finding{Kind: ExplodingGradient, Layer: l.Name, Value: effect, Limit: burst,
				Message: fmt.Sprintf("%s: the gradient of its currents, times the currents, is %s times the loss.", l.Name, orNotFinite(effect)),
				Cure:    "Take a narrower surrogate, smaller weights behind the layer, or DetachReset in the parameters of the neurons; Trainer.ClipNorm only hides it."}
			if !(first <= growth*last) {
				f.Kind = ExplodingInTime
				f.Message = fmt.Sprintf("%s: the gradient grows on its way back in time, from %.1e in the last quarter of the steps to %s in the first.", l.Name, last, orNotFinite(first))
				f.Cure = "Take a narrower surrogate, smaller recurrent weights, DetachReset in the parameters of the neurons, or fewer time steps. Trainer.ClipNorm only hides it."
			}
			fs = append(fs, f)
		case effect < lost:
			fs = append(fs, Finding{Kind: VanishingGradient, Layer: l.Name, Value: effect, Limit: lost,
				Message: fmt.Sprintf("%s: the gradient of its currents, times the currents, is %.1e times the loss: training hardly changes what comes before.", l.Name, effect),
				Cure:    "Take a wider surrogate in the layers behind it, larger weights, or fewer layers."})
		case v.starts && first < early*top:
			fs = append(fs, Finding{Kind: VanishingInTime, Layer: l.Name, Value: first / top, Limit: early,
				Message: fmt.Sprintf("%s: the gradient in the first quarter of the steps is %.1e of the largest: the loss does not see what happens there.", l.Name, first/top),
				Cure:    "Take longer time constants, adaptive neurons (neurons.LSNNStep), or a readout over all steps (layers.MeanOverTime)."})
		}
	}
	return fs
}

// orNotFinite writes a number, or that it is none.
func orNotFinite(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "no finite number"
	}
	return fmt.Sprintf("%.1e", x)
}

func average(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s / float64(max(len(x), 1))
}
