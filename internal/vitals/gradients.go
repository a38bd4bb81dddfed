package vitals

import (
	"fmt"
	"math"
	"slices"

	"github.com/spikegrad/spikegrad/diagnose"
)

// gradients finds gradients that vanish or explode, by layer or in time.
func (v *Network) gradients() (fs []diagnose.Finding) {
	const (
		lost, burst = 1e-6, 1e4 // of the loss
		early       = 1e-6      // of the largest step
		growth      = 1e2       // from the last steps to the first
	)
	if !(v.Loss > 0) && !math.IsNaN(v.Loss) {
		return nil
	}
	ref := max(v.Loss, v.Output)
	for _, l := range v.Layers {
		if l.Time == nil || l.Current == 0 {
			continue
		}
		q := max(len(l.Time)/4, 1)
		first, last, top := rms(l.Time[:q]), rms(l.Time[len(l.Time)-q:]), slices.Max(l.Time)
		effect := l.Effect / ref
		switch {
		case !(effect <= burst): // or NaN
			f := diagnose.Finding{Kind: diagnose.ExplodingGradient, Layer: l.Name, Value: effect, Limit: burst,
				Message: fmt.Sprintf("%s: the gradient of its currents, times the currents, is %s times the loss.", l.Name, orNotFinite(effect)),
				Cure:    "Take a narrower surrogate, smaller weights behind the layer, or DetachReset in the parameters of the neurons; Trainer.ClipNorm only hides it."}
			if !(first <= growth*last) {
				f.Kind = diagnose.ExplodingInTime
				f.Message = fmt.Sprintf("%s: the gradient grows on its way back in time, from %.1e in the last quarter of the steps to %s in the first.", l.Name, last, orNotFinite(first))
				f.Cure = "Take a narrower surrogate, smaller recurrent weights, DetachReset in the parameters of the neurons, or fewer time steps. Trainer.ClipNorm only hides it."
			}
			fs = append(fs, f)
		case effect < lost:
			fs = append(fs, diagnose.Finding{Kind: diagnose.VanishingGradient, Layer: l.Name, Value: effect, Limit: lost,
				Message: fmt.Sprintf("%s: the gradient of its currents, times the currents, is %.1e times the loss: training hardly changes what comes before.", l.Name, effect),
				Cure:    "Take a wider surrogate in the layers behind it, larger weights, or fewer layers."})
		case v.Starts && first < early*top:
			fs = append(fs, diagnose.Finding{Kind: diagnose.VanishingInTime, Layer: l.Name, Value: first / top, Limit: early,
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

func rms(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v * v
	}
	return math.Sqrt(s / float64(max(len(x), 1)))
}
