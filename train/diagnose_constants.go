package train

import (
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/spikegrad/spikegrad/graph"
)

// constants finds time constants that left their range, learnt ones most often.
func (l *layerVitals) constants() (fs []Finding) {
	dt, err := graph.Field(l.Params, "Dt")
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
		found := func(kind FindingKind, which []int, value, limit float64, what, cure string) {
			f := Finding{Kind: kind, Layer: l.Name, Value: value, Limit: limit, Cure: cure}
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
			found(TimeConstant, negative, vs[negative[0]], 0, "so a voltage or current grows where it should decay", learn)
		}
		if len(unstable) > 0 {
			found(Unstable, unstable, vs[unstable[0]]**step, 2,
				fmt.Sprintf("%.3g times 1/dt: beyond 2 Euler's method is unstable", vs[unstable[0]]**step), "Take a shorter time step Dt. "+learn)
		}
		if len(overshoot) > 0 {
			found(TimeConstant, overshoot, vs[overshoot[0]]**step, 1,
				fmt.Sprintf("%.3g times 1/dt: the decay overshoots at every step", vs[overshoot[0]]**step), "Take a shorter time step Dt. "+learn)
		}
	}
	return fs
}

// stability finds currents and voltages that are not finite, or have grown far
// beyond what drives them.
func (l *layerVitals) stability() []Finding {
	if math.IsNaN(l.current) {
		return []Finding{{Kind: Unstable, Layer: l.Name, Value: math.Inf(1), Limit: math.MaxFloat32,
			Message: fmt.Sprintf("%s: a current into the neurons is not a finite number.", l.Name),
			Cure:    "Look at the weights before the layer: a learning rate that is too high blows them up."}}
	}
	const grown = 1e4
	drive := l.current
	if !math.IsNaN(l.early) {
		drive = max(drive, l.early)
	}
	for _, name := range []string{"VTh", "VPeak", "VReset", "VLeak"} {
		for _, v := range l.values(name) {
			drive = max(drive, math.Abs(v))
		}
	}
	if !math.IsNaN(l.late) && !math.IsNaN(l.early) && l.late <= grown*drive {
		return nil
	}
	size, how := fmt.Sprintf("reaches %.3g", l.late), "it grows without bound"
	value := l.late
	if math.IsNaN(l.late) || math.IsNaN(l.early) {
		size, value = "is not a finite number in the end", math.Inf(1)
	}
	if l.flips > 0.9 {
		how = "it turns round at every step, so Euler's method is unstable"
	}
	return []Finding{{Kind: Unstable, Layer: l.Name, Value: value, Limit: grown * drive,
		Message: fmt.Sprintf("%s: a voltage %s, where currents and threshold are at most %.3g: %s.", l.Name, size, drive, how),
		Cure:    "Take a shorter time step Dt or a longer time constant, and look at the sign of the leak."}}
}

// paramNames lists the parameters of the neurons.
func (l *layerVitals) paramNames() []string {
	p := reflect.ValueOf(l.Params)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return nil
	}
	return graph.ParamNames(p.Elem().Interface())
}

// values returns what a parameter of the neurons is now; nil if there is none.
func (l *layerVitals) values(name string) []float64 {
	p, err := graph.Default(l.Params, name)
	if err != nil {
		return nil
	}
	vs, err := p.Values()
	if err != nil {
		return nil
	}
	return vs
}
