package readout_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/readout"
)

// reads are the readings of a sequence, with what they start from.
var reads = map[string]struct {
	read  func(readout.Window, *G.Node) (*G.Node, error)
	start float64
}{
	"last":      {readout.Window.LastStep, 0},
	"max":       {readout.Window.MaxOverTime, math.Inf(-1)},
	"sum":       {readout.Window.SumOverTime, 0},
	"excursion": {func(w readout.Window, x *G.Node) (*G.Node, error) { return w.Excursion(x, -0.5, 0.5) }, 0},
}

// Windows one after the other read what one window on all steps reads, and the
// gradients are the same, to the last bit. Windows may be empty for a sample.
func TestWindowsJoin(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const steps, batch, n = 10, 3, 1500 // more than one piece of work
	lengths := []float64{10, 3, 4}
	x, weight := graphtest.Sparse(steps*batch*n, 0.7, true, 1), graphtest.Random(batch*n, 2)
	for name, r := range reads {
		for _, procs := range []int{1, 2} {
			runtime.GOMAXPROCS(procs)
			t.Run(fmt.Sprint(name, procs), func(t *testing.T) {
				run := func(windows ...int) (y, d []float64) {
					g := G.NewGraph()
					var b graph.Builder
					var xs, ys G.Nodes
					var enter *G.Node
					from := 0
					for k, w := range windows {
						in := graphtest.Node(g, tensor.Float32, fmt.Sprint("x", k), []int{w, batch, n}, x[from*batch*n:(from+w)*batch*n])
						var here []float64
						for _, l := range lengths {
							here = append(here, min(max(l-float64(from), 0), float64(w)))
						}
						if enter == nil && len(windows) > 1 {
							enter = b.Constant(in, r.start, batch, n)
						}
						length := graphtest.Node(g, tensor.Float32, fmt.Sprint("length", k), []int{batch}, here)
						var err error
						enter, err = r.read(readout.Window{Length: length, Enter: enter}, in)
						require.NoError(t, err)
						xs, ys = append(xs, in), append(ys, enter)
						from += w
					}
					grads, values := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{enter}, [][]float64{weight}), xs, ys)
					for _, g := range grads {
						d = append(d, g...)
					}
					return values[len(values)-1], d
				}
				y, d := run(10)
				for _, windows := range [][]int{{4, 4, 2}, {1, 9}, {7, 3}} {
					gotY, gotD := run(windows...)
					require.Equal(t, y, gotY)
					require.Equal(t, d, gotD)
				}
				// What lies behind the length of a sample counts for nothing.
				for s, l := range lengths {
					for k := int(l); k < steps; k++ {
						for i := range n {
							require.Zero(t, d[(k*batch+s)*n+i])
						}
					}
				}
			})
		}
	}
}

// Each sample reads as it would alone, cut off behind its length.
func TestWindowLengths(t *testing.T) {
	const steps, batch, n = 6, 3, 4
	lengths := []float64{6, 1, 4}
	x := graphtest.Random(steps*batch*n, 3)
	for name, r := range reads {
		t.Run(name, func(t *testing.T) {
			g := G.NewGraph()
			in := graphtest.Node(g, tensor.Float64, "x", []int{steps, batch, n}, x)
			y, err := r.read(readout.Window{Length: graphtest.Node(g, tensor.Float64, "length", []int{batch}, lengths)}, in)
			require.NoError(t, err)
			grads, values := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{y}, [][]float64{graphtest.Random(batch*n, 4)}), []*G.Node{in}, []*G.Node{y})
			for s, l := range lengths {
				var alone []float64
				for k := range int(l) {
					alone = append(alone, x[(k*batch+s)*n:(k*batch+s+1)*n]...)
				}
				g := G.NewGraph()
				in := graphtest.Node(g, tensor.Float64, "x", []int{int(l), 1, n}, alone)
				y, err := r.read(readout.Window{}, in)
				require.NoError(t, err)
				d, v := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{y}, [][]float64{graphtest.Random(batch*n, 4)[s*n : (s+1)*n]}), []*G.Node{in}, []*G.Node{y})
				require.Equal(t, v[0], values[0][s*n:(s+1)*n])
				for k := range int(l) {
					require.Equal(t, d[0][k*n:(k+1)*n], grads[0][(k*batch+s)*n:(k*batch+s+1)*n])
				}
			}
		})
	}
}

func TestWindowErrors(t *testing.T) {
	g := G.NewGraph()
	node := func(name string, shape []int, x ...float64) *G.Node {
		return graphtest.Node(g, tensor.Float32, name, shape, x)
	}
	x := node("x", []int{2, 2, 1}, 1, 2, 3, 4)
	_, err := readout.Window{Length: node("wrong", []int{3}, 1, 1, 1)}.SumOverTime(x)
	require.EqualError(t, err, "readout: sum over time: lengths has shape [3] of float32, want [2] of float32")
	_, err = readout.Window{Enter: node("enter", []int{2}, 1, 1)}.Excursion(x, 0, 1)
	require.EqualError(t, err, "readout: excursion: what entered has shape [2] of float32, want [2 1] of float32")
	for length, want := range map[float64]string{
		0:   "sample 1 has 0 steps, want a whole number from 1 to 2",
		3:   "sample 1 has 3 steps, want a whole number from 1 to 2",
		1.5: "sample 1 has 1.5 steps, want a whole number from 1 to 2",
	} {
		y, err := readout.Window{Length: node(fmt.Sprint("length", length), []int{2}, 1, length)}.LastStep(x)
		require.NoError(t, err)
		m, err := machine.New(y)
		require.NoError(t, err)
		require.ErrorContains(t, m.Run(), want)
	}
}

func TestRows(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		g := G.NewGraph()
		var b graph.Builder
		which := graphtest.Node(g, dt, "which", []int{3}, []float64{1, 0, 2})
		x := graphtest.Node(g, dt, "x", []int{3, 2}, []float64{1, 2, 3, 4, math.Inf(1), 6})
		y := graphtest.Node(g, dt, "y", []int{3, 2}, []float64{-1, -2, -3, -4, math.NaN(), math.Inf(-1)})
		steps := graphtest.Node(g, dt, "steps", []int{3}, []float64{1, 2, 4})
		chosen := readout.Choose(&b, which, x, y)
		mean := readout.PerStep(&b, x, steps)
		require.NoError(t, b.Err())
		loss := graphtest.Loss(t, []*G.Node{chosen, mean}, [][]float64{{1, 2, 3, 4, 5, 6}, {8, 16, 24, 32, 40, 48}})
		ds, vs := graphtest.Grads(t, loss, []*G.Node{x, y}, []*G.Node{chosen, mean})
		require.Equal(t, []float64{1, 2, -3, -4, math.Inf(1), 6}, vs[0])
		require.Equal(t, []float64{1, 2, 1.5, 2, math.Inf(1), 1.5}, vs[1])
		require.Equal(t, []float64{1 + 8, 2 + 16, 12, 16, 5 + 10, 6 + 12}, ds[0])
		require.Equal(t, []float64{0, 0, 3, 4, 0, 0}, ds[1])

		// A weight for each sample, and for each sample at each step.
		y = graphtest.Node(g, dt, "z", []int{3, 2}, []float64{-1, -2, -3, -4, math.NaN(), math.Inf(-1)})
		where := readout.Where(&b, which, y)
		each := graphtest.Node(g, dt, "each", []int{3, 2}, []float64{1, 0, -1, 1, 0, 0})
		there := readout.Where(&b, each, b.Reshape(y, 3, 2, 1))
		require.NoError(t, b.Err())
		loss = graphtest.Loss(t, []*G.Node{where, there}, [][]float64{{1, 2, 3, 4, 5, 6}, {8, 16, 24, 32, 40, 48}})
		ds, vs = graphtest.Grads(t, loss, []*G.Node{y}, []*G.Node{where, there})
		require.Equal(t, []float64{-1, -2, 0, 0}, vs[0][:4])
		require.True(t, math.IsNaN(vs[0][4]) && math.IsInf(vs[0][5], -1))
		require.Equal(t, []float64{-1, 0, -3, -4, 0, 0}, vs[1])
		require.Equal(t, []float64{1 + 8, 2, 24, 32, 5, 6}, ds[0])

		// Windows of 2 steps: samples with 2, 1 and 0 in this one, and 4, 1 and 2 in all.
		weight := graphtest.Node(g, dt, "weight", []int{3}, []float64{0.5, 0.25, 0.25})
		length := graphtest.Node(g, dt, "length", []int{3}, []float64{2, 1, 0})
		total := graphtest.Node(g, dt, "total", []int{3}, []float64{4, 1, 2})
		w := readout.StepWeights(&b, 2, weight, length, total)
		require.NoError(t, b.Err())
		require.Equal(t, []float64{0.125, 0.25, 0, 0.125, 0, 0}, graphtest.Eval(t, w)[0])

		readout.Choose(&b, weight, x, steps)
		require.EqualError(t, b.Err(), "choose: operands have shapes [3], [3 2] and [3], want [batch] and twice [batch …], of one element type")
		b = graph.Builder{}
		readout.Where(&b, each, weight)
		require.EqualError(t, b.Err(), "where: operands have shapes [3 2] and [3], want those of the first axes and of all, of one element type")
	}
}
