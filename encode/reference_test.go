package encode_test

import (
	"cmp"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/surrogate"
)

// owned are the functions of the reference values that this package answers
// for, each with its check.
var owned = map[string]func(*testing.T, graphtest.Case){
	"constant_current_lif_encode":               nodes(currentEncoder(encode.ConstantCurrentLIF)),
	"spike_latency_lif_encode":                  nodes(currentEncoder(encode.SpikeLatencyLIF)),
	"spike_latency_encode":                      nodes(spikeLatency),
	"gaussian_rbf":                              nodes(gaussianRBF),
	"euclidean_distance":                        nodes(squaredDistance),
	"population_encode":                         nodes(population),
	"sum_decode":                                nodes(sum),
	"ToSpikeTimes":                              nodes(spikeTimes),
	"exp_filter_step":                           nodes(filter),
	"gaussian_kernel":                           nodes(gaussianKernel),
	"covariance_matrix":                         nodes(covarianceMatrix),
	"spatial_receptive_field":                   nodes(spatialField),
	"spatial_receptive_fields_with_derivatives": nodes(spatialFields),
	"spatial_parameters":                        spatialParameters,
	"temporal_scale_distribution":               temporalScales,
	"poisson_encode":                            poisson,
	"poisson_encode_step":                       poisson,
	"signed_poisson_encode":                     poisson,
	"signed_poisson_encode_step":                poisson,
}

func TestReference(t *testing.T) {
	dir := cmp.Or(os.Getenv("REFERENCE_DIR"), "testdata/reference")
	for _, c := range graphtest.Cases(t, dir) {
		check, ok := owned[c.Function]
		if !ok {
			// A folder with the cases of all packages has those of others.
			require.NotEqual(t, "testdata/reference", dir, "no such function: %s", c.Function)
			continue
		}
		t.Run(c.Function+"/"+c.Name, func(t *testing.T) { check(t, c) })
	}
}

// params hands out the parameters of a case, each of which must be asked for.
type params struct {
	t    *testing.T
	left map[string]graphtest.Value
}

func paramsOf(t *testing.T, c graphtest.Case) *params {
	p := &params{t, map[string]graphtest.Value{}}
	for name, v := range c.Params {
		p.left[name] = v
	}
	return p
}

func (p *params) any(name string) any {
	p.t.Helper()
	v, ok := p.left[name]
	require.True(p.t, ok, "no parameter %s", name)
	delete(p.left, name)
	return v.Any
}

// number returns a parameter, 0 for one that is null.
func (p *params) number(name string) float64 {
	p.t.Helper()
	f, _ := p.any(name).(float64)
	return f
}

func (p *params) integer(name string) int {
	p.t.Helper()
	return int(p.number(name))
}

func (p *params) done() { require.Empty(p.t, p.left, "unknown parameters") }

// A nodeCase is a case to be checked as nodes of a graph.
type nodeCase struct {
	*params
	graphtest.Case
	g  *G.ExprGraph
	dt tensor.Dtype
	in map[string]*G.Node // inputs, and "params.…" that are learnt
}

// input returns the node of an input of the case.
func (c nodeCase) input(name string) *G.Node {
	c.t.Helper()
	a, ok := c.Inputs[name]
	require.True(c.t, ok, "no input %s", name)
	n := graphtest.Node(c.g, c.dt, name, a.Shape, a.Data)
	c.in[name] = n
	return n
}

// learnt returns a parameter with a gradient in the case.
func (c nodeCase) learnt(name string) graph.Param {
	c.t.Helper()
	v := c.number(name)
	if _, ok := c.Grads["params."+name]; !ok {
		return graph.Const(v)
	}
	n := graphtest.Node(c.g, c.dt, "params."+name, nil, []float64{v})
	c.in["params."+name] = n
	return graph.Learn(n)
}

// nodes returns the check of a function that build makes the nodes of: outputs
// and gradients, in float64 and float32.
func nodes(build func(c nodeCase) map[string]*G.Node) func(*testing.T, graphtest.Case) {
	return func(t *testing.T, rc graphtest.Case) {
		for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-9, tensor.Float32: 1e-4} {
			t.Run(dt.String(), func(t *testing.T) {
				c := nodeCase{params: paramsOf(t, rc), Case: rc, g: G.NewGraph(), dt: dt, in: map[string]*G.Node{}}
				outs := build(c)
				c.done()
				c.compare(outs, tol)
			})
		}
	}
}

func (c nodeCase) compare(outs map[string]*G.Node, tol float64) {
	t := c.t
	require.Len(t, outs, len(c.Outputs))
	for name := range c.Inputs {
		require.Contains(t, c.in, name, "unknown input")
	}
	var names []string
	var nodes, losses []*G.Node
	var weights [][]float64
	for name, n := range outs {
		require.Equal(t, c.Outputs[name].Shape, append([]int{}, n.Shape()...), "shape of %s", name)
		names, nodes = append(names, name), append(nodes, n)
		if w, ok := c.Cotangents[name]; ok {
			losses, weights = append(losses, n), append(weights, w.Data)
		}
	}
	values := [][]float64(nil)
	if len(c.Grads) == 0 {
		values = graphtest.Eval(t, nodes...)
	} else {
		var wrt []*G.Node
		var grads []string
		for name := range c.Grads {
			if name == "params.tau_syn_inv" {
				// These neurons have no synapse, so that there is no such parameter.
				require.Zero(t, c.Grads[name].Data[0])
				continue
			}
			require.Contains(t, c.in, name)
			wrt, grads = append(wrt, c.in[name]), append(grads, name)
		}
		var ds [][]float64
		ds, values = graphtest.Grads(t, graphtest.Loss(t, losses, weights), wrt, nodes)
		for i, name := range grads {
			graphtest.Close(t, "gradient of "+name, c.Grads[name].Data, ds[i], tol)
		}
	}
	for i, name := range names {
		if name == "z" || name == "times" {
			require.Equal(t, c.Outputs[name].Data, values[i], name)
			continue
		}
		graphtest.Close(t, name, c.Outputs[name].Data, values[i], tol)
	}
}

// one returns the outputs of a function that has one.
func (c nodeCase) one(name string, n *G.Node, err error) map[string]*G.Node {
	c.t.Helper()
	require.NoError(c.t, err)
	return map[string]*G.Node{name: n}
}

func currentEncoder(encoder func(*G.Node, int, neurons.LIFBoxParams) (*G.Node, error)) func(nodeCase) map[string]*G.Node {
	return func(c nodeCase) map[string]*G.Node {
		spike, err := surrogate.ByName(c.any("method").(string), c.number("alpha"))
		require.NoError(c.t, err)
		c.any("tau_syn_inv") // not used
		p := neurons.DefaultLIFBoxParams()
		p.TauMemInv, p.VLeak = c.learnt("tau_mem_inv"), c.learnt("v_leak")
		p.VTh, p.VReset = c.learnt("v_th"), c.learnt("v_reset")
		p.Dt, p.Spike = *c.Dt, spike
		z, err := encoder(c.input("x"), c.integer("seq_length"), p)
		return c.one("z", z, err)
	}
}

func spikeLatency(c nodeCase) map[string]*G.Node {
	z, err := encode.SpikeLatency(c.input("x"))
	return c.one("z", z, err)
}

func gaussianRBF(c nodeCase) map[string]*G.Node {
	y, err := encode.GaussianRBF(c.input("x"), c.number("sigma"))
	return c.one("y", y, err)
}

func squaredDistance(c nodeCase) map[string]*G.Node {
	d, err := encode.SquaredDistance(c.input("x"), c.input("y"))
	return c.one("d", d, err)
}

func population(c nodeCase) map[string]*G.Node {
	y, err := encode.Population(c.input("x"), encode.PopulationParams{Features: c.integer("out_features"), Scale: c.number("scale")})
	return c.one("y", y, err)
}

func sum(c nodeCase) map[string]*G.Node {
	y, err := encode.Sum(c.input("x"), c.integer("dimension"))
	return c.one("y", y, err)
}

func spikeTimes(c nodeCase) map[string]*G.Node {
	y, err := encode.SpikeTimes(c.input("x"), c.integer("spike_count"))
	return c.one("times", y, err)
}

func filter(c nodeCase) map[string]*G.Node {
	run, err := graph.Scan(encode.FilterStep, c.input("new"), &encode.FilterState{Value: c.input("old")},
		encode.FilterParams{Decay: graph.Const(c.number("parameter"))})
	require.NoError(c.t, err)
	final, err := run.Final()
	require.NoError(c.t, err)
	return map[string]*G.Node{"trace.value": run.Out, "value": final.Value}
}

func gaussianKernel(c nodeCase) map[string]*G.Node {
	k, err := encode.GaussianKernel(c.input("c"), c.input("x"), c.input("y"), c.integer("size"), c.number("domain"))
	return c.one("kernel", k, err)
}

func covarianceMatrix(c nodeCase) map[string]*G.Node {
	m, err := encode.CovarianceMatrix(c.input("sigma1"), c.input("sigma2"), c.input("phi"))
	return c.one("c", m, err)
}

func spatialField(c nodeCase) map[string]*G.Node {
	k, err := encode.SpatialReceptiveField(encode.SpatialField{
		Scale: c.input("scale"), Angle: c.input("angle"), Ratio: c.input("ratio"), X: c.input("x"), Y: c.input("y"),
		DX: c.integer("dx"), DY: c.integer("dy"),
	}, c.integer("size"), c.number("domain"))
	return c.one("kernel", k, err)
}

func spatialFields(c nodeCase) map[string]*G.Node {
	k, err := encode.SpatialReceptiveFields(c.input("combinations"), c.integer("size"), c.number("domain"))
	return c.one("kernels", k, err)
}

func spatialParameters(t *testing.T, c graphtest.Case) {
	p := paramsOf(t, c)
	set := encode.SpatialSet{
		Scales: c.Inputs["scales"].Data, Angles: c.Inputs["angles"].Data, Ratios: c.Inputs["ratios"].Data,
		X: c.Inputs["x"].Data, Y: c.Inputs["y"].Data, Replicas: p.any("include_replicas").(bool),
	}
	switch d := p.any("derivatives").(type) {
	case float64:
		var err error
		set.Derivatives, err = encode.Derivatives(int(d))
		require.NoError(t, err)
	case []any:
		for _, pair := range d {
			pair := pair.([]any)
			set.Derivatives = append(set.Derivatives, [2]int{int(pair[0].(float64)), int(pair[1].(float64))})
		}
	}
	p.done()
	require.Len(t, c.Inputs, 5)
	got, err := encode.SpatialParameters[float64](set)
	require.NoError(t, err)
	require.Equal(t, c.Outputs["parameters"].Shape, []int(got.Shape()))
	graphtest.Close(t, "parameters", c.Outputs["parameters"].Data, got.Data().([]float64), 1e-9)
	got, err = encode.SpatialParameters[float32](set)
	require.NoError(t, err)
	graphtest.Close(t, "parameters", c.Outputs["parameters"].Data, graphtest.Floats(got), 1e-4)
}

func temporalScales(t *testing.T, c graphtest.Case) {
	p := paramsOf(t, c)
	got, err := encode.TemporalScales{
		N: p.integer("n_scales"), Min: p.number("min_scale"), Max: p.number("max_scale"), C: p.number("c"),
	}.Values()
	p.done()
	require.NoError(t, err)
	graphtest.Close(t, "scales", c.Outputs["scales"].Data, got, 1e-9)
}

// poisson checks the mean of each element over all draws, and the number of
// spikes.
func poisson(t *testing.T, c graphtest.Case) {
	t.Run("float32", func(t *testing.T) { poissonOf[float32](t, c) })
	t.Run("float64", func(t *testing.T) { poissonOf[float64](t, c) })
}

func poissonOf[F float32 | float64](t *testing.T, c graphtest.Case) {
	p := paramsOf(t, c)
	pp := encode.PoissonParams{FMax: p.number("f_max"), Dt: *c.Dt}
	steps, calls := 1, c.Trials
	if !strings.HasSuffix(c.Function, "_step") {
		steps = p.integer("seq_length")
		calls = c.Trials / steps
	}
	pp.Signed = strings.HasPrefix(c.Function, "signed")
	p.done()
	x := make([]F, len(c.Inputs["x"].Data))
	for i, v := range c.Inputs["x"].Data {
		x[i] = F(v)
	}
	r := rand.New(rand.NewPCG(7, 0))
	sums, count := make([]float64, len(x)), 0.0
	dst := make([]F, steps*len(x))
	for range calls {
		require.NoError(t, encode.Poisson(dst, x, steps, pp, r))
		for i, z := range dst {
			sums[i%len(x)] += float64(z)
			if z != 0 {
				count++
			}
		}
	}
	allowed := func(name string) []any { return c.Tolerance[name].(map[string]any)["data"].([]any) }
	for i, s := range sums {
		require.InDelta(t, c.Outputs["mean"].Data[i], s/float64(c.Trials), allowed("mean")[i].(float64), "mean of element %d", i)
	}
	require.InDelta(t, c.Outputs["count"].Data[0], count, allowed("count")[0].(float64))
}
