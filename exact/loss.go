package exact

import (
	"cmp"
	"fmt"
	"math"
)

// A Loss says how far a run is from the class that it should have told.
type Loss interface {
	// Cost returns the cost of a run whose class is given, its gradient, and the class that the
	// run says, or −1 if it says none.
	Cost(r *Run, class int) (cost float64, g Gradient, answer int, err error)
}

// FirstSpike is the cross-entropy of the times t_k at which output neurons first fire, the earliest
// being the answer, with a pressure on the right one to come early:
//
//	−log( exp(−t_class/Tau) / Σ_k exp(−t_k/Tau) ) + Early (exp(t_class/EarlyTau) − 1)
//
// A neuron that does not fire counts as one that does after the run, the later the farther its potential
// stays from the threshold, so that there is a gradient that makes it fire:
//
//	t_k = T + Reach (1 − max V_k/ϑ)
//
// J. Göltz et al., Nature Machine Intelligence 3 (2021), 823; this form is Wunderlich and Pehle's.
type FirstSpike struct {
	Tau      float64 // s; 0 is 0.5 ms
	Early    float64 // 0 leaves it out
	EarlyTau float64 // s; 0 is 6.4 ms
	Reach    float64 // s; 0 is 10 ms
}

// Cost computes the loss.
func (l FirstSpike) Cost(r *Run, class int) (float64, Gradient, int, error) {
	last := len(r.layers) - 1
	if last < 0 {
		return 0, Gradient{}, 0, errNoRun
	}
	lr := &r.layers[last]
	if lr.cell.silent {
		return 0, Gradient{}, 0, fmt.Errorf("exact: the last layer is a readout and does not fire: use Voltage")
	}
	if err := checkClass(class, len(lr.of)); err != nil {
		return 0, Gradient{}, 0, err
	}
	for name, x := range map[string]float64{"Tau": l.Tau, "Early": l.Early, "EarlyTau": l.EarlyTau, "Reach": l.Reach} {
		if !(x >= 0) || math.IsInf(x, 1) {
			return 0, Gradient{}, 0, fmt.Errorf("exact: %s of FirstSpike is %v, want a finite number of at least 0", name, x)
		}
	}
	tau, late, reach := cmp.Or(l.Tau, 0.5e-3), cmp.Or(l.EarlyTau, 6.4e-3), cmp.Or(l.Reach, 0.010)/lr.cell.threshold
	t := r.First(last)
	answer := -1
	for k, at := range t {
		if math.IsInf(at, 1) {
			t[k] = r.m.net.Duration + reach*(lr.cell.threshold-lr.peak[k])
		} else if answer < 0 || at < t[answer] {
			answer = k
		}
	}
	score := make([]float64, len(t))
	for k := range t {
		score[k] = -t[k] / tau
	}
	cost, p := crossEntropy(score, class)
	early := l.Early * math.Exp(t[class]/late)
	g := Gradient{Times: make([][]float64, last+1), Peak: make([]float64, len(t))}
	g.Times[last] = make([]float64, len(lr.spikes))
	for k, of := range lr.of {
		d := -p[k] / tau
		if k == class {
			d += early / late
		}
		if len(of) > 0 {
			g.Times[last][of[0]] = d
		} else {
			g.Peak[k] = -reach * d
		}
	}
	return cost + early - l.Early, g, answer, nil
}

// Voltage is the cross-entropy of the mean potentials of the output neurons, Scale/T ∫ V dt, as a
// rule those of a readout.
type Voltage struct {
	Scale float64 // 0 is 1
}

// Cost computes the loss.
func (l Voltage) Cost(r *Run, class int) (float64, Gradient, int, error) {
	if x := l.Scale; x-x != 0 {
		return 0, Gradient{}, 0, fmt.Errorf("exact: Scale of Voltage is %v, want a finite number", x)
	}
	score := r.Integral()
	if err := checkClass(class, len(score)); err != nil {
		return 0, Gradient{}, 0, err
	}
	by := cmp.Or(l.Scale, 1) / r.m.net.Duration
	answer := 0
	for k := range score {
		if score[k] *= by; score[k] > score[answer] {
			answer = k
		}
	}
	cost, g := crossEntropy(score, class)
	for k := range g {
		g[k] *= by
	}
	return cost, Gradient{Integral: g}, answer, nil
}

func checkClass(class, of int) error {
	if class < 0 || class >= of {
		return fmt.Errorf("exact: class %d of %d output neurons", class, of)
	}
	return nil
}

// crossEntropy returns −log softmax(score)[class] and its gradient.
func crossEntropy(score []float64, class int) (cost float64, grad []float64) {
	most, sum := math.Inf(-1), 0.0
	for _, s := range score {
		most = max(most, s)
	}
	grad = make([]float64, len(score))
	for k, s := range score {
		grad[k] = math.Exp(s - most)
		sum += grad[k]
	}
	for k := range grad {
		grad[k] /= sum
	}
	grad[class]--
	return math.Log(sum) + most - score[class], grad
}
