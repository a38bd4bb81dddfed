package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
)

// A workload is a network to time.
type workload struct {
	net          layers.Layer
	shape        []int
	classes      int
	steps, batch int
	rate, fires  float64    // of the input and of the spiking layers, spikes per time step
	hidden       [][]string // weights of each spiking layer, which are scaled until it fires at that rate
	neurons      int        // spiking and not
	noSelf       string     // recurrent weights, whose diagonal is 0
	positive     bool       // no weight of the spiking layers is negative
	lists        bool       // the input is lists of spikes
}

// linear has no bias, and weights N(0, 1/fan_in) before they are scaled.
func linear(out int) layers.Layer { return layers.Linear{Out: out, NoBias: true} }

func lift[S any, P graph.Params[S]](step graph.Step[S, P], p P) layers.Layer {
	return layers.Lift(step, p)
}

func feedForward(steps, batch int) workload {
	lif := lift(neurons.LIFStep, neurons.DefaultLIFParams())
	return workload{
		net: layers.Sequential{
			linear(512), lif, linear(512), lif, linear(10), lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
		},
		shape: []int{784}, classes: 10, steps: steps, batch: batch, rate: 0.05, fires: 0.05,
		hidden: [][]string{{"0.linear.w"}, {"2.linear.w"}}, neurons: 512 + 512 + 10,
	}
}

// listed is a workload with its input as lists of spikes.
func listed(w workload) workload {
	w.lists = true
	return w
}

// delayed is ff with a delay of up to 30 time steps for each connection to a hidden layer.
func delayed(d layers.Delay) workload {
	w := feedForward(100, 64)
	net := slices.Clone(w.net.(layers.Sequential))
	d.Max = 30
	for _, i := range []int{0, 2} {
		net[i] = layers.DelayedLinear{Out: 512, NoBias: true, Delay: d}
	}
	w.net = net
	return w
}

func recurrent() workload {
	p := neurons.DefaultLSNNParams()
	p.DetachReset = true
	return workload{
		net: layers.Sequential{
			linear(256), layers.Recurrent(neurons.LSNNStep, p), linear(20), lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
		},
		shape: []int{700}, classes: 20, steps: 100, batch: 64, rate: 0.03, fires: 0.05,
		hidden: [][]string{{"0.linear.w"}}, neurons: 256 + 20, noSelf: "1.recurrent.w",
	}
}

// late is rec with a delay of up to 30 time steps for each connection among the neurons.
func late(d layers.Delay) workload {
	w := recurrent()
	net := slices.Clone(w.net.(layers.Sequential))
	p := neurons.DefaultLSNNParams()
	p.DetachReset = true
	d.Max = 30
	net[1] = layers.RecurrentThrough(layers.BackLate{Delay: d}, neurons.LSNNStep, p)
	w.net = net
	return w
}

func convolutional() workload {
	lif := lift(neurons.LIFStep, neurons.DefaultLIFParams())
	return workload{
		net: layers.Sequential{
			layers.Conv2D{Out: 16, Kernel: 5, NoBias: true}, lif, layers.Pool{Size: 2},
			layers.Conv2D{Out: 32, Kernel: 5, NoBias: true}, lif, layers.Pool{Size: 2},
			layers.Flatten, linear(10), lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
		},
		shape: []int{1, 28, 28}, classes: 10, steps: 25, batch: 32, rate: 0.05, fires: 0.05,
		hidden: [][]string{{"0.conv.w"}, {"3.conv.w"}}, neurons: 16*24*24 + 32*8*8 + 10,
	}
}

// wide has two hidden layers of 2,048 neurons.
func wide() workload {
	lif := lift(neurons.LIFStep, neurons.DefaultLIFParams())
	return workload{
		net: layers.Sequential{
			linear(2048), lif, linear(2048), lif, linear(10), lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
		},
		shape: []int{2312}, classes: 10, steps: 50, batch: 64, rate: 0.02, fires: 0.03,
		hidden: [][]string{{"0.linear.w"}, {"2.linear.w"}}, neurons: 2*2048 + 10,
	}
}

// wideRecurrent has n recurrent neurons.
func wideRecurrent(n, steps, batch int) workload {
	p := neurons.DefaultLIFParams()
	return workload{
		net: layers.Sequential{
			linear(n), layers.Recurrent(neurons.LIFStep, p), linear(20), lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
		},
		shape: []int{700}, classes: 20, steps: steps, batch: batch, rate: 0.03, fires: 0.05,
		hidden: [][]string{{"0.linear.w"}}, neurons: n + 20, noSelf: "1.recurrent.w",
	}
}

// deep has six convolutions of 3×3.
func deep() workload {
	lif := lift(neurons.LIFStep, neurons.DefaultLIFParams())
	conv := func(out int) layers.Layer {
		return layers.Conv2D{Out: out, Kernel: 3, Conv: connect.Conv{Pad: 1}, NoBias: true}
	}
	w := workload{shape: []int{3, 32, 32}, classes: 10, steps: 8, batch: 16, rate: 0.5, fires: 0.1, neurons: 10}
	var net layers.Sequential
	for i, out := range []int{64, 128, 256} {
		for k := range 2 {
			w.hidden = append(w.hidden, []string{fmt.Sprintf("%d.conv.w", 5*i+2*k)})
			net = append(net, conv(out), lif)
		}
		net = append(net, layers.Pool{Size: 2})
		w.neurons += 2 * out * (32 >> i) * (32 >> i)
	}
	w.net = append(net, layers.Flatten, linear(10), lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime)
	return w
}

// BenchmarkTrainStep times one training step: forward, backward, the norm of the
// gradient, and Adam. The input is there already.
func BenchmarkTrainStep(b *testing.B) {
	for _, c := range []struct {
		name string
		w    workload
	}{{"ff", feedForward(100, 64)}, {"delays/end", delayed(layers.Delay{Fixed: true})},
		{"delays/two-steps", delayed(layers.Delay{Interpolate: true})}, {"delays/gaussian", delayed(layers.Delay{Over: 1000})}, {"long", feedForward(500, 32)}, {"long-lists", listed(feedForward(500, 32))}, {"rec", recurrent()},
		{"rec-late/end", late(layers.Delay{Fixed: true})}, {"rec-late/two-steps", late(layers.Delay{Interpolate: true})}, {"rec-late/gaussian", late(layers.Delay{Over: 1000})}, {"conv", convolutional()}, {"deep", deep()}, {"wide", wide()}, {"wide-rec", wideRecurrent(1024, 250, 64)}} {
		b.Run(c.name, c.w.bench)
	}
}

// bench times training steps.
func (w workload) bench(b *testing.B) {
	m := w.model(b, w.steps, w.batch)
	w.calibrate(b, m)
	debug.FreeOSMemory() // that of the calibration is not the workload's
	rate := w.rates(b, m)
	opt := &optim.Adam{LearningRate: 1e-3}
	params := m.valueGrads()
	require.NoError(b, m.setMode(rand.New(rand.NewPCG(1, 2)))) // what differs in training, such as the width of delays, is that of training
	step := func() {
		_, err := m.backpropagate(0)
		require.NoError(b, err)
		require.NoError(b, opt.Step(params))
	}
	step() // makes the memory that is kept from run to run
	runtime.GC()
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
	n := float64(w.steps * w.batch * w.neurons)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/neuron-step")
	b.ReportMetric(mean(rate), "spikes/neuron/step")
	b.ReportMetric(float64(m.Nodes()), "nodes")
}

// BenchmarkRate times training steps of ff with input and hidden layers firing at
// several rates. With weights of either sign no more than half of the neurons
// can be made to fire, so at high rates no weight is negative.
func BenchmarkRate(b *testing.B) {
	for _, percent := range []float64{0.5, 1, 2, 5, 10, 20, 50, 100} {
		w := feedForward(100, 64)
		w.rate, w.fires, w.positive = percent/100, percent/100, percent >= 50
		b.Run(fmt.Sprintf("%v%%", percent), w.bench)
	}
}

// BenchmarkSteps times training steps of ff over several numbers of time steps,
// of few samples, so that a long sequence stays in memory.
func BenchmarkSteps(b *testing.B) {
	for _, steps := range []int{25, 50, 100, 200, 400, 800, 1600} {
		b.Run(strconv.Itoa(steps), feedForward(steps, 16).bench)
	}
}

// BenchmarkBuild times Compile: building the graph of ff, its gradients, and
// what else comes before the first training step.
func BenchmarkBuild(b *testing.B) {
	for _, steps := range []int{25, 100, 400, 1600} {
		b.Run(strconv.Itoa(steps), func(b *testing.B) {
			w := feedForward(steps, 16)
			b.ReportAllocs()
			for b.Loop() {
				_, err := Network{Net: w.net, Shape: w.shape, Steps: steps, Batch: w.batch, Seed: 22}.Compile()
				require.NoError(b, err)
			}
		})
	}
	b.Run("layers=30", func(b *testing.B) {
		var net layers.Sequential
		for range 30 {
			net = append(net, linear(128), lift(neurons.LIFStep, neurons.DefaultLIFParams()))
		}
		net = append(net, linear(10), lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime)
		for b.Loop() {
			_, err := Network{Net: net, Shape: []int{128}, Steps: 50, Batch: 16, Seed: 22}.Compile()
			require.NoError(b, err)
		}
	})
}

// BenchmarkInference times one time step of one sample of the workloads ff and wide-rec,
// forward only.
func BenchmarkInference(b *testing.B) {
	b.Run("ff", feedForward(100, 16).infer)
	b.Run("wide-rec", wideRecurrent(1024, 250, 16).infer)
}

func (w workload) infer(b *testing.B) {
	m := w.model(b, w.steps, w.batch)
	w.calibrate(b, m)
	n := w.shape[0]
	r := rand.New(rand.NewPCG(11, 44))
	x := make([]float32, w.steps*n)
	for i := range x {
		if r.Float64() < w.rate {
			x[i] = 1
		}
	}
	s, err := m.Rest(1)
	require.NoError(b, err)
	var times []time.Duration
	b.ReportAllocs()
	for k := 0; b.Loop(); k++ {
		began := time.Now()
		at := k % w.steps * n
		if _, err := m.Step(s, x[at:at+n]); err != nil {
			b.Fatal(err)
		}
		if len(times) < 10_000 {
			times = append(times, time.Since(began))
		}
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Nanoseconds()), "ns/step(median)")
	b.ReportMetric(mean(w.rates(b, m)), "spikes/neuron/step")
}

// A time step of one sample allocates nothing once its memory is there.
func TestStepAllocatesNothing(t *testing.T) {
	w := feedForward(4, 2)
	m := w.model(t, w.steps, w.batch)
	s, err := m.Rest(1)
	require.NoError(t, err)
	x := make([]float32, w.shape[0])
	x[3] = 1
	require.Less(t, testing.AllocsPerRun(200, func() {
		if _, err := m.Step(s, x); err != nil {
			t.Fatal(err)
		}
	}), 1.)
}

func mean(x []float64) (m float64) {
	for _, v := range x {
		m += v / float64(len(x))
	}
	return m
}

// model returns the model of a workload, with random spikes and labels loaded.
func (w workload) model(b testing.TB, steps, batch int) *Model {
	b.Helper()
	m, err := Network{Net: w.net, Shape: w.shape, Steps: steps, Batch: batch, Seed: 22, SpikeInput: w.lists}.Compile()
	require.NoError(b, err)
	if w.noSelf != "" {
		v := m.weight(w.noSelf)
		n := int(math.Sqrt(float64(len(v))))
		for i := range n {
			v[i*n+i] = 0
		}
	}
	for _, names := range w.hidden {
		for _, n := range names {
			for i, v := range m.weight(n) {
				if w.positive && v < 0 {
					m.weight(n)[i] = -v
				}
			}
		}
	}
	r := rand.New(rand.NewPCG(11, 33))
	n := tensor.Shape(w.shape).TotalSize()
	s, x := connect.SpikesOf(m.x), []float32(nil)
	if s == nil {
		x = m.x.Value().(*tensor.Dense).Float32s()
		clear(x)
	}
	for i := range steps * batch * n {
		switch {
		case r.Float64() >= w.rate:
		case s != nil:
			require.NoError(b, s.Add(i/(batch*n), i/n%batch, i%n, 1))
		default:
			x[i] = 1
		}
	}
	y, weight := make([]float32, batch), make([]float32, batch)
	for i := range y {
		y[i], weight[i] = float32(r.IntN(w.classes)), 1/float32(batch)
	}
	flat.Set(m.y.Value(), y)
	flat.Set(m.w.Value(), weight)
	return m
}

// weight returns the elements of the named parameter.
func (m *Model) weight(name string) []float32 {
	i := slices.IndexFunc(m.params, func(p *Parameter) bool { return p.name == name })
	return m.params[i].value.Float32s()
}

// rates returns the rates of the spiking layers.
func (w workload) rates(b testing.TB, m *Model) []float64 {
	b.Helper()
	require.NoError(b, m.look(nil, nil))
	var rs []float64
	for _, v := range m.tested.Rates {
		rs = append(rs, flat.Number(v))
	}
	return rs
}

// calibrate scales the weights of m, layer by layer, until the hidden layers
// fire at the target rate, on a smaller batch and no more than 100 steps.
func (w workload) calibrate(b testing.TB, m *Model) {
	b.Helper()
	small := w.model(b, min(w.steps, 100), min(w.batch, 16))
	for layer, names := range w.hidden {
		var base [][]float32
		for _, n := range names {
			base = append(base, slices.Clone(small.weight(n)))
		}
		scale := func(by float64) {
			for i, n := range names {
				for j, v := range base[i] {
					small.weight(n)[j] = float32(by) * v
				}
			}
		}
		lo, hi, best, off := 0.05, 400., 1., math.Inf(1)
		for range 14 {
			by := math.Sqrt(lo * hi)
			scale(by)
			rate := w.rates(b, small)[layer]
			if d := math.Abs(rate - w.fires); d < off {
				best, off = by, d
			}
			if rate < w.fires {
				lo = by
			} else {
				hi = by
			}
		}
		scale(best)
	}
	require.NoError(b, m.SetWeights(small.Weights()))
}

// BenchmarkUnroll compares Scan with Unroll on the first layer of the workload
// ff: a linear map and leaky integrate-and-fire neurons, forward and backward.
// Both run on a machine.Machine, as a tape machine of Gorgonia's takes a time to
// compile an unrolled graph that is quadratic in the number of steps.
func BenchmarkUnroll(b *testing.B) {
	const steps, batch, in, n = 100, 64, 784, 512
	type lifter = func(xs *G.Node, p neurons.LIFParams) (*graph.Run[neurons.LIFState], error)
	for _, c := range []struct {
		name string
		lift lifter
	}{
		{"ff-small", func(xs *G.Node, p neurons.LIFParams) (*graph.Run[neurons.LIFState], error) {
			return graph.Unroll(neurons.LIFStep, xs, nil, p)
		}},
		{"ff-small-scan", func(xs *G.Node, p neurons.LIFParams) (*graph.Run[neurons.LIFState], error) {
			return graph.Scan(neurons.LIFStep, xs, nil, p)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(11, 33))
			g := G.NewGraph()
			x := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(steps, batch, in))
			for i := range x.Float32s() {
				if r.Float64() < 0.05 {
					x.Float32s()[i] = 1
				}
			}
			xs, err := graph.Input(g, "x", x)
			require.NoError(b, err)
			build := layers.NewBuild(22)
			i, err := linear(n).Apply(build, xs)
			require.NoError(b, err)
			run, err := c.lift(i, neurons.DefaultLIFParams())
			require.NoError(b, err)
			var bl graph.Builder
			cost := bl.Reduce(run.Out, nil)
			require.NoError(b, bl.Err())
			grads, _, err := graph.Grad(cost, build.Params...)
			require.NoError(b, err)
			m, err := machine.New(append(grads, cost)...)
			require.NoError(b, err)
			require.NoError(b, m.Run())
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, m.Run())
			}
			b.ReportMetric(float64(len(g.AllNodes())), "nodes")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(steps*batch*n), "ns/neuron-step")
		})
	}
}
