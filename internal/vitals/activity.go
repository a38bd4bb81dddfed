package vitals

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spikegrad/spikegrad/diagnose"
)

// activity finds layers that are silent or saturated.
func (l *Layer) activity(samples int) []diagnose.Finding {
	if l.Fires == nil {
		return nil
	}
	const (
		fewSpike = 0.02 // of the neurons
		often    = 0.8  // of the steps at which a neuron can spike
		many     = 0.5  // of the neurons
		far      = 5    // thresholds
	)
	n := len(l.Fires)
	hold := 0.0 // steps after a spike at which there is none
	for _, v := range l.values("RhoReset") {
		hold = max(hold, v)
	}
	var silent, saturated []int
	for i, r := range l.Fires {
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
		return []diagnose.Finding{l.silent(samples, 1-share(silent), fewSpike)}
	case share(saturated) > many:
		return []diagnose.Finding{{Kind: diagnose.SaturatedLayer, Layer: l.Name, Neurons: saturated, Value: share(saturated), Limit: many,
			Message: fmt.Sprintf("%s: %d of %d neurons spike at more than %.0f %% of the steps: %s.", l.Name, len(saturated), n, 100*often, numbered(saturated)),
			Cure:    "Scale the weights before the layer or the input down, raise VTh, or add layers.Rate with an Upper bound."}}
	case ok && distance > far:
		return []diagnose.Finding{{Kind: diagnose.SaturatedLayer, Layer: l.Name, Value: distance, Limit: far,
			Message: fmt.Sprintf("%s: voltages are typically %.3g away from a threshold that lies %.3g above reset: currents decide at once, and hardly any timing is left.", l.Name, distance*unit, unit),
			Cure:    fmt.Sprintf("Scale the weights before the layer or the input down, by about %.2g.", distance)}}
	}
	return nil
}

// silent returns the finding of a layer in which few neurons spike, or none.
func (l *Layer) silent(samples int, share, limit float64) diagnose.Finding {
	f := diagnose.Finding{Kind: diagnose.SilentLayer, Layer: l.Name, Value: share, Limit: limit,
		Message: fmt.Sprintf("%s: none of %d neurons spikes in %d samples", l.Name, len(l.Fires), samples),
		Cure:    "Scale the weights before the layer (layers.Scaled) or the input up, lower VTh, or add layers.Rate with a Lower bound."}
	if share > 0 {
		f.Message = fmt.Sprintf("%s: only %.0f of %d neurons spike in %d samples", l.Name, share*float64(len(l.Fires)), len(l.Fires), samples)
	}
	th := l.values("VTh")
	switch {
	case l.Current == 0:
		f.Message += ": no current reaches them"
		f.Cure = "Look at the layer before, and at the weights between."
	case len(th) > 0 && !math.IsInf(l.Top, -1):
		f.Message += fmt.Sprintf(": the highest voltage is %.3g, the threshold %.3g", l.Top, slices.Min(th))
	}
	f.Message += "."
	return f
}

// dead finds neurons that never spike and get no gradient, or are nearly all.
func (l *Layer) dead(samples int) []diagnose.Finding {
	const (
		nothing = 1e-6   // of the largest gradient of a neuron of the layer
		some    = 1. / 3 // of the neurons
		most    = 0.8
	)
	if l.Fires == nil || l.Neuron == nil {
		return nil
	}
	var silent, lost []int
	top := slices.Max(l.Neuron)
	if !(top > 0) {
		return nil // none of them gets one: that is not about neurons
	}
	for i, r := range l.Fires {
		if r == 0 {
			silent = append(silent, i)
		}
		if r == 0 && l.Neuron[i] <= nothing*top {
			lost = append(lost, i)
		}
	}
	n := float64(len(l.Fires))
	f := diagnose.Finding{Kind: diagnose.DeadNeurons, Layer: l.Name, Neurons: lost, Value: float64(len(lost)) / n, Limit: some,
		Cure: "Add layers.Rate with a Lower bound, take a wider surrogate, or draw larger weights before the layer."}
	what := "and get no gradient that could change it"
	if f.Value < some {
		f.Neurons, f.Value, f.Limit, what = silent, float64(len(silent))/n, most, "nearly all there are"
	}
	if f.Value < f.Limit {
		return nil
	}
	f.Message = fmt.Sprintf("%s: %d of %d neurons never spike in %d samples, %s: %s.", l.Name, len(f.Neurons), len(l.Fires), samples, what, numbered(f.Neurons))
	return []diagnose.Finding{f}
}

// distance returns the median distance of the voltages from the threshold, in units
// of the way from reset to threshold, and that unit.
func (l *Layer) distance() (d, unit float64, ok bool) {
	th, reset := l.values("VTh"), l.values("VReset")
	if peak := l.values("VPeak"); peak != nil { // where the surrogate has its slope
		th = peak
	}
	if l.Slopes == nil || len(th) == 0 || len(reset) == 0 {
		return 0, 0, false
	}
	unit = average(th) - average(reset)
	if !(unit > 0) {
		return 0, 0, false
	}
	return l.Slopes.median() / unit, unit, true
}

// surrogate finds surrogates that do not fit the voltages.
func (l *Layer) surrogate() []diagnose.Finding {
	if l.Slopes == nil {
		return nil
	}
	const (
		some, tooFew  = 0.1, 1e-3 // of the largest slope; of the moments
		half, tooMany = 0.5, 0.6
	)
	name := fmt.Sprintf("%T", l.Slopes.Func)
	name = name[strings.LastIndex(name, ".")+1:]
	peak := l.Slopes.peak()
	if peak == 0 && l.Effect == 0 { // some neurons have gradients of another kind
		return []diagnose.Finding{{Kind: diagnose.NarrowSurrogate, Layer: l.Name, Value: 0, Limit: tooFew,
			Message: fmt.Sprintf("%s: %s has no slope at any of the voltages seen, so no gradient passes.", l.Name, name),
			Cure:    "Take a surrogate with a slope, such as surrogate.SuperSpike{Alpha: 10}."}}
	}
	if share := l.Slopes.share(some * peak); share < tooFew {
		return []diagnose.Finding{{Kind: diagnose.NarrowSurrogate, Layer: l.Name, Value: share, Limit: tooFew,
			Message: fmt.Sprintf("%s: voltages are near enough to the threshold for a slope of %s in only %.1e of all moments; they are typically %.3g away.", l.Name, name, share, l.Slopes.median()),
			Cure:    "Take a wider surrogate: a smaller α, or a larger width."}}
	}
	share := l.Slopes.share(half * peak)
	if share <= tooMany {
		return nil
	}
	if _, unit, ok := l.distance(); ok && l.Slopes.Deriv(-unit) < half*peak {
		return nil // neurons at rest are told apart from those at the threshold
	}
	return []diagnose.Finding{{Kind: diagnose.WideSurrogate, Layer: l.Name, Value: share, Limit: tooMany,
		Message: fmt.Sprintf("%s: %s has more than half its largest slope in %.0f %% of all moments, at rest too: the gradient does not tell which neurons are about to spike.", l.Name, name, 100*share),
		Cure:    "Take a narrower surrogate: a larger α, or a smaller width."}}
}

func average(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s / float64(max(len(x), 1))
}

// numbered lists the first numbers of a set: "3, 5, 8, … (12 in all)".
func numbered(some []int) string {
	const most = 8
	var s []string
	for _, i := range some[:min(len(some), most)] {
		s = append(s, fmt.Sprint(i))
	}
	if len(some) > most {
		s = append(s, fmt.Sprintf("… (%d in all)", len(some)))
	}
	return strings.Join(s, ", ")
}
