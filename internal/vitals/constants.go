package vitals

import (
	"fmt"
	"math"
	"strings"

	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/internal/fields"
)

// constants finds time constants that left their range, learnt ones most often.
func (l *Layer) constants() (fs []diagnose.Finding) {
	dt, err := fields.Field(l.Params, "Dt")
	step, ok := dt.(*float64)
	if err != nil || !ok {
		return nil
	}
	for _, path := range l.paramNames() {
		name := path[strings.LastIndex(path, ".")+1:]
		if !strings.HasPrefix(name, "Tau") || !strings.HasSuffix(name, "Inv") {
			continue
		}
		vs := l.values(path)
		var negative, overshoot, unstable []int
		for i, v := range vs {
			switch {
			case v < 0 || math.IsNaN(v):
				negative = append(negative, i)
			case v**step >= 2:
				unstable = append(unstable, i)
			case v**step > 1+1e-6:
				overshoot = append(overshoot, i)
			}
		}
		found := func(kind diagnose.Kind, which []int, value, limit float64, what, cure string) {
			f := diagnose.Finding{Kind: kind, Layer: l.Name, Value: value, Limit: limit, Cure: cure}
			of := ""
			if len(vs) > 1 {
				f.Neurons = which
				of = " of the neurons " + numbered(which)
			}
			f.Message = fmt.Sprintf("%s: %s%s is %.4g /s, %s.", l.Name, name, of, vs[which[0]], what)
			fs = append(fs, f)
		}
		learn := fmt.Sprintf("Learn it within a constraint, layers.Constrain(graph.Exp, %q), or with a lower learning rate.", name)
		if len(negative) > 0 {
			found(diagnose.TimeConstant, negative, vs[negative[0]], 0, "so a voltage or current grows where it should decay", learn)
		}
		if len(unstable) > 0 {
			found(diagnose.Unstable, unstable, vs[unstable[0]]**step, 2,
				fmt.Sprintf("%.3g times 1/dt: beyond 2 Euler's method is unstable", vs[unstable[0]]**step), "Take a shorter time step Dt. "+learn)
		}
		if len(overshoot) > 0 {
			found(diagnose.TimeConstant, overshoot, vs[overshoot[0]]**step, 1,
				fmt.Sprintf("%.3g times 1/dt: the decay overshoots at every step", vs[overshoot[0]]**step), "Take a shorter time step Dt. "+learn)
		}
	}
	return fs
}

// stability finds currents and voltages that are not finite, or have grown far
// beyond what drives them.
func (l *Layer) stability() []diagnose.Finding {
	if math.IsNaN(l.Current) {
		return []diagnose.Finding{{Kind: diagnose.Unstable, Layer: l.Name, Value: math.Inf(1), Limit: math.MaxFloat32,
			Message: fmt.Sprintf("%s: a current into the neurons is not a finite number.", l.Name),
			Cure:    "Look at the weights before the layer: a learning rate that is too high blows them up."}}
	}
	const grown = 1e4
	drive := l.Current
	if !math.IsNaN(l.Early) {
		drive = max(drive, l.Early)
	}
	for _, name := range []string{"VTh", "VPeak", "VReset", "VLeak"} {
		for _, v := range l.values(name) {
			drive = max(drive, math.Abs(v))
		}
	}
	if !math.IsNaN(l.Late) && !math.IsNaN(l.Early) && l.Late <= grown*drive {
		return nil
	}
	size, how := fmt.Sprintf("reaches %.3g", l.Late), "it grows without bound"
	value := l.Late
	if math.IsNaN(l.Late) || math.IsNaN(l.Early) {
		size, value = "is not a finite number in the end", math.Inf(1)
	}
	if l.Flips > 0.9 {
		how = "it turns round at every step, so Euler's method is unstable"
	}
	return []diagnose.Finding{{Kind: diagnose.Unstable, Layer: l.Name, Value: value, Limit: grown * drive,
		Message: fmt.Sprintf("%s: a voltage %s, where currents and threshold are at most %.3g: %s.", l.Name, size, drive, how),
		Cure:    "Take a shorter time step Dt or a longer time constant, and look at the sign of the leak."}}
}
