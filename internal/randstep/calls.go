package randstep

import (
	"fmt"
	"hash"
	"hash/fnv"
	"math"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/readout"
)

// A roll is an operation of which the library knows nothing: it moves all elements on
// by some, around the end.
type roll struct {
	by   int
	stop bool // it has no gradient
}

func (op roll) Arity() int { return 1 }
func (op roll) Type() hm.Type {
	a := hm.TypeVariable('a')
	return hm.NewFnType(a, a)
}
func (op roll) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	return in[0].(tensor.Shape).Clone(), nil
}
func (op roll) ReturnsPtr() bool      { return false }
func (op roll) CallsExtern() bool     { return false }
func (op roll) OverwritesInput() int  { return -1 }
func (op roll) String() string        { return fmt.Sprintf("roll(%d %t)", op.by, op.stop) }
func (op roll) WriteHash(h hash.Hash) { fmt.Fprintf(h, "randstep %v", op) }
func (op roll) Hashcode() uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}
func (op roll) DiffWRT(int) []bool { return []bool{!op.stop} }
func (op roll) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	d, err := G.ApplyOp(roll{by: -op.by}, grad)
	return G.Nodes{d}, err
}

func (op roll) Do(vs ...G.Value) (G.Value, error) {
	x, ok := vs[0].(*tensor.Dense)
	if !ok {
		return nil, fmt.Errorf("roll: got a %T", vs[0])
	}
	y := x.Clone().(*tensor.Dense)
	switch d := y.Data().(type) {
	case []float32:
		rolled(d, x.Data().([]float32), op.by)
	case []float64:
		rolled(d, x.Data().([]float64), op.by)
	}
	return y, nil
}

func rolled[F float32 | float64](dst, src []F, by int) {
	for i := range dst {
		dst[(i+by+len(dst))%len(dst)] = src[i]
	}
}

var _ G.SDOp = roll{}

// call draws an operation that a scan cannot fuse.
func (d *drawer) call() int {
	x := d.some(d.shape)
	v := d.values[x]
	put := func(v value, name string, f func(x *G.Node) (*G.Node, error)) int {
		return d.put(v, []int{x}, nil, func(e *env) *G.Node { return gorgonia(f)(e.Builder, e.v[0]) }, name+"(%v)")
	}
	rank := len(d.shape)
	row := v.within(d.shape[1:], v.lo, v.hi)
	switch kind := d.below(11); {
	case kind == 1:
		return put(v, "roll without gradient", func(x *G.Node) (*G.Node, error) { return G.ApplyOp(roll{1, true}, x) })
	case kind == 2 && rank == 2:
		return put(v, "transpose there and back", func(x *G.Node) (*G.Node, error) {
			y, err := G.Transpose(x)
			if err != nil {
				return nil, err
			}
			if y, err = G.Neg(y); err != nil {
				return nil, err
			}
			if y, err = G.Transpose(y); err != nil {
				return nil, err
			}
			return G.Neg(y)
		})
	case kind == 3 && rank == 2:
		return put(value{shape: d.shape, lo: 0, hi: 1, byStates: v.byStates, byAll: v.byAll}, "G.SoftMax",
			func(x *G.Node) (*G.Node, error) { return G.SoftMax(x, 1) })
	case kind == 4 && rank >= 2:
		return put(row, "readout.MeanOverTime", readout.MeanOverTime)
	case kind == 5 && rank >= 2:
		return put(row, "readout.LastStep", readout.LastStep)
	case kind == 6 && rank == 2:
		k := float64(d.shape[1])
		return put(v.within(d.column(), v.lo, v.hi), "mean by G.Sum", func(x *G.Node) (*G.Node, error) {
			y, err := G.Sum(x, 1)
			if err != nil {
				return nil, err
			}
			var b graph.Builder
			y = b.Scale(b.Reshape(y, d.column()...), graph.Const(1/k))
			return y, b.Err()
		})
	case kind == 8 && rank >= 2:
		return d.put(row, []int{x}, nil, func(e *env) *G.Node {
			y := gorgonia(readout.MaxOverTime)(e.Builder, e.v[0])
			e.mind(e.Sub(e.v[0], e.Expand(y, d.shape))) // the gradient goes to the largest
			return y
		}, "readout.MaxOverTime(%v)")
	case kind == 9 && rank >= 2:
		all := v.times(float64(d.shape[0]))
		all.shape = d.shape[1:]
		return put(all, "readout.SumOverTime", readout.SumOverTime)
	case kind == 10:
		d.count = true
		n := 2 * d.shape[0]
		return d.put(flag(d.shape, 0, 1), []int{x}, nil, func(e *env) *G.Node {
			w := readout.StepWeights(e.Builder, 2, e.count, e.count, e.count)
			return e.Expand(e.Scale(e.Reduce(w, []int{1}), graph.Const(1/float64(n))), d.shape)
		}, "stepWeights(like %v, count)")
	case kind == 7 && rank >= 2:
		return put(v, "rows in another order", func(x *G.Node) (*G.Node, error) {
			var b graph.Builder
			var rows []*G.Node
			for i := range d.shape[0] {
				rows = append(rows, b.At(x, (i*2+1)%d.shape[0]))
			}
			return b.Stack(rows...), b.Err()
		})
	}
	return d.put(v, []int{x}, nil, func(e *env) *G.Node { return e.Apply(roll{by: 1 + d.shape.TotalSize()/2}, e.v[0]) }, "roll(%v)")
}

// perNeuron reports whether a parameter is the same for all samples, as it must be
// where neurons are coupled.
func (d *drawer) perNeuron(r ref) bool { return r.index < 0 || len(d.params[r.index].shape) < 2 }

// flow draws a state after a time step of one or two equations.
func (d *drawer) flow() int {
	small := func() int {
		return d.such(func(v value) bool {
			return same(v.shape, d.shape) && (d.mode == Extreme || v.magnitude() <= 2 && v.byAll <= 4)
		})
	}
	x, y, z := small(), small(), small()
	if d.onceIn(2) {
		y = x
	}
	m := of(d.Draws, graph.Exponential, graph.Euler)
	r, q := d.param(d.shape), d.param(d.shape)
	kind := d.below(6)
	coupled := d.matrix() && d.onceIn(3) && d.perNeuron(r) && d.perNeuron(q)
	second := d.below(2)
	if coupled {
		d.u = true
	}
	const dt = 0.4
	vx, vy, vz := d.values[x], d.values[y], d.values[z]
	// A bound: φ of what is at most 1.5 is less than 2.4.
	all := vx.magnitude() + vy.magnitude() + vz.magnitude()
	v := value{
		shape: d.shape, lo: -3 * all, hi: 3 * all,
		byStates: 3 * (vx.byStates + vy.byStates + vz.byStates), byAll: 3*(vx.byAll+vy.byAll+vz.byAll) + 3*all,
	}
	d.rough = true
	return d.put(v, []int{x, y, z}, []ref{r, q}, func(e *env) *G.Node {
		m := m
		if coupled {
			m = m.Coupled(e.u)
		}
		a := graph.Equation{State: e.v[0], TauInv: e.p[0]}
		b := graph.Equation{State: e.v[1], TauInv: graph.Const(0.7), D: e.v[2]}
		switch kind {
		case 0:
			return m.Decay(e.Builder, e.v[0], dt, e.p[0])
		case 1:
			return m.Advance(e.Builder, e.v[0], dt, e.p[0], e.v[2])
		case 2: // each acts on the other
			a.D = e.Sub(e.v[1], e.v[0])
			a.Linear = []graph.Param{graph.Const(-1), graph.Const(1)}
			b.Linear = []graph.Param{e.p[1], graph.Const(-0.5)}
		case 3: // one acts on the other
			a.D = e.Sub(e.v[1], e.v[0])
			a.Linear = []graph.Param{graph.Const(-1), e.p[1]}
		case 4:
			b.Slope = func() *G.Node { return e.Scale(e.v[2], graph.Const(0.1)) }
		case 5:
			b.Gate = e.Above(e.v[0], math.Pi/7)
			e.mind(e.Shift(e.v[0], graph.Const(-math.Pi/7)))
		}
		return m.Flow(e.Builder, dt, a, b).Next(second)
	}, "flow %v kind %d coupled %t next %d (%v, %v, %v; %v, %v)", m, kind, coupled, second)
}
