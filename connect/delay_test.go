package connect_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
)

// A delayed is a use of Delay, or with out > 0 of DelayedLinear.
type delayed struct {
	steps, batch, in, places, out, max int
	width                              float64
	interpolate, entered               bool
	share                              float64 // of x that is not 0
	ones                               bool
}

func (c delayed) String() string {
	kind := "delay"
	if c.out > 0 {
		kind = "linear"
	}
	return fmt.Sprintf("%s width %v interpolate %t entered %t steps %d ones %t", kind, c.width, c.interpolate, c.entered, c.steps, c.ones)
}

// n is how many elements of a sample are delayed, and at how many are given positions.
func (c delayed) n() int {
	if c.out > 0 {
		return c.out
	}
	return c.in * c.places
}

// kappa is the definition of the weights.
func (c delayed) kappa(k int, p float64) float64 {
	p = math.Min(math.Max(p, 0), float64(c.max))
	switch {
	case c.width == 0 && float64(k) == math.Floor(p+0.5):
		return 1
	case c.width == 0:
		return 0
	case c.interpolate:
		return math.Max(0, 1-math.Abs(float64(k)-p))
	}
	var sum float64
	near := math.Abs(math.Floor(p+0.5) - p) // of a common factor nothing is left
	of := func(j int) float64 {
		return math.Exp((near*near - math.Pow(float64(j)-p, 2)) / (2 * c.width * c.width))
	}
	for j := range c.max + 1 {
		sum += of(j)
	}
	return of(k) / sum
}

// inputs are x, positions, weights, bias and what enters, some of length 0.
func (c delayed) inputs() [5][]float64 {
	n := c.in * c.places
	in := [5][]float64{graphtest.Sparse(c.steps*c.batch*n, c.share, c.ones, 1)}
	ps := c.in
	if c.out > 0 {
		ps = c.in * c.out
		in[2], in[3] = graphtest.Random(ps, 3), graphtest.Random(c.out, 4)
	}
	in[1] = graphtest.Random(ps, 2)
	for i := range in[1] { // some beyond the range, none at a step or halfway
		in[1][i] = float64(c.max)/2 + in[1][i]*float64(c.max)/2.5
		if f := math.Abs(math.Mod(2*in[1][i], 1)); f < 0.1 || f > 0.9 {
			in[1][i] += 0.1
		}
	}
	if c.entered {
		in[4] = graphtest.Random(c.batch*c.max*c.n(), 5)
	}
	return in
}

// slow is the definition: y and what leaves.
func (c delayed) slow(in [5][]float64) (y, leave []float64) {
	n, m := c.in*c.places, c.n()
	y, leave = make([]float64, c.steps*c.batch*m), make([]float64, c.batch*c.max*m)
	at := func(t, b, o int) *float64 {
		if t < c.steps {
			return &y[(t*c.batch+b)*m+o]
		}
		return &leave[(b*c.max+t-c.steps)*m+o]
	}
	kappa := make([]float64, len(in[1])*(c.max+1))
	for i, p := range in[1] {
		for k := range c.max + 1 {
			kappa[i*(c.max+1)+k] = c.kappa(k, p)
		}
	}
	for b := range c.batch {
		for t := range c.steps {
			for i := range n {
				x := in[0][(t*c.batch+b)*n+i]
				for k := range c.max + 1 {
					if c.out == 0 {
						*at(t+k, b, i) += kappa[i/c.places*(c.max+1)+k] * x
						continue
					}
					for o := range c.out {
						*at(t+k, b, o) += in[2][i*c.out+o] * kappa[(i*c.out+o)*(c.max+1)+k] * x
					}
				}
			}
			for o := range len(in[3]) {
				*at(t, b, o) += in[3][o]
			}
		}
		for k := range len(in[4]) / c.batch / m {
			for o := range m {
				*at(k, b, o) += in[4][(b*c.max+k)*m+o]
			}
		}
	}
	return y, leave
}

// nodes makes the operation in a new graph. With lists, x is a list of spikes.
func (c delayed) nodes(t *testing.T, dt tensor.Dtype, in [5][]float64, lists bool) (inputs G.Nodes, y, leave *G.Node) {
	t.Helper()
	g := G.NewGraph()
	node := func(name string, v []float64, shape ...int) *G.Node {
		if len(v) == 0 {
			return nil
		}
		n := graphtest.Node(g, dt, name, shape, v)
		inputs = append(inputs, n)
		return n
	}
	shape, at := []int{c.steps, c.batch, c.in}, []int{c.in}
	if c.places > 1 {
		shape = append(shape, c.places)
	}
	if c.out > 0 {
		at = []int{c.in, c.out}
	}
	var x *G.Node
	if lists {
		s, err := connect.NewSpikes(shape...)
		require.NoError(t, err)
		require.NoError(t, s.SetDense(graphtest.Tensor(dt, shape, in[0])))
		x, err = connect.SpikeInput(g, "x", dt, s)
		require.NoError(t, err)
	} else {
		x = node("x", in[0], shape...)
	}
	d := connect.Delays{At: node("at", in[1], at...), Max: c.max, Width: graphtest.Node(g, dt, "width", []int{1}, []float64{c.width}), Interpolate: c.interpolate}
	w, bias := node("w", in[2], at...), node("bias", in[3], c.out)
	d.Enter = node("enter", in[4], c.batch, c.max, c.n())
	var out connect.Delayed
	var err error
	if c.out > 0 {
		out, err = connect.DelayedLinear(x, w, bias, d)
	} else {
		out, err = connect.Delay(x, d)
	}
	require.NoError(t, err)
	leave, err = out.Leave()
	require.NoError(t, err)
	return inputs, out.Y, leave
}

// delayedCases have every kind of κ, with and without weights.
func delayedCases() (cs []delayed) {
	for _, out := range []int{0, 7} {
		for _, k := range []struct {
			width       float64
			interpolate bool
		}{{0, false}, {1, true}, {0.01, false}, {0.6, false}, {4, false}, {200, false}} {
			c := delayed{steps: 9, batch: 3, in: 5, places: 1, out: out, max: 6, width: k.width, interpolate: k.interpolate, share: 0.3, ones: true}
			more := c
			more.entered, more.ones, more.share, more.steps = true, false, 0.9, 4 // fewer steps than the longest delay
			if out == 0 {
				more.places = 2
			}
			cs = append(cs, c, more)
			if c.width > 0.1 { // a Gaussian of two steps is not what lies between these
				c.max = 1
				cs = append(cs, c)
			}
		}
	}
	// More samples than fill a line, and more inputs and outputs than are taken at a time.
	for _, interpolate := range []bool{false, true} {
		for _, batch := range []int{16, 19} {
			c := delayed{steps: 27, batch: batch, in: 11, places: 1, out: 70, max: 9, interpolate: interpolate, share: 0.2, ones: batch == 16}
			if interpolate {
				c.width, c.in, c.out, c.steps = 1, 131, 17, 9
			}
			cs = append(cs, c)
		}
	}
	// Spikes that are not few, of sequences long enough to go by frequencies: in one block or in some,
	// of an even and of an odd number of steps.
	for i, width := range []float64{0.5, 1.3, 8} {
		cs = append(cs, delayed{steps: 30 + 6*i, batch: 15 + i, in: 29 + 20*i, places: 1, out: 70 - 20*i, max: 12 - i, width: width, share: 0.3, ones: i == 1})
	}
	return cs
}

// What Delay and DelayedLinear give is the sum that defines them.
func TestDelay(t *testing.T) {
	for _, c := range delayedCases() {
		in := c.inputs()
		y, leave := c.slow(in)
		_, yn, ln := c.nodes(t, tensor.Float64, in, false)
		got := graphtest.Eval(t, yn, ln)
		graphtest.Close(t, c.String(), y, got[0], 1e-12)
		graphtest.Close(t, c.String()+" leaves", leave, got[1], 1e-12)
		_, yn, ln = c.nodes(t, tensor.Float32, in, false)
		single := graphtest.Eval(t, yn, ln)
		graphtest.Close(t, c.String(), y, single[0], 1e-5)
		graphtest.Close(t, c.String()+" leaves", leave, single[1], 1e-5)
		_, yn, ln = c.nodes(t, tensor.Float64, in, true)
		require.Equal(t, got, graphtest.Eval(t, yn, ln), "lists of %v", c)
	}
}

// Gradients are those of finite differences of the definition, of y and of what leaves; those of
// weights are the same for lists. With whole steps positions have none.
func TestDelayGradients(t *testing.T) {
	for _, c := range delayedCases() {
		in := c.inputs()
		for i, p := range in[1] { // beyond the range the gradient is that of a step back
			in[1][i] = math.Min(math.Max(p, 0.2), float64(c.max)-0.2)
		}
		cs := [][]float64{graphtest.Random(c.steps*c.batch*c.n(), 6), graphtest.Random(c.batch*c.max*c.n(), 7)}
		nodes, y, leave := c.nodes(t, tensor.Float64, in, false)
		ds, _ := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{y, leave}, cs), nodes, nil)
		cost := func(in [5][]float64) (sum float64) {
			y, leave := c.slow(in)
			for i, v := range y {
				sum += v * cs[0][i]
			}
			for i, v := range leave {
				sum += v * cs[1][i]
			}
			return sum
		}
		byName := map[string][]float64{}
		for k, n := range nodes {
			i := slices.Index([]string{"x", "at", "w", "bias", "enter"}, n.Name())
			graphtest.CheckDirection(t, func(v []float64) float64 {
				moved := in
				moved[i] = v
				return cost(moved)
			}, in[i], ds[k], 2e-6)
			byName[n.Name()] = ds[k]
		}
		if c.width == 0 {
			require.Equal(t, make([]float64, len(in[1])), byName["at"])
		} else if c.width < 100 && c.width > 0.1 {
			require.NotZero(t, byName["at"][0], "%v", c)
		}

		nodes, y, leave = c.nodes(t, tensor.Float64, in, true)
		ds, _ = graphtest.Grads(t, graphtest.Loss(t, []*G.Node{y, leave}, cs), nodes, nil)
		for k, n := range nodes {
			require.Equal(t, byName[n.Name()], ds[k], "%s of lists of %v", n.Name(), c)
		}
		nodes, y, leave = c.nodes(t, tensor.Float32, in, false)
		ds, _ = graphtest.Grads(t, graphtest.Loss(t, []*G.Node{y, leave}, cs), nodes, nil)
		for k, n := range nodes {
			graphtest.Close(t, n.Name()+" of float32", byName[n.Name()], ds[k], 2e-5)
		}
	}
}

// A position beyond the range has a gradient that leads back, and none that leads on.
func TestDelayBeyondTheRange(t *testing.T) {
	c := delayed{steps: 8, batch: 1, in: 2, places: 1, max: 4, width: 1, interpolate: true}
	in := c.inputs()
	in[0] = make([]float64, len(in[0]))
	in[0][0], in[0][1] = 1, 1
	in[1] = []float64{-1, 5}
	for _, sign := range []float64{1, -1} {
		w := make([]float64, len(in[0]))
		for i := range w { // the loss rises, or falls, with the delay
			w[i] = sign * float64(i/2)
		}
		nodes, y, _ := c.nodes(t, tensor.Float64, in, false)
		ds, _ := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{y}, [][]float64{w}), nodes[1:2], nil)
		require.Equal(t, map[float64][]float64{1: {0, 1}, -1: {-1, 0}}[sign], ds[0])
	}
}

// Windows of a sequence, of which each hands on what it has set in motion, have the bits of the
// whole, and the gradients of their sum.
func TestDelayInWindows(t *testing.T) {
	for _, c := range delayedCases() {
		if c.entered {
			continue
		}
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			in := c.inputs()
			in[4] = make([]float64, c.batch*c.max*c.n())
			_, y, _ := c.nodes(t, dt, in, false)
			want := graphtest.Eval(t, y)[0]
			var got []float64
			for t0 := 0; t0 < c.steps; t0 += 3 {
				w, part := c, in
				w.steps = 3
				row := c.batch * c.in * c.places
				part[0] = in[0][t0*row : (t0+3)*row]
				_, y, leave := w.nodes(t, dt, part, false)
				vs := graphtest.Eval(t, y, leave)
				got, in[4] = append(got, vs[0]...), vs[1]
			}
			require.Equal(t, want, got, "%v", c)
		}
	}
}

// No bit depends on the number of goroutines, and a run repeats itself.
func TestDelayBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, c := range []delayed{
		{steps: 40, batch: 12, in: 70, places: 1, out: 50, max: 6, width: 0, share: 0.1, ones: true},
		{steps: 40, batch: 12, in: 70, places: 1, out: 50, max: 6, width: 1, interpolate: true, share: 0.1},
		{steps: 40, batch: 12, in: 70, places: 1, out: 50, max: 6, width: 1.5, share: 0.1, ones: true},
		{steps: 40, batch: 12, in: 70, places: 2, max: 6, width: 1.5, share: 0.1},
	} {
		in := c.inputs()
		var want [][]float64
		for _, procs := range []int{1, 2, 5} {
			runtime.GOMAXPROCS(procs)
			nodes, y, leave := c.nodes(t, tensor.Float32, in, false)
			cs := [][]float64{graphtest.Random(c.steps*c.batch*c.n(), 6), graphtest.Random(c.batch*c.max*c.n(), 7)}
			loss := graphtest.Loss(t, []*G.Node{y, leave}, cs)
			ds, _, err := graph.Grad(loss, nodes...)
			require.NoError(t, err)
			m, err := machine.New(append(ds, y, leave)...)
			require.NoError(t, err)
			for range 2 {
				require.NoError(t, m.Run())
				var got [][]float64
				for i := range len(ds) + 2 {
					got = append(got, graphtest.Floats(m.Value(i)))
				}
				if want == nil {
					want = got
				}
				for i := range want {
					require.True(t, slices.Equal(want[i], got[i]), "value %d of %v on %d processors", i, c, procs)
				}
			}
		}
	}
}

// What is wrong is an error that says what is wanted; a position or a width that is no number is
// not hidden.
func TestDelayErrors(t *testing.T) {
	g := G.NewGraph()
	node := func(dt tensor.Dtype, shape ...int) *G.Node {
		return graphtest.Node(g, dt, fmt.Sprint(len(g.AllNodes())), shape, make([]float64, tensor.Shape(shape).TotalSize()))
	}
	f := tensor.Float64
	x, at, width, w := node(f, 4, 2, 3), node(f, 3), node(f, 1), node(f, 3, 5)
	for want, d := range map[string]connect.Delays{
		"connect: delay: operand 0 is nil":                                                             {Max: 3, Width: width},
		"connect: delay: the longest delay is 0, want 1 to 4096 time steps":                            {At: at, Width: width},
		"connect: delay: the longest delay is 4097, want 1 to 4096 time steps":                         {At: at, Width: width, Max: 4097},
		"connect: delay: the width has shape [3], want [1]":                                            {At: at, Width: at, Max: 3},
		"connect: delay: x has shape [4 2 3] and the positions [1], want [T batch c …] and [c]":        {At: width, Width: width, Max: 3},
		"connect: delay: what entered has shape [3], want [2 2 3]":                                     {At: at, Width: width, Max: 2, Enter: at},
		"connect: delay: x has elements of type float64, 4 of float32, want float32 or float64 of all": {At: node(tensor.Float32, 3), Width: width, Max: 2},
	} {
		_, err := connect.Delay(x, d)
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	_, err := connect.DelayedLinear(x, nil, nil, connect.Delays{At: w, Width: width, Max: 2})
	require.Error(t, err)
	_, err = connect.DelayedLinear(x, w, at, connect.Delays{At: w, Width: width, Max: 2})
	require.EqualError(t, err, "connect: delayed linear: the bias has shape [3], want [5]")
	_, err = connect.DelayedLinear(x, w, nil, connect.Delays{At: at, Width: width, Max: 2})
	require.EqualError(t, err, "connect: delayed linear: x has shape [4 2 3], w [3 5] and the positions [3], want [T batch in] and twice [in out]")
	_, err = connect.Delayed{}.Leave()
	require.EqualError(t, err, "connect: delay: it was not made by Delay or DelayedLinear")

	c := delayed{steps: 3, batch: 1, in: 2, places: 1, out: 2, max: 2, share: 1}
	for _, bad := range []float64{-1, math.NaN(), math.Inf(1)} {
		c.width = bad
		_, y, _ := c.nodes(t, f, c.inputs(), false)
		m, err := machine.New(y)
		require.NoError(t, err)
		require.ErrorContains(t, m.Run(), fmt.Sprintf("the width is %v, want a number that is at least 0", bad))
	}
	for _, width := range []float64{0, 1} {
		c.width = width
		in := c.inputs()
		in[1][0] = math.NaN()
		_, y, _ := c.nodes(t, f, in, false)
		require.True(t, math.IsNaN(graphtest.Eval(t, y)[0][0]))
	}
}
