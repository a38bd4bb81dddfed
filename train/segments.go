package train

import (
	"cmp"
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
)

// A cutting says how the time steps of a sample are gone through: in segments one
// after the other, the graph being that of one segment.
type cutting struct {
	steps    int  // of a segment; the last of a sample may have fewer
	segments int  // of a sample
	stride   int  // segments from one update of the weights to the next
	reach    int  // segments through which a gradient goes back
	carries  bool // states are handed from segment to segment
}

func (n Network) cutUp() (cutting, error) {
	for _, f := range []struct {
		name string
		of   int
	}{{"Segment", n.Segment}, {"Window", n.Window}, {"Stride", n.Stride}} {
		if f.of < 0 || f.of > n.Steps {
			return cutting{}, fmt.Errorf("train: %s is %d, want 0 to %d time steps", f.name, f.of, n.Steps)
		}
	}
	switch {
	case n.Stride > 0 && n.Window == 0:
		return cutting{}, fmt.Errorf("train: Stride is %d without a Window", n.Stride)
	case n.Stride > n.Window:
		return cutting{}, fmt.Errorf("train: Stride is %d and Window %d, want no stride longer than the window", n.Stride, n.Window)
	case n.Segment == 0 && n.Window == 0:
		return cutting{steps: n.Steps, segments: 1, stride: 1, reach: 1}, nil
	}
	window, stride := n.Window, cmp.Or(n.Stride, n.Window)
	// Windows end at strides and at the end of the sample. Each begins at the beginning
	// of a segment if these divide all three.
	c := cutting{steps: n.Segment, carries: true}
	if common := gcd(gcd(window, stride), n.Steps); c.steps == 0 {
		c.steps = common
	} else if window > 0 && common%c.steps != 0 {
		return cutting{}, fmt.Errorf("train: Segment is %d, want a divisor of the window of %d, the stride of %d and the %d time steps",
			c.steps, window, stride, n.Steps)
	}
	c.segments = (n.Steps + c.steps - 1) / c.steps
	c.stride, c.reach = c.segments, c.segments
	if window > 0 {
		c.stride, c.reach = stride/c.steps, window/c.steps
	}
	return c, nil
}

// warning says where segments are shorter than windows and strides alone would have
// them, "" if they are not.
func (c cutting) warning(n Network) string {
	stride := cmp.Or(n.Stride, n.Window)
	if n.Window == 0 || n.Segment > 0 || c.steps == gcd(n.Window, stride) {
		return ""
	}
	return fmt.Sprintf("the network goes through time in segments of %d, since a window of %d, a stride of %d and %d time steps have no larger common divisor: "+
		"a number of time steps that is a multiple of the stride takes less time", c.steps, n.Window, stride, n.Steps)
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// A carry is what the graph of a segment has besides the network.
//
// The gradient of the whole sample comes segment by segment, the last one first.
// With C the terms of the loss that the segment has and λ the gradient of the states
// that leave it, the cost of the segment is C + Σ λ·state, and its gradient by the
// states that enter is the λ of the segment before.
type carry struct {
	starts  *G.Node // [batch], 1 where a sequence starts
	last    *G.Node // 1 in the segment at whose end the readouts and penalties count, else 0
	counts  *G.Node // 1 where terms that are sums over time count, else 0
	states  []*layers.State
	lambda  G.Nodes
	advance *graph.Machine // the states that leave; nil without states

	zeros []*tensor.Dense   // λ of the last segment
	back  []*tensor.Dense   // λ of the others
	at    [][]*tensor.Dense // the states that enter segment k, at k modulo its length
}

// newCarry adds the inputs that say where a segment stands.
func newCarry(g *G.ExprGraph, dt tensor.Dtype, batch int) (*carry, error) {
	c := &carry{}
	var err error
	if c.starts, err = graph.Input(g, "starts", tensor.New(tensor.Of(dt), tensor.WithShape(batch))); err != nil {
		return nil, err
	}
	fill(c.starts, 1)
	c.last = G.NewScalar(g, dt, G.WithName("last segment"), G.WithValue(scalarOf(dt, 1)))
	c.counts = G.NewScalar(g, dt, G.WithName("segment counts"), G.WithValue(scalarOf(dt, 1)))
	return c, nil
}

func scalarOf(dt tensor.Dtype, x float64) any {
	if dt == tensor.Float32 {
		return float32(x)
	}
	return x
}

// join takes over the states of the network, and returns λ·state, summed.
func (c *carry) join(b *graph.Builder, m *Model) (sum *G.Node, err error) {
	c.states = m.build.Carry.States
	for _, s := range c.states {
		if s == nil || s.In == nil || s.Out == nil || !s.Out.Shape().Eq(s.In.Shape()) {
			return nil, errNoOut
		}
		zero := tensor.New(tensor.Of(m.net.Dtype), tensor.WithShape(s.In.Shape()...))
		l, err := graph.Input(s.In.Graph(), "gradient of "+s.In.Name(), zero)
		if err != nil {
			return nil, err
		}
		c.lambda = append(c.lambda, l)
		c.zeros, c.back = append(c.zeros, zero), append(c.back, zero.Clone().(*tensor.Dense))
		product := b.Reduce(b.Mul(s.Out, l), nil)
		if sum == nil {
			sum = product
		} else {
			sum = b.Add(sum, product)
		}
	}
	c.at = make([][]*tensor.Dense, m.cut.reach+1)
	for k := range c.at {
		for _, z := range c.zeros {
			c.at[k] = append(c.at[k], z.Clone().(*tensor.Dense))
		}
	}
	return sum, nil
}

var errNoOut = errors.New("network: a layer entered a state and did not say what leaves it, of the same shape")

// ins returns the states that enter a segment, of which a nil carry has none.
func (c *carry) ins() (ns G.Nodes) {
	if c == nil {
		return nil
	}
	for _, s := range c.states {
		ns = append(ns, s.In)
	}
	return ns
}

// outs returns the states that leave a segment.
func (c *carry) outs() (ns G.Nodes) {
	if c == nil {
		return nil
	}
	for _, s := range c.states {
		ns = append(ns, s.Out)
	}
	return ns
}

// stand puts the inputs in the place of segment k of the batch that f has loaded.
func (c *carry) stand(f *feeder, k int) error {
	if err := f.put(k); err != nil {
		return err
	}
	if k == 0 {
		set(c.starts.Value(), f.starts)
	} else {
		c.starts.Value().(*tensor.Dense).Zero()
	}
	return let(c.ins(), c.entering(k))
}

// entering returns the states that enter segment k.
func (c *carry) entering(k int) []*tensor.Dense { return c.at[k%len(c.at)] }

// keep copies the states that left segment k, which the machine has there.
func (c *carry) keep(k int, m *graph.Machine, at span) error {
	for j, t := range c.entering(k + 1) {
		if err := copyValue(t, m.Value(at.from+j)); err != nil {
			return fmt.Errorf("state %s %w", c.states[j].Name, err)
		}
	}
	return nil
}

func let(nodes G.Nodes, vs []*tensor.Dense) error {
	for i, n := range nodes {
		if err := G.Let(n, vs[i]); err != nil {
			return err
		}
	}
	return nil
}

func flag(n *G.Node, dt tensor.Dtype, on bool) error {
	x := 0.
	if on {
		x = 1
	}
	return G.Let(n, scalarOf(dt, x))
}

// learn computes the gradients of the batch that f has loaded, clips them, and
// calls step with them; where backpropagation is truncated, after each stride. It
// returns the norm of the gradient before clipping, of several the mean.
func (m *Model) learn(f *feeder, clip float64, step func() error) (norm float64, err error) {
	if !m.cut.carries {
		if norm, err = m.backpropagate(clip); err != nil {
			return 0, err
		}
		return norm, step()
	}
	if err := m.enter(f); err != nil {
		return 0, err
	}
	m.fitted.clear(m)
	strides := 0
	for from := 0; from < m.cut.segments; strides++ {
		end := min(from+m.cut.stride, m.cut.segments)
		n, err := m.stride(f, from, end, clip)
		if err == nil {
			err = step()
		}
		if err != nil {
			return 0, err
		}
		norm += n
		from = end
	}
	return norm / float64(strides), m.leave(f)
}

// stride goes through segments from to end−1 and computes the gradient of what
// they add to the loss. Where the gradient reaches back behind them, the network is
// run again from there, with the weights as they are now.
func (m *Model) stride(f *feeder, from, end int, clip float64) (norm float64, err error) {
	c, first := m.carry, max(0, end-m.cut.reach)
	if len(c.states) == 0 {
		first = from // nothing flows back
	}
	if err := c.forward(f, first, end-1); err != nil {
		return 0, err
	}
	for k := end - 1; k >= first; k-- {
		if err := m.backInto(f, k, from, end); err != nil {
			return 0, err
		}
	}
	if err := m.checkTerms(m.fitted.terms); err != nil {
		return 0, err
	}
	return m.clipped(clip)
}

// forward runs segments from to end−1 for the states that they hand on.
func (c *carry) forward(f *feeder, from, end int) error {
	if c.advance == nil {
		return nil
	}
	for k := from; k < end; k++ {
		if err := c.stand(f, k); err != nil {
			return err
		}
		if err := c.advance.Run(); err != nil {
			return err
		}
		if err := c.keep(k, c.advance, span{0, len(c.states)}); err != nil {
			return err
		}
	}
	return nil
}

// backInto runs segment k forward and backward, behind those after it.
func (m *Model) backInto(f *feeder, k, from, end int) error {
	c, last, counts := m.carry, k == end-1, k >= from
	if err := c.stand(f, k); err != nil {
		return err
	}
	if err := errors.Join(flag(c.last, m.net.Dtype, last), flag(c.counts, m.net.Dtype, counts)); err != nil {
		return err
	}
	lambda := c.back
	if last {
		lambda = c.zeros
	}
	if err := let(c.lambda, lambda); err != nil {
		return err
	}
	if err := m.fit.Run(); err != nil {
		return err
	}
	if err := m.takeGrads(!last); err != nil {
		return err
	}
	for i, t := range c.back {
		if err := copyValue(t, m.fit.Value(m.fitAt.lambda.from+i)); err != nil {
			return fmt.Errorf("the gradient of state %s %w", c.states[i].Name, err)
		}
	}
	if last {
		if err := c.keep(k, m.fit, m.fitAt.states); err != nil {
			return err
		}
	}
	return m.fitted.add(m, m.readFit(), k, last, counts)
}

// look runs the network forward on the batch that f has loaded. It calls after, if
// it is not nil, after each segment, with its number.
func (m *Model) look(f *feeder, after func(k int) error) error {
	if after == nil {
		after = func(int) error { return nil }
	}
	if !m.cut.carries {
		if err := m.test.Run(); err != nil {
			return err
		}
		m.tested = m.readTest()
		return after(0)
	}
	if err := m.enter(f); err != nil {
		return err
	}
	m.tested.clear(m)
	for k := range m.cut.segments {
		if err := m.carry.stand(f, k); err != nil {
			return err
		}
		if err := m.test.Run(); err != nil {
			return err
		}
		if err := after(k); err != nil {
			return err
		}
		if err := m.carry.keep(k, m.test, m.testAt.states); err != nil {
			return err
		}
		if err := m.tested.add(m, m.readTest(), k, true, true); err != nil {
			return err
		}
	}
	return m.leave(f)
}
