package nir_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/nir"
)

// run imports a network and runs it.
func run(t *testing.T, g *nir.Graph, dt float64, x []float64, o nir.Options) []float64 {
	t.Helper()
	n, err := nir.Import(g, dt, o)
	require.NoError(t, err)
	y, err := n.Run(x)
	require.NoError(t, err)
	return y
}

// A neuron in a straight line: what the format says of all of them.
type neuron struct {
	tauSyn, tauMem, r, leak, th, reset, wIn float64
	noLeak, noSyn, silent                   bool
	v, i                                    float64
}

func (n *neuron) step(x, dt float64) float64 {
	drive := x
	if !n.noSyn {
		n.i += dt / n.tauSyn * (-n.i + n.wIn*x)
		drive = n.i
	}
	if n.noLeak {
		n.v += dt * n.r * drive
	} else {
		n.v += dt / n.tauMem * ((n.leak - n.v) + n.r*drive)
	}
	if n.silent {
		return n.v
	}
	if n.v > n.th {
		n.v = n.reset
		return 1
	}
	return 0
}

// draw returns neurons of a type with random parameters, and their node.
func draw(r *rand.Rand, kind string, n int) ([]*neuron, *nir.Node) {
	var ns []*neuron
	p := map[string][]float64{}
	for range n {
		c := &neuron{tauSyn: 2e-3 + 8e-3*r.Float64(), tauMem: 3e-3 + 9e-3*r.Float64(), r: 1 + 3*r.Float64(), leak: 0.1 * r.Float64(), th: 0.5 + r.Float64(), reset: 0.2 * r.Float64(), wIn: 1 + 4*r.Float64()}
		c.noSyn = !strings.HasPrefix(kind, "Cuba")
		c.noLeak = strings.HasPrefix(kind, "I")
		c.silent = kind == "LI" || kind == "I" || kind == "CubaLI"
		if c.noLeak {
			c.r *= 100
			c.v = c.reset
		} else {
			c.v = c.leak
		}
		if kind == "I" {
			c.v = 0
		}
		ns = append(ns, c)
		for name, v := range map[string]float64{"tau_syn": c.tauSyn, "tau_mem": c.tauMem, "tau": c.tauMem, "r": c.r, "v_leak": c.leak, "v_threshold": c.th, "v_reset": c.reset, "w_in": c.wIn} {
			p[name] = append(p[name], v)
		}
	}
	fields := map[string]string{
		"I": "r", "IF": "r v_threshold v_reset", "LI": "tau r v_leak", "LIF": "tau r v_leak v_threshold v_reset",
		"CubaLI": "tau_syn tau_mem r v_leak w_in", "CubaLIF": "tau_syn tau_mem r v_leak v_threshold v_reset w_in",
	}
	ps := params{}
	for _, name := range strings.Fields(fields[kind]) {
		ps[name] = f8(p[name], n)
	}
	return ns, node(kind, ps)
}

var neuronTypes = []string{"I", "IF", "LI", "LIF", "CubaLI", "CubaLIF"}

// Neurons of each type are the equations of the format by Euler's method, in float64 up
// to rounding.
func TestNeurons(t *testing.T) {
	const n, steps, dt = 7, 200, 1e-3
	r := rand.New(rand.NewPCG(3, 4))
	for _, kind := range neuronTypes {
		ns, node := draw(r, kind, n)
		x := uniform(r, n*steps, 0, 1.5)
		y := run(t, chain([]int64{n}, []int64{n}, node), dt, x, nir.Options{})
		spikes := 0.0
		for i := range y {
			want := ns[i%n].step(x[i], dt)
			require.InDelta(t, want, y[i], 1e-11, "%s, step %d", kind, i/n)
			spikes += want
		}
		require.NotZero(t, spikes)
	}
}

// With exponential integration a leak is what its differential equation says, between
// spikes and for inputs that are held: in closed form.
func TestClosedForm(t *testing.T) {
	const tau, r, leak, dt, steps = 7e-3, 2.5, 0.3, 1e-3, 50
	x := make([]float64, steps)
	for i := range x {
		x[i] = 0.8
	}
	li := chain([]int64{1}, []int64{1}, node("LI", params{"tau": f8([]float64{tau}, 1), "r": f8([]float64{r}, 1), "v_leak": f8([]float64{leak}, 1)}))
	y := run(t, li, dt, x, nir.Options{Integration: graph.Exponential})
	for i, v := range y {
		at := float64(i+1) * dt
		require.InDelta(t, leak+r*0.8*(1-math.Exp(-at/tau)), v, 1e-12)
	}
	// A spike that comes into a CubaLI at 0 is a current that decays, and the potential
	// is the difference of two exponentials.
	const syn = 4e-3
	cuba := chain([]int64{1}, []int64{1}, node("CubaLI", params{
		"tau_syn": f8([]float64{syn}, 1), "tau_mem": f8([]float64{tau}, 1), "r": f8([]float64{r}, 1), "v_leak": f8([]float64{0}, 1), "w_in": f8([]float64{syn / dt}, 1),
	}))
	clear(x)
	x[0] = 1
	y = run(t, cuba, dt, x, nir.Options{Integration: graph.Exponential})
	for i, v := range y {
		at := float64(i+1) * dt
		require.InDelta(t, r*syn/(syn-tau)*(math.Exp(-at/syn)-math.Exp(-at/tau)), v, 1e-12)
	}
	// Euler's method comes there as the step gets shorter, by the first power of it.
	var off [2]float64
	for k, dt := range []float64{1e-4, 5e-5} {
		n := int(math.Round(10e-3 / dt))
		x := make([]float64, n)
		for i := range x {
			x[i] = 0.8
		}
		y := run(t, li, dt, x, nir.Options{})
		off[k] = math.Abs(y[n-1] - (leak + r*0.8*(1-math.Exp(-10e-3/tau))))
	}
	require.InDelta(t, 2, off[0]/off[1], 0.05)
}

// Neurons without a leak whose r are all 1 count in steps; that is in the report.
func TestUnits(t *testing.T) {
	g := func(r, tau float64) *nir.Graph {
		nodes := []*nir.Node{node("IF", params{"r": f8([]float64{r}, 1), "v_threshold": f8([]float64{2.5}, 1)})}
		if tau > 0 {
			nodes = append(nodes, node("LI", params{"tau": f8([]float64{tau}, 1), "r": f8([]float64{1}, 1), "v_leak": f8([]float64{0}, 1)}))
		}
		return chain([]int64{1}, []int64{1}, nodes...)
	}
	x := []float64{1, 1, 1, 1, 1, 1}
	require.Equal(t, []float64{0, 0, 1, 0, 0, 1}, run(t, g(1, 0), 1e-3, x, nir.Options{}))
	require.Equal(t, []float64{0, 0, 1, 0, 0, 1}, run(t, g(1000, 0), 1e-3, x, nir.Options{})) // SpikingJelly's
	require.Equal(t, make([]float64, 6), run(t, g(1, 0.01), 1e-3, x, nir.Options{}))
	steps := run(t, g(1, 20), 1e-3, x, nir.Options{Steps: true}) // Sinabs'
	require.InDelta(t, 1.0/20, steps[2], 1e-15)
	n, err := nir.Import(g(1, 0), 1e-3, nir.Options{})
	require.NoError(t, err)
	require.Equal(t, "all: units: all r are 1 and there are no time constants: an input of 1 moves a potential by 1 a step, not by dt = 0.001\n"+
		"n0: integration: v ← v + gain x, exact for an input that is held over a time step\n"+
		"n0: reset: a spike where v > v_threshold, then v ← 0, as the file gives no v_reset, in the same step\n"+
		"n0: start: v = v_reset\nn0: input: gain = r = 1\n", n.Report().String())
	n, err = nir.Import(g(1, 20), 1e-3, nir.Options{})
	require.NoError(t, err)
	require.Contains(t, n.Report().String(), "n1: units: a time constant is 20 s: if the file counts in steps, as those of Sinabs do, ask for that\n")
}

// Two populations that reach each other: what goes forward arrives in the same step, what
// goes back one step later; bias and branches add up.
func TestLoop(t *testing.T) {
	const n, m, steps, dt = 4, 3, 120, 1e-3
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(5, seed))
		as, a := draw(r, neuronTypes[1+2*(seed%3)], n)
		bs, b := draw(r, "LIF", m)
		w := map[string][]float64{"ab": uniform(r, n*m, -1, 2), "ba": uniform(r, n*m, -1, 1), "aa": uniform(r, n*n, -1, 1), "bias": uniform(r, n, -0.2, 0.2), "xb": uniform(r, n*m, -1, 1), "out": uniform(r, 2*n, -1, 1), "bout": uniform(r, 2*m, -1, 1)}
		g := &nir.Graph{Nodes: map[string]*nir.Node{
			"input": node("Input", params{"shape": list(n)}), "output": node("Output", params{"shape": list(2)}),
			"a": a, "b": b,
			"ab": node("Linear", params{"weight": f8(w["ab"], m, n)}), "ba": node("Linear", params{"weight": f8(w["ba"], n, m)}),
			"aa":  node("Affine", params{"weight": f8(w["aa"], n, n), "bias": f8(w["bias"], n)}),
			"out": node("Linear", params{"weight": f8(w["out"], 2, n)}), "bout": node("Linear", params{"weight": f8(w["bout"], 2, m)}),
			"xb": node("Linear", params{"weight": f8(w["xb"], m, n)}),
		}}
		for _, e := range strings.Fields("input-a a-ab ab-b b-ba ba-a a-aa aa-a aa-out out-output b-bout bout-output") {
			from, to, _ := strings.Cut(e, "-")
			g.Edges = append(g.Edges, nir.Edge{From: from, To: to})
		}
		two := seed >= 3 // the second population is reached from outside, too
		if two {
			g.Edges = append(g.Edges, nir.Edge{From: "input", To: "xb"}, nir.Edge{From: "xb", To: "b"})
		} else {
			delete(g.Nodes, "xb")
		}
		x := uniform(r, n*steps, 0, 1.5)
		y := run(t, g, dt, x, nir.Options{})
		mul := func(w []float64, v []float64) []float64 {
			out := make([]float64, len(w)/len(v))
			for i := range out {
				for j, x := range v {
					out[i] += w[i*len(v)+j] * x
				}
			}
			return out
		}
		add := func(vs ...[]float64) []float64 {
			out := make([]float64, len(vs[0]))
			for _, v := range vs {
				for i := range v {
					out[i] += v[i]
				}
			}
			return out
		}
		za, zb := make([]float64, n), make([]float64, m)
		fired := 0.0
		for k := range steps {
			in := x[k*n : (k+1)*n]
			ia := add(in, mul(w["ba"], zb), mul(w["aa"], za), w["bias"])
			for i := range za {
				za[i] = as[i].step(ia[i], dt)
				fired += za[i]
			}
			ib := mul(w["ab"], za)
			if two {
				ib = add(ib, mul(w["xb"], in))
			}
			for i := range zb {
				zb[i] = bs[i].step(ib[i], dt)
				fired += zb[i]
			}
			want := add(mul(w["out"], add(mul(w["aa"], za), w["bias"])), mul(w["bout"], zb))
			for i := range want {
				require.InDelta(t, want[i], y[2*k+i], 1e-9, "seed %d, step %d", seed, k)
			}
		}
		require.Greater(t, fired, 20.0)
	}
}

// A graph in a graph is what it is without.
func TestNested(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	_, lif := draw(r, "CubaLIF", 3)
	w := node("Linear", params{"weight": f8(uniform(r, 9, -1, 1), 3, 3)})
	flat := chain([]int64{3}, []int64{3}, lif)
	flat.Nodes["w"] = w
	flat.Edges = append(flat.Edges, nir.Edge{From: "n0", To: "w"}, nir.Edge{From: "w", To: "n0"})
	inner := chain([]int64{3}, []int64{3}, lif)
	inner.Nodes["w"] = w
	inner.Edges = append(inner.Edges, nir.Edge{From: "n0", To: "w"}, nir.Edge{From: "w", To: "n0"})
	nested := chain([]int64{3}, []int64{3}, &nir.Node{Type: "NIRGraph", Graph: inner})
	x := uniform(r, 3*100, 0, 2)
	require.Equal(t, run(t, flat, 1e-3, x, nir.Options{}), run(t, nested, 1e-3, x, nir.Options{}))
	n, err := nir.Import(nested, 1e-3, nir.Options{})
	require.NoError(t, err)
	require.Contains(t, n.Report().String(), "n0.n0 → n0.n0: delay: spikes come there one time step later")
}

// Maps without a state, in plain Go.
func TestMaps(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	const steps = 9
	// A delay moves each element by its own time.
	ds := []int{0, 1, 5, 70}
	at := make([]float64, len(ds))
	for i, d := range ds {
		at[i] = float64(d) * 1e-3
	}
	x := uniform(r, 4*100, 0, 1)
	y := run(t, chain([]int64{4}, []int64{4}, node("Delay", params{"delay": f8(at, 4)})), 1e-3, x, nir.Options{})
	for i := range y {
		if j := i - 4*ds[i%4]; j >= 0 {
			require.Equal(t, x[j], y[i])
		} else {
			require.Zero(t, y[i])
		}
	}
	// A convolution along one axis, with padding, stride and dilation.
	const in, out, length, k, pad, stride, dil = 2, 3, 11, 3, 2, 2, 2
	const res = (length+2*pad-dil*(k-1)-1)/stride + 1
	w, bias := uniform(r, out*in*k, -1, 1), uniform(r, out, -1, 1)
	conv := node("Conv1d", params{
		"weight": f8(w, out, in, k), "bias": f8(bias, out), "stride": i8(stride), "padding": i8(pad), "dilation": i8(dil), "groups": i8(1), "input_shape": i8(length),
	})
	x = uniform(r, steps*in*length, -1, 1)
	y = run(t, chain([]int64{in, length}, []int64{out, res}, conv), 1e-3, x, nir.Options{})
	require.Len(t, y, steps*out*res)
	for s := range steps {
		for o := range out {
			for j := range res {
				want := bias[o]
				for c := range in {
					for l := range k {
						if p := stride*j + dil*l - pad; p >= 0 && p < length {
							want += w[(o*in+c)*k+l] * x[(s*in+c)*length+p]
						}
					}
				}
				require.InDelta(t, want, y[(s*out+o)*res+j], 1e-12)
			}
		}
	}
	images(t, r)
	// Scale, threshold, sum of 2×2 pixels.
	x = uniform(r, steps*16, -1, 1)
	sc, th := uniform(r, 4, 1, 2), uniform(r, 4, -0.5, 0.5)
	y = run(t, chain([]int64{1, 4, 4}, []int64{4},
		node("SumPool2d", params{"kernel_size": list(2, 2), "stride": list(2, 2), "padding": list(0, 0)}),
		node("Flatten", params{"input_type": list(1, 2, 2), "start_dim": i8(0), "end_dim": i8(-1)}),
		node("Scale", params{"scale": f8(sc, 4)}), node("Threshold", params{"threshold": f8(th, 4)})), 1e-3, x, nir.Options{})
	for i, z := range y {
		s, p := i/4, i%4
		sum := 0.0
		for _, d := range []int{0, 1, 4, 5} {
			sum += x[s*16+p/2*8+p%2*2+d]
		}
		want := 0.0
		if sc[p]*sum > th[p] {
			want = 1
		}
		require.Equal(t, want, z)
	}
}

// What cannot be imported is refused by the name of the node.
func TestImportRefuses(t *testing.T) {
	linear := func() *nir.Node { return node("Linear", params{"weight": f8([]float64{1, 0, 0, 1}, 2, 2)}) }
	edge := func(g *nir.Graph, from, to string) *nir.Graph {
		g.Edges = append(g.Edges, nir.Edge{From: from, To: to})
		return g
	}
	pool := chain([]int64{1, 4, 4}, []int64{1, 6, 6}, node("AvgPool2d", params{"kernel_size": list(3, 3), "stride": list(1, 1), "padding": list(2, 2)}))
	tau := chain([]int64{1}, []int64{1}, node("LI", params{"tau": f8([]float64{0}, 1), "r": f8([]float64{1}, 1), "v_leak": f8([]float64{0}, 1)}))
	for want, g := range map[string]*nir.Graph{
		`nir: import: the nodes ["n1" "n0"] are a loop without a neuron in it`:                      edge(chain([]int64{2}, []int64{2}, linear(), linear()), "n1", "n0"),
		"nir: import: node n0: padding: 2 for windows of 3, want at most half of it":                pool,
		"nir: import: node n0: tau: element 0 is 0, want more than 0":                               tau,
		"nir: import: node n0: delay: element 0 is 10 s, which are 10000 time steps of 0.001 s":     chain([]int64{1}, []int64{1}, node("Delay", params{"delay": f8([]float64{10}, 1)})),
		"nir: import: node n0: delay: element 0 is -1 s, which are -1000 time steps of 0.001 s":     chain([]int64{1}, []int64{1}, node("Delay", params{"delay": f8([]float64{-1}, 1)})),
		"nir: import: node n0: weight: shape is [3 2 2], want [out in]: maps that differ along oth": chain([]int64{3, 2}, []int64{3, 2}, node("Linear", params{"weight": f8(make([]float64, 12), 3, 2, 2)})),
	} {
		_, err := nir.Import(g, 1e-3, nir.Options{})
		require.ErrorContains(t, err, want)
	}
	for _, dt := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		_, err := nir.Import(chain([]int64{2}, []int64{2}, linear()), dt, nir.Options{})
		require.ErrorContains(t, err, "s, want a finite number above 0")
	}
}

// images holds a convolution in groups, with other settings on each axis, and poolings of
// windows that are not square to plain Go.
func images(t *testing.T, r *rand.Rand) {
	const in, out, h, w, kh, kw, groups = 4, 6, 7, 8, 3, 2, 2
	const oh, ow = (h+2*1-3-1+1)/2 + 1, (w+2*0-3)/1 + 1 // dilation 1 and 2, stride 2 and 1
	weight, bias := uniform(r, out*in/groups*kh*kw, -1, 1), uniform(r, out, -1, 1)
	x := uniform(r, 2*in*h*w, -1, 1)
	conv := node("Conv2d", params{
		"weight": f8(weight, out, in/groups, kh, kw), "bias": f8(bias, out), "input_shape": list(h, w),
		"stride": list(2, 1), "padding": list(1, 0), "dilation": list(1, 2), "groups": i8(groups),
	})
	y := run(t, chain([]int64{in, h, w}, []int64{out, oh, ow}, conv), 1e-3, x, nir.Options{})
	for i := range y {
		s, o, p, q := i/(out*oh*ow), i/(oh*ow)%out, i/ow%oh, i%ow
		want := bias[o]
		for c := range in / groups {
			for k := range kh {
				for l := range kw {
					yy, xx := 2*p+k-1, q+2*l
					if yy >= 0 && yy < h && xx < w {
						want += weight[((o*in/groups+c)*kh+k)*kw+l] * x[((s*in+o/(out/groups)*(in/groups)+c)*h+yy)*w+xx]
					}
				}
			}
		}
		require.InDelta(t, want, y[i], 1e-12)
	}
	for kind, part := range map[string]float64{"SumPool2d": 1, "AvgPool2d": 1.0 / 6} {
		pool := node(kind, params{"kernel_size": list(3, 2), "stride": list(2, 1), "padding": list(1, 0)})
		y := run(t, chain([]int64{in, h, w}, []int64{in, 4, w - 1}, pool), 1e-3, x, nir.Options{})
		for i := range y {
			c, p, q := i/(4*(w-1)), i/(w-1)%4, i%(w-1)
			want := 0.0
			for k := range 3 {
				for l := range 2 {
					if yy := 2*p + k - 1; yy >= 0 && yy < h {
						want += part * x[(c*h+yy)*w+q+l]
					}
				}
			}
			require.InDelta(t, want, y[i], 1e-12)
		}
	}
}
