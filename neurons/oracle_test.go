package neurons_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/neurons/neurontest"
)

// The equations once more, one number after the other, in dual numbers: values
// with their derivatives by every input. They share no code with the models, and
// make reference cases of sizes, parameters and surrogates that nobody chose.

// A dual is a number with its derivatives; no derivatives are zeros.
type dual struct {
	v float64
	d []float64
}

func num(v float64) dual { return dual{v: v} }

// combine returns the number v with the derivatives a x.d + b y.d.
func combine(v float64, x dual, a float64, y dual, b float64) dual {
	if x.d == nil && y.d == nil {
		return dual{v: v}
	}
	d := make([]float64, max(len(x.d), len(y.d)))
	for i, g := range x.d {
		d[i] += a * g
	}
	for i, g := range y.d {
		d[i] += b * g
	}
	return dual{v, d}
}

func (x dual) add(y dual) dual      { return combine(x.v+y.v, x, 1, y, 1) }
func (x dual) sub(y dual) dual      { return combine(x.v-y.v, x, 1, y, -1) }
func (x dual) mul(y dual) dual      { return combine(x.v*y.v, x, y.v, y, x.v) }
func (x dual) over(y dual) dual     { return combine(x.v/y.v, x, 1/y.v, y, -x.v/y.v/y.v) }
func (x dual) by(c float64) dual    { return combine(c*x.v, x, c, dual{}, 0) }
func (x dual) to(v, s float64) dual { return combine(v, x, s, dual{}, 0) }
func (x dual) not() dual            { return num(1).sub(x) }
func (x dual) sg() dual             { return num(x.v) }
func (x dual) exp() dual            { return x.to(math.Exp(x.v), math.Exp(x.v)) }
func (x dual) relu() dual {
	if x.v > 0 {
		return x
	}
	return num(0)
}

// A neuron is what a step of one neuron needs besides its input and state.
type neuron struct {
	dt, alpha float64
	method    string
	p         map[string]dual
	nearest   *float64 // the smallest distance to a threshold so far
}

func (n neuron) spike(x dual) dual {
	*n.nearest = min(*n.nearest, math.Abs(x.v))
	return n.heaviside(x)
}

func (n neuron) heaviside(x dual) dual {
	a, s := math.Abs(x.v), 0.
	switch k := n.alpha * x.v; n.method {
	case "super":
		s = 1 / ((n.alpha*a + 1) * (n.alpha*a + 1))
	case "triangle":
		s = n.alpha * max(1-a, 0)
	case "tanh":
		s = 1 - math.Tanh(k)*math.Tanh(k)
	case "heavi_erfc":
		s = 2 / math.Sqrt(math.Pi) * math.Exp(-k*k)
	case "circ":
		s = math.Pow(n.alpha*n.alpha+x.v*x.v, -1.5) * math.Pow(n.alpha, 3)
	}
	if x.v > 0 {
		return x.to(1, s)
	}
	return x.to(0, s)
}

// reset returns (1 − z) v + z to.
func reset(z, v, to dual) dual { return z.not().mul(v).add(z.mul(to)) }

// leak returns v + dt/τ ((v_leak − v) + d).
func (n neuron) leak(v, d dual) dual {
	return v.add(n.p["tau_mem_inv"].mul(n.p["v_leak"].sub(v).add(d)).by(n.dt))
}

func (n neuron) decay(x dual, tau string) dual { return x.sub(n.p[tau].mul(x).by(n.dt)) }

// upstroke returns Δ exp((v − v_th)/Δ), at most what takes v_th to v_peak in a time step.
func (n neuron) upstroke(v dual) dual {
	u := n.p["delta_T"].mul(v.sub(n.p["v_th"]).over(n.p["delta_T"]).exp())
	if peak, ok := n.p["v_peak"]; ok {
		most := n.p["delta_T"].add(peak.sub(n.p["v_th"]).over(n.p["tau_mem_inv"].by(n.dt)))
		*n.nearest = min(*n.nearest, math.Abs(u.v-most.v))
		if u.v > most.v {
			return most
		}
	}
	return u
}

// cut returns where a spike is cut.
func (n neuron) cut() dual {
	if peak, ok := n.p["v_peak"]; ok {
		return peak
	}
	return n.p["v_th"]
}

// follow returns a + dt/τ_a (a (v − v_leak) − a).
func (n neuron) follow(a, v dual) dual {
	d := n.p["adaptation_current"].mul(v.sub(n.p["v_leak"])).sub(a)
	return a.add(n.p["tau_ada_inv"].mul(d).by(n.dt))
}

type (
	values map[string]dual
	single func(n neuron, x dual, s values) (dual, values)
)

func stepLIF(detach bool) single {
	return func(n neuron, x dual, s values) (dual, values) {
		i := s["i"].add(x)
		v := n.leak(s["v"], i)
		z := n.spike(v.sub(n.p["v_th"]))
		seen := z
		if detach {
			seen = z.sg()
		}
		return z, values{"v": reset(seen, v, n.p["v_reset"]), "i": n.decay(i, "tau_syn_inv")}
	}
}

func stepLI(n neuron, x dual, s values) (dual, values) {
	i := s["i"].add(x)
	v := n.leak(s["v"], i)
	return v, values{"v": v, "i": n.decay(i, "tau_syn_inv")}
}

func stepLIBox(n neuron, x dual, s values) (dual, values) {
	v := n.leak(s["v"], x)
	return v, values{"v": v}
}

func stepLIFBox(n neuron, x dual, s values) (dual, values) {
	v := n.leak(s["v"], x)
	z := n.spike(v.sub(n.p["v_th"]))
	return z, values{"v": reset(z, v, n.p["v_reset"])}
}

func stepIAF(n neuron, x dual, s values) (dual, values) {
	v := s["v"].add(x)
	z := n.spike(v.sub(n.p["v_th"]))
	return z, values{"v": reset(z, v, n.p["v_reset"])}
}

func stepLIFEx(n neuron, x dual, s values) (dual, values) {
	i := s["i"].add(x)
	v := n.leak(s["v"], n.upstroke(s["v"]).add(i))
	z := n.spike(v.sub(n.cut()))
	return z, values{"v": reset(z, v, n.p["v_reset"]), "i": n.decay(i, "tau_syn_inv")}
}

func stepAdEx(n neuron, x dual, s values) (dual, values) {
	i := s["i"].add(x)
	v := n.leak(s["v"], n.upstroke(s["v"]).add(i).sub(s["a"]))
	a := n.follow(s["a"], s["v"])
	z := n.spike(v.sub(n.cut()))
	return z, values{
		"v": reset(z, v, n.p["v_reset"]), "i": n.decay(i, "tau_syn_inv"), "a": a.add(z.mul(n.p["adaptation_spike"])),
	}
}

func stepLIFExBox(n neuron, x dual, s values) (dual, values) {
	v := n.leak(s["v"], n.upstroke(s["v"]).add(x))
	z := n.spike(v.sub(n.cut()))
	return z, values{"v": reset(z, v, n.p["v_reset"])}
}

// stepAdExBox is the model, and stepAdExEncoder Norse's variant of it.
func stepAdExBox(n neuron, x dual, s values) (dual, values) {
	v := n.leak(s["v"], n.upstroke(s["v"]).add(x).sub(s["a"]))
	z := n.spike(v.sub(n.cut()))
	return z, values{
		"v": reset(z, v, n.p["v_reset"]), "a": n.follow(s["a"], s["v"]).add(z.mul(n.p["adaptation_spike"])),
	}
}

func stepAdExEncoder(n neuron, x dual, s values) (dual, values) {
	v := n.leak(s["v"], n.upstroke(s["v"]).add(x).sub(s["a"]))
	z := n.spike(v.sub(n.cut()))
	v = reset(z, v, n.p["v_reset"])
	a := n.p["tau_ada_inv"].mul(n.p["adaptation_current"].mul(v.sub(n.p["v_leak"])).sub(s["a"]))
	return z, values{"v": v, "a": a.add(z.mul(n.p["adaptation_spike"]))}
}

// stepCoba takes the jump of the inhibitory conductance for the state "inhibition".
func stepCoba(n neuron, x dual, s values) (dual, values) {
	e, i := x.relu(), x.by(-1).relu()
	if y, ok := s["inhibition"]; ok {
		e, i = x, y
	}
	e, i = n.decay(s["g_e"].add(e), "tau_syn_exc_inv"), n.decay(s["g_i"].add(i), "tau_syn_inh_inv")
	v := s["v"]
	d := n.p["g_l"].mul(n.p["v_rest"].sub(v)).add(e.mul(n.p["e_rev_E"].sub(v))).add(i.mul(n.p["e_rev_I"].sub(v)))
	v = v.add(n.p["c_m_inv"].mul(d).by(n.dt))
	z := n.spike(v.sub(n.p["v_thresh"]))
	return z, values{"v": reset(z, v, n.p["v_reset"]), "g_e": e, "g_i": i}
}

func stepLSNN(detach bool) single {
	return func(n neuron, x dual, s values) (dual, values) {
		v := n.leak(s["v"], s["i"])
		b := s["b"].add(n.p["tau_adapt_inv"].mul(n.p["v_th"].sub(s["b"])).by(n.dt))
		z := n.spike(v.sub(b))
		seen := z
		if detach {
			seen = z.sg()
		}
		return z, values{
			"v": reset(seen, v, n.p["v_reset"]), "i": n.decay(s["i"], "tau_syn_inv").add(x), "b": b.add(seen.mul(n.p["beta"])),
		}
	}
}

func stepAdaLIF(n neuron, x dual, s values) (dual, values) {
	v := n.leak(s["v"], s["i"].sub(s["b"]))
	z := n.spike(v.sub(n.p["v_th"]))
	return z, values{
		"v": v.sub(z.mul(n.p["v_th"].sub(n.p["v_reset"]))),
		"i": n.decay(s["i"], "tau_syn_inv").add(x),
		"b": n.decay(s["b"], "tau_adapt_inv").add(z.mul(n.p["beta"])),
	}
}

func stepIzhikevich(n neuron, x dual, s values) (dual, values) {
	v, u := s["v"], s["u"]
	h := n.p["tau_inv"].by(n.dt)
	d := n.p["sq"].mul(v).mul(v).add(n.p["mn"].mul(v)).add(n.p["bias"]).sub(u).add(x)
	v1, u1 := v.add(h.mul(d)), u.add(h.mul(n.p["a"]).mul(n.p["b"].mul(v).sub(u)))
	z := n.spike(v1.sub(n.p["v_th"]))
	return z, values{"v": reset(z, v1, n.p["c"]), "u": reset(z, u1, u1.add(n.p["d"]))}
}

func stepRefractory(step single) single {
	return func(n neuron, x dual, s values) (dual, values) {
		z, next := step(n, x, s)
		m := n.heaviside(s["rho"])
		next["v"] = reset(m, next["v"], s["v"])
		z = m.not().mul(z)
		next["rho"] = reset(z, s["rho"].sub(m).relu(), n.p["rho_reset"])
		return z, next
	}
}

// stepMCRefrac takes what the other compartments add to v for the state "others".
func stepMCRefrac(n neuron, x dual, s values) (dual, values) {
	m := n.heaviside(s["rho"])
	rise := n.leak(s["v"], s["i"]).sub(s["v"])
	v := s["v"].add(m.not().mul(rise)).add(s["others"])
	z := n.spike(v.sub(n.p["v_th"]))
	return z, values{
		"v": reset(z, v, n.p["v_reset"]), "i": n.decay(s["i"], "tau_syn_inv").add(x),
		"rho": reset(z, s["rho"].sub(m).relu(), n.p["rho_reset"]),
	}
}

func stepResonate(n neuron, x dual, s values) (dual, values) {
	u := s["u"].add(x)
	u = u.sub(n.p["tau_inv"].mul(u).add(n.p["omega"].mul(s["v"])).by(n.dt))
	v := n.decay(s["v"], "tau_inv").add(n.p["omega"].mul(u).by(n.dt))
	z := n.spike(v.sub(n.p["v_th"]))
	return z, values{"v": reset(z, v, n.p["v_reset"]), "u": z.not().mul(u)}
}

func stepQIF(n neuron, x dual, s values) (dual, values) {
	v := s["v"]
	d := n.p["a"].mul(v.sub(n.p["v_leak"])).mul(v.sub(n.p["v_crit"])).add(x)
	v = v.add(n.p["tau_mem_inv"].mul(d).by(n.dt))
	z := n.spike(v.sub(n.p["v_th"]))
	return z, values{"v": reset(z, v, n.p["v_reset"])}
}

func stepGLIF3(n neuron, x dual, s values) (dual, values) {
	v := n.leak(s["v"], x.add(s["i1"]).add(s["i2"]))
	z := n.spike(v.sub(n.p["v_th"]))
	return z, values{
		"v":  reset(z, v, n.p["v_reset"]),
		"i1": n.decay(s["i1"], "tau1_inv").add(z.mul(n.p["jump1"])), "i2": n.decay(s["i2"], "tau2_inv").add(z.mul(n.p["jump2"])),
	}
}

func stepPLIF(n neuron, x dual, s values) (dual, values) {
	v := s["v"].add(n.p["k"].mul(n.p["v_leak"].sub(s["v"]).add(x)))
	z := n.spike(v.sub(n.p["v_th"]))
	return z, values{"v": reset(z, v, n.p["v_reset"])}
}

func stepLIFAlpha(n neuron, x dual, s values) (dual, values) {
	g := s["g"].add(x)
	v := n.leak(s["v"], s["i"])
	i := s["i"].add(n.p["tau_syn_inv"].mul(g.by(math.E).sub(s["i"])).by(n.dt))
	z := n.spike(v.sub(n.p["v_th"]))
	return z, values{"v": reset(z, v, n.p["v_reset"]), "i": i, "g": n.decay(g, "tau_syn_inv")}
}

func stepSigmaDelta(n neuron, x dual, s values) (dual, values) {
	v := s["v"].add(x)
	*n.nearest = min(*n.nearest, math.Abs(v.v))
	e := v.relu().sub(s["r"])
	size := e
	if e.v < 0 {
		size = e.by(-1)
	}
	z := e.mul(n.spike(size.sub(n.p["v_th"])))
	return z, values{"v": v, "r": s["r"].add(z)}
}

// An oracle is a function of the reference, named by its first word: a step, its parameters and states with
// usual values, and how its neurons are connected.
type oracle struct {
	step           single
	params, states string
	mean, dev      float64 // of the input
	recurrent      bool
	weight         float64 // of the connections, 1 for 0
	coupled        string  // before, after or in the step
	millivolts     bool
	input          bool // conductances get the input too
	graded         bool // outputs are numbers, which have a slope without spikes
}

func (o oracle) spiking() bool { return strings.Contains(o.params, "v_th") }

const (
	lifParams  = "tau_syn_inv 200 tau_mem_inv 100 v_leak 0.05 v_th 1 v_reset -0.1"
	exParams   = lifParams + " delta_T 0.5"
	adexParams = exParams + " adaptation_current 4 adaptation_spike 0.02 tau_ada_inv 2"
	exPeak     = lifParams + " delta_T 0.2 v_peak 2" // a spike takes several time steps to get there
	adexPeak   = exPeak + " adaptation_current 4 adaptation_spike 0.02 tau_ada_inv 2"
	lsnnParams = lifParams + " tau_adapt_inv 20 beta 0.5"
	cobaParams = "tau_syn_exc_inv 200 tau_syn_inh_inv 150 c_m_inv 50 g_l 0.25 e_rev_I -100 e_rev_E 60 v_rest -20 v_reset -70 v_thresh -10"
	glifParams = "tau_mem_inv 100 v_leak 0.05 v_th 1 v_reset -0.1 tau1_inv 150 jump1 -0.5 tau2_inv 20 jump2 0.2"
	izhParams  = "a 0.02 b 0.2 c -65 d 6 sq 0.04 mn 5 bias 140 v_th 30 tau_inv 250"
)

var oracles = map[string]oracle{
	"lif_feed_forward_step":      {step: stepLIF(false), params: lifParams, states: "v 0 i 0", mean: 0.5, dev: 1},
	"lif_step":                   {step: stepLIF(true), params: lifParams, states: "v 0 i 0", mean: 0.5, dev: 1, recurrent: true},
	"li_feed_forward_step":       {step: stepLI, params: "tau_syn_inv 200 tau_mem_inv 100 v_leak 0.1", states: "v 0 i 0", dev: 1},
	"li_box_feed_forward_step":   {step: stepLIBox, params: "tau_mem_inv 100 v_leak 0.1", states: "v 0", dev: 1},
	"lif_current_encoder":        {step: stepLIFBox, params: lifParams, states: "v 0", mean: 2, dev: 3},
	"lif_box_feed_forward_step":  {step: stepLIFBox, params: "tau_mem_inv 100 v_leak 0 v_th 1 v_reset 0.1", states: "v 0", mean: 2, dev: 3},
	"iaf_feed_forward_step":      {step: stepIAF, params: "v_th 1 v_reset 0.1", states: "v 0", mean: 0.2, dev: 0.5},
	"iaf_step":                   {step: stepIAF, params: "v_th 1 v_reset 0.1", states: "v 0", mean: 0.2, dev: 0.5, recurrent: true},
	"lif_ex_feed_forward_step":   {step: stepLIFEx, params: exParams, states: "v 0 i 0", mean: 0.3, dev: 0.7},
	"lif_ex_step":                {step: stepLIFEx, params: exParams, states: "v 0 i 0", mean: 0.3, dev: 0.7, recurrent: true},
	"lif_adex_feed_forward_step": {step: stepAdEx, params: adexParams, states: "v 0 i 0 a 0", mean: 0.3, dev: 0.7},
	"lif_adex_step":              {step: stepAdEx, params: adexParams, states: "v 0 i 0 a 0", mean: 0.3, dev: 0.7, recurrent: true},
	"lif_ex_current_encoder":     {step: stepLIFExBox, params: exParams, states: "v 0", mean: 1, dev: 2},
	"lif_adex_box_step":          {step: stepAdExBox, params: strings.TrimPrefix(adexParams, "tau_syn_inv 200 "), states: "v 0 a 0", mean: 1, dev: 2},
	"lif_adex_current_encoder":   {step: stepAdExEncoder, params: strings.Replace(adexParams, "tau_ada_inv 2", "tau_ada_inv 0.5", 1), states: "v 0 a 0", mean: 1, dev: 2},
	// With a peak the states begin where the potential swings up, so that some of it is held.
	"lif_ex_feed_forward_step with a peak": {step: stepLIFEx, params: exPeak, states: "v 1.7 i 0.2", mean: 0.3, dev: 0.7},
	"lif_adex_refrac_step with a peak":     {step: stepRefractory(stepAdEx), params: adexPeak + " rho_reset 2", states: "v 1.7 i 0.2 a 0 rho 0", mean: 0.5, dev: 1, recurrent: true},
	"lif_ex_current_encoder with a peak":   {step: stepLIFExBox, params: exPeak, states: "v 1.7", mean: 1, dev: 2},
	"lif_adex_box_step with a peak":        {step: stepAdExBox, params: strings.TrimPrefix(adexPeak, "tau_syn_inv 200 "), states: "v 1.7 a 0", mean: 1, dev: 2},
	"coba_lif_feed_forward_step":           {step: stepCoba, params: cobaParams, states: "v -20 g_e 0 g_i 0", dev: 3, millivolts: true},
	"coba_lif_step":                        {step: stepCoba, params: cobaParams, states: "v -20 g_e 1 g_i 0", dev: 3, recurrent: true, weight: 20, millivolts: true},
	"coba_lif_recurrent_step":              {step: stepCoba, params: cobaParams, states: "v -20 g_e 1 g_i 0", dev: 3, recurrent: true, weight: 20, millivolts: true, input: true},
	"lsnn_feed_forward_step":               {step: stepLSNN(false), params: lsnnParams, states: "v 0 i 0 b 1", mean: 0.5, dev: 1},
	"lsnn_step":                            {step: stepLSNN(true), params: lsnnParams, states: "v 0 i 0 b 1", mean: 0.5, dev: 1, recurrent: true},
	"ada_lif_step":                         {step: stepAdaLIF, params: lsnnParams, states: "v 0 i 0 b 0", mean: 0.5, dev: 1, recurrent: true},
	"lif_refrac_feed_forward_step":         {step: stepRefractory(stepLIF(false)), params: lifParams + " rho_reset 3", states: "v 0 i 0 rho 0", mean: 1, dev: 2},
	"lif_refrac_step":                      {step: stepRefractory(stepLIF(true)), params: lifParams + " rho_reset 2.5", states: "v 0 i 0 rho 0", mean: 1, dev: 2, recurrent: true},
	"lif_adex_refrac_feed_forward_step":    {step: stepRefractory(stepAdEx), params: adexParams + " rho_reset 3", states: "v 0 i 0 a 0 rho 0", mean: 0.5, dev: 1},
	"lif_adex_refrac_step":                 {step: stepRefractory(stepAdEx), params: adexParams + " rho_reset 2", states: "v 0 i 0 a 0 rho 0", mean: 0.5, dev: 1, recurrent: true},
	"lif_mc_feed_forward_step":             {step: stepLIF(false), params: lifParams, states: "v 0 i 0", mean: 0.5, dev: 1, coupled: "before"},
	"lif_mc_step":                          {step: stepLIF(true), params: lifParams, states: "v 0 i 0", mean: 0.5, dev: 1, coupled: "after", recurrent: true},
	"lif_mc_refrac_feed_forward_step":      {step: stepMCRefrac, params: lifParams + " rho_reset 3", states: "v 0 i 0 rho 0", mean: 0.5, dev: 1, coupled: "in"},
	"lif_mc_refrac_step":                   {step: stepMCRefrac, params: lifParams + " rho_reset 3", states: "v 0 i 0 rho 0", mean: 0.5, dev: 1, coupled: "in", recurrent: true},
	"resonate_step":                        {step: stepResonate, params: "tau_inv 20 omega 125 v_th 1 v_reset 0.1", states: "v 0 u 0", mean: 0.5, dev: 1},
	"qif_step":                             {step: stepQIF, params: "a 2 tau_mem_inv 100 v_leak 0.05 v_crit 0.5 v_th 1 v_reset -0.1", states: "v 0.4", mean: 1, dev: 2},
	"glif3_step":                           {step: stepGLIF3, params: glifParams, states: "v 0 i1 0.1 i2 -0.1", mean: 2, dev: 3},
	"plif_step":                            {step: stepPLIF, params: "k 0.4 v_leak 0.05 v_th 1 v_reset -0.1", states: "v 0", mean: 1, dev: 1},
	"lif_alpha_step":                       {step: stepLIFAlpha, params: lifParams, states: "v 0.2 i 0.5 g 0.2", mean: 0.5, dev: 1},
	"sigma_delta_step":                     {step: stepSigmaDelta, params: "v_th 0.3", states: "v 0.1 r 0", mean: 0.1, dev: 0.5, graded: true},
	"izhikevich_feed_forward_step":         {step: stepIzhikevich, params: izhParams, states: "v -65 u -14", mean: 25, dev: 20, millivolts: true},
	"izhikevich_recurrent_step":            {step: stepIzhikevich, params: izhParams, states: "v -65 u -14", mean: 25, dev: 20, recurrent: true, weight: 10, millivolts: true},
}

// A variation is a kind of case.
type variation struct {
	name      string
	shape     []int // of x: time, batch, neurons; of one step for none lifted
	inputs    int   // of recurrent neurons
	dt, alpha float64
	method    string
	perNeuron bool
	once      bool // not lifted
}

var variations = []variation{
	{name: "one of all", shape: []int{1, 1, 1}, inputs: 1, dt: 1e-3, method: "super", alpha: 100},
	{name: "one step", shape: []int{2, 3}, inputs: 5, dt: 2e-3, method: "circ", alpha: 0.7, once: true},
	{name: "long", shape: []int{31, 1, 2}, inputs: 3, dt: 5e-4, method: "tanh", alpha: 2},
	{name: "per neuron", shape: []int{7, 3, 4}, inputs: 2, dt: 3e-3, method: "triangle", alpha: 0.9, perNeuron: true},
	{name: "wide", shape: []int{5, 2, 9}, inputs: 1, dt: 1e-3, method: "heavi_erfc", alpha: 1.7},
	{name: "no slope", shape: []int{6, 2, 3}, inputs: 4, dt: 1e-3, method: "heaviside", alpha: 100},
	{name: "images", shape: []int{4, 2, 3, 2, 2}, dt: 1.5e-3, method: "super", alpha: 10},
	{name: "no batch", shape: []int{9, 4}, dt: 1e-3, method: "super", alpha: 30, perNeuron: true},
}

// TestOracle holds the models to cases of an independent computation.
func TestOracle(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(oracles)) {
		o := oracles[name]
		for i, v := range variations {
			if i > 1 && !long.Tests() {
				break
			}
			if (o.recurrent || o.coupled != "") && len(v.shape)+boolToInt(v.once) != 3 {
				continue // connections are between the neurons of a batch
			}
			t.Run(name+"/"+v.name, func(t *testing.T) {
				for seed := range uint64(200) {
					if c, ok := o.makeCase(name, v, seed); ok {
						neurontest.Reference(t, c)
						return
					}
				}
				t.Fatal("no case in which all potentials keep away from the threshold")
			})
		}
	}
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// pairs reads "name value name value …".
func pairs(s string) (names []string, values []float64) {
	fields := strings.Fields(s)
	for i := 0; i < len(fields); i += 2 {
		var v float64
		fmt.Sscan(fields[i+1], &v)
		names, values = append(names, fields[i]), append(values, v)
	}
	return names, values
}

// A maker draws the inputs of a case, each with a derivative of its own.
type maker struct {
	r      *rand.Rand
	total  int
	inputs map[string]graphtest.Array
	first  map[string]int // the derivative of the first element of an input
	plain  bool           // leave out derivatives
}

func (m *maker) draw(name string, shape []int, mean, dev float64) {
	a := graphtest.Array{Shape: slices.Clone(shape), Data: make([]float64, product(shape))}
	for i := range a.Data {
		a.Data[i] = mean + dev*m.r.NormFloat64()
	}
	m.inputs[name], m.first[name] = a, m.total
	m.total += len(a.Data)
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// duals returns the elements of an input with their derivatives.
func (m *maker) duals(name string) []dual {
	xs := make([]dual, len(m.inputs[name].Data))
	for i, v := range m.inputs[name].Data {
		if m.plain {
			xs[i] = num(v)
			continue
		}
		xs[i] = dual{v, make([]float64, m.total)}
		xs[i].d[m.first[name]+i] = 1
	}
	return xs
}

// through returns x Wᵀ for each sample of the batch.
func through(x, w []dual, n int) []dual {
	m := len(w) / n
	y := make([]dual, len(x)/m*n)
	for i := range y {
		sum := num(0)
		for j := range m {
			sum = sum.add(w[i%n*m+j].mul(x[i/n*m+j]))
		}
		y[i] = sum
	}
	return y
}

func each(xs []dual, f func(dual) dual) []dual {
	ys := make([]dual, len(xs))
	for i, x := range xs {
		ys[i] = f(x)
	}
	return ys
}

// makeCase draws a case and computes what it should give. It is no good if a
// potential comes so close to a threshold that rounding decides.
func (o oracle) makeCase(name string, v variation, seed uint64) (graphtest.Case, bool) {
	m := &maker{r: rand.New(rand.NewPCG(seed, 7)), inputs: map[string]graphtest.Array{}, first: map[string]int{}}
	step, steps := v.shape, 1
	if !v.once {
		step, steps = v.shape[1:], v.shape[0]
	}
	n := step[len(step)-1]
	size := product(step)
	xShape := slices.Clone(v.shape)
	if o.recurrent {
		xShape[len(xShape)-1] = v.inputs
	}
	m.draw("x", xShape, o.mean, o.dev)
	states, rest := pairs(o.states)
	for i, s := range states {
		m.draw("state."+s, step, rest[i], 0.1+0.02*math.Abs(rest[i]))
		for j := range m.inputs["state."+s].Data {
			if s == "rho" {
				m.inputs["state.rho"].Data[j] = []float64{0, 1, 2.5}[j%3]
			}
		}
	}
	weight := max(o.weight, 1)
	if o.recurrent {
		m.draw("state.z", step, 0, 0)
		for j := range m.inputs["state.z"].Data {
			m.inputs["state.z"].Data[j] = float64(j % 2)
		}
		m.draw("weights.input", []int{n, v.inputs}, 0.3, 0.5)
		m.draw("weights.recurrent", []int{n, n}, 0, 0.4*weight)
	}
	if o.coupled != "" {
		m.draw("weights.coupling", []int{n, n}, 0, map[bool]float64{true: 0.05, false: 20}[o.coupled == "in"])
	}
	function, _, _ := strings.Cut(name, " ")
	c := graphtest.Case{
		Name: v.name, Function: function, Kind: "step", Lifted: !v.once, Dt: &v.dt,
		Params: map[string]graphtest.Value{},
	}
	if o.spiking() {
		c.Params["method"], c.Params["alpha"] = graphtest.Value{Any: v.method}, graphtest.Value{Any: v.alpha}
	}
	params, usual := pairs(o.params)
	for i, p := range params {
		shape := []int{}
		if v.perNeuron {
			shape = []int{n}
		}
		m.draw("params."+p, shape, usual[i], 0.1*math.Abs(usual[i]))
		a := m.inputs["params."+p]
		c.Params[p] = graphtest.Value{Array: &a}
		if !v.perNeuron {
			c.Params[p] = graphtest.Value{Any: a.Data[0]}
		}
	}
	m.plain = true
	_, nearest := o.run(m, v, steps, size, n, states, params)
	limit := 1e-4
	if o.millivolts {
		limit = 0.05
	}
	if nearest < limit {
		return c, false
	}
	m.plain = false
	outputs, _ := o.run(m, v, steps, size, n, states, params)
	o.finish(&c, m, v, outputs, step)
	return c, true
}

// run computes the outputs: z, the final states, and the potential over time.
func (o oracle) run(m *maker, v variation, steps, size, n int, states, params []string) (map[string][]dual, float64) {
	nearest := math.Inf(1)
	x, now := m.duals("x"), map[string][]dual{}
	for _, s := range states {
		now[s] = m.duals("state." + s)
	}
	ps := map[string][]dual{}
	for _, p := range params {
		ps[p] = m.duals("params." + p)
	}
	var wIn, wRec, coupling []dual
	if o.recurrent {
		now["z"], wIn, wRec = m.duals("state.z"), m.duals("weights.input"), m.duals("weights.recurrent")
	}
	if o.coupled != "" {
		coupling = m.duals("weights.coupling")
	}
	couple := func(v []dual, dt float64) []dual {
		d := through(v, coupling, n)
		for i := range d {
			d[i] = v[i].add(d[i].by(dt))
		}
		return d
	}
	out := map[string][]dual{}
	for t := range steps {
		in := x[t*len(x)/steps : (t+1)*len(x)/steps]
		extra := map[string][]dual{}
		switch {
		case o.recurrent && now["g_e"] != nil:
			minus := func(w dual) dual { return w.by(-1).relu() }
			e, i := through(in, each(wIn, dual.relu), n), through(in, each(wIn, minus), n)
			in, extra["inhibition"] = through(now["z"], each(wRec, dual.relu), n), through(now["z"], each(wRec, minus), n)
			for k := range in {
				if o.input {
					in[k], extra["inhibition"][k] = in[k].add(e[k]), extra["inhibition"][k].add(i[k])
				}
			}
		case o.recurrent:
			in = through(in, wIn, n)
			for i, y := range through(now["z"], wRec, n) {
				in[i] = in[i].add(y)
			}
		}
		switch o.coupled {
		case "before":
			now["v"] = couple(now["v"], v.dt)
		case "in":
			extra["others"] = through(now["v"], coupling, n)
		}
		next := map[string][]dual{}
		var zs []dual
		for i := range size {
			nr := neuron{dt: v.dt, alpha: v.alpha, method: v.method, p: map[string]dual{}, nearest: &nearest}
			for _, p := range params {
				nr.p[p] = ps[p][i%len(ps[p])]
			}
			s := values{}
			for _, k := range []map[string][]dual{now, extra} {
				for name, all := range k {
					s[name] = all[i]
				}
			}
			z, after := o.step(nr, in[i], s)
			zs = append(zs, z)
			for name, y := range after {
				next[name] = append(next[name], y)
			}
		}
		if o.coupled == "after" {
			next["v"] = couple(next["v"], v.dt)
		}
		if o.recurrent {
			next["z"] = zs
		}
		now = next
		out["z"], out["trace.v"] = append(out["z"], zs...), append(out["trace.v"], now["v"]...)
	}
	for name, y := range now {
		out["state."+name] = y
	}
	return out, nearest
}

// finish writes the outputs into the case, and the gradients of a random loss.
func (o oracle) finish(c *graphtest.Case, m *maker, v variation, outputs map[string][]dual, step []int) {
	c.Inputs, c.Outputs = map[string]graphtest.Array{}, map[string]graphtest.Array{}
	c.Cotangents, c.Grads = map[string]graphtest.Array{}, map[string]graphtest.Array{}
	grad := make([]float64, m.total)
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		ys, shape := outputs[name], step
		if name == "z" || name == "trace.v" {
			shape = v.shape
		}
		switch {
		case name == "trace.v" && (v.once || !o.spiking()):
			continue
		case name == "z" && !o.spiking():
			name = "v"
		}
		a := graphtest.Array{Shape: shape}
		w := graphtest.Array{Shape: shape}
		for _, y := range ys {
			weight := m.r.NormFloat64()
			a.Data, w.Data = append(a.Data, y.v), append(w.Data, weight)
			for i, d := range y.d {
				grad[i] += weight * d
			}
		}
		c.Outputs[name], c.Cotangents[name] = a, w
		if v.method == "heaviside" && strings.HasSuffix(name, "z") && !o.graded {
			delete(c.Cotangents, name)
			for _, y := range ys {
				for _, d := range y.d {
					if d != 0 {
						panic("a heaviside has no slope")
					}
				}
			}
		}
	}
	for name, a := range m.inputs {
		g := graphtest.Array{Shape: a.Shape, Data: grad[m.first[name] : m.first[name]+len(a.Data)]}
		c.Grads[name] = g
		if !strings.HasPrefix(name, "params.") {
			c.Inputs[name] = a
		}
	}
}
