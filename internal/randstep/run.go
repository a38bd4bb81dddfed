package randstep

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
)

// A Result is what a case gives: outputs, final states, traces and gradients, by
// name.
type Result struct {
	Names  []string
	Values [][]float64
	// Margin is how near to 0 an argument comes where an operation jumps, other than
	// 0 itself. Only unrolled cases know it.
	Margin float64
}

// Run lifts the case by graph.Scan, or else by graph.Unroll, and runs it on a
// machine.Machine, twice: a second run that gives other bits is an error. So is a
// panic.
func (c *Case) Run(scan bool) (r *Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	in, err := c.inputs()
	if err != nil {
		return nil, err
	}
	var margins []*G.Node
	lift := []func(c *Case, scan bool, in *inputs, near func(*G.Node)) (*lifted, error){
		lift[s0], lift[s1], lift[s2], lift[s3], lift[s4], lift[s5], lift[s6],
	}[len(c.states)]
	l, err := lift(c, scan, in, func(n *G.Node) { margins = append(margins, n) })
	if err != nil {
		return nil, err
	}
	r = &Result{Margin: math.Inf(1)}
	nodes, err := c.wanted(in, l, r)
	if err != nil {
		return nil, err
	}
	m, err := machine.New(append(nodes, margins...)...)
	if err != nil {
		return nil, err
	}
	for again := range 2 {
		if err := m.Run(); err != nil {
			return nil, err
		}
		for i := range nodes {
			x := graphtest.Floats(m.Value(i))
			if again == 0 {
				r.Values = append(r.Values, x)
			} else if j, same := sameBits(r.Values[i], x); !same {
				return nil, fmt.Errorf("the second run gives another %s: element %d is %v, was %v", r.Names[i], j, x[j], r.Values[i][j])
			}
		}
	}
	for i := range margins {
		for _, x := range graphtest.Floats(m.Value(len(nodes) + i)) {
			if x != 0 {
				r.Margin = min(r.Margin, math.Abs(x))
			}
		}
	}
	return r, nil
}

// wanted returns the nodes of the results, and names them.
func (c *Case) wanted(in *inputs, l *lifted, r *Result) ([]*G.Node, error) {
	var b graph.Builder
	var loss *G.Node
	var nodes []*G.Node
	weights := rand.New(rand.NewPCG(c.data, 12))
	want := func(name string, n *G.Node, hasGrad bool) {
		if name != "outputs" || !c.unread {
			nodes, r.Names = append(nodes, n), append(r.Names, name)
		}
		if !hasGrad {
			return
		}
		w := c.input(in.g, "weights of "+name, n.Shape(), func() float64 { return 2*weights.Float64() - 1 })
		part := b.Reduce(b.Mul(n, w), nil)
		if loss == nil {
			loss = part
		} else {
			loss = b.Add(loss, part)
		}
	}
	want("outputs", l.out, c.outGrad)
	for i, s := range c.states {
		want(fmt.Sprintf("final s%d", i), l.final[i], s.finalGrad)
		if s.trace {
			want(fmt.Sprintf("trace of s%d", i), l.trace[i], s.traceGrad)
		}
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	if loss == nil {
		if len(nodes) == 0 {
			r.Names, nodes = append(r.Names, "outputs"), append(nodes, l.out)
		}
		return nodes, nil
	}
	grads, _, err := graph.Grad(loss, in.wrt...)
	if err != nil {
		return nil, err
	}
	r.Names = append(r.Names, in.names...)
	return append(nodes, grads...), nil
}

// sameBits reports whether x and y have the same bits, one NaN being like another,
// and if not, where.
func sameBits(x, y []float64) (at int, same bool) {
	for i := range x {
		if math.Float64bits(x[i]) != math.Float64bits(y[i]) && (x[i] == x[i] || y[i] == y[i]) {
			return i, false
		}
	}
	return 0, true
}

// SameBits returns where the bits of two results differ, "" for nowhere.
func SameBits(want, got *Result) string {
	for i, name := range want.Names {
		if j, same := sameBits(want.Values[i], got.Values[i]); !same {
			return fmt.Sprintf("%s: element %d of %d is %v, want %v", name, j, len(want.Values[i]), got.Values[i][j], want.Values[i][j])
		}
	}
	return ""
}

// Tolerance is how far results of a tame case may differ, as a share of the largest
// element and 1, where the bits are not the same.
func (c *Case) Tolerance() float64 {
	if c.dt == tensor.Float32 {
		return 2e-5
	}
	return 1e-12
}

// Differ returns where two results of a tame case differ by more than rounding, ""
// for nowhere, and the largest difference in units of the tolerance.
func (c *Case) Differ(want, got *Result) (where string, most float64) {
	for i, name := range want.Names {
		x, y := want.Values[i], got.Values[i]
		if len(x) != len(y) {
			return fmt.Sprintf("%s: %d elements, want %d", name, len(y), len(x)), math.Inf(1)
		}
		scale := 1.0
		for _, v := range x {
			scale = max(scale, math.Abs(v))
		}
		for j := range x {
			d := math.Abs(x[j]-y[j]) / (scale * c.Tolerance())
			if !(d <= most) {
				most = d
			}
			if !(d <= 1) {
				return fmt.Sprintf("%s: element %d of %d is %v, want %v (largest %.3g)", name, j, len(x), y[j], x[j], scale), d
			}
		}
	}
	return "", most
}
