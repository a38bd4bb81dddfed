package online

import (
	"errors"
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons/models"
)

// EProp is e-prop: the Learning of a train.Trainer.
type EProp struct {
	// Every changes the weights after every so many time steps; 0 at the end of each sequence alone.
	Every int
	// Window is how many time steps are computed at once: memory is that of so many steps, and no result depends
	// on it but penalties, which count what the windows so far have read, and layers.Noise, which is drawn for one window and
	// is the same in all. 0 means at most 256; it has to divide Every.
	Window int
	// Feedback is how the error of the outputs comes to the layers below.
	Feedback Feedback
	// Firing draws the firing rates of the layers below the outputs to a target.
	Firing Firing
}

// A Feedback is a way from the error of the outputs to neurons.
type Feedback int

const (
	// Symmetric goes back through the weights that lead to the outputs, layer by layer, within the time step.
	Symmetric Feedback = iota
	// Random goes to each layer directly, through weights that are drawn once and stay: normal, with variance 1/n
	// for a layer of n neurons, from Network.Seed and the name of the layer.
	Random
	// Adaptive is Random at first, with the shape and the variance of weights of the map from the layer to the outputs, and
	// learns as these do: the same gradient, the same step of the optimiser, the same decay of weights. By that decay
	// alone feedback and weights become alike: give the optimiser some (optim.NewAdamW, or the WeightDecay of optim.SGD). It is for
	// layers that a layers.Linear leads to the outputs from. Each training begins with weights of Network.Seed;
	// checkpoints have what has been learnt.
	//
	// J. F. Kolen and J. B. Pollack, ICNN (1994); G. Bellec et al. (2020), eq. 31 and 32.
	Adaptive
)

var feedbacks = [...]string{"symmetric", "random", "adaptive"}

// String returns the name.
func (f Feedback) String() string {
	if f < 0 || int(f) >= len(feedbacks) {
		return fmt.Sprintf("feedback %d", int(f))
	}
	return feedbacks[f]
}

// FeedbackName is what the names of adaptive feedback begin with, that of a layer follows.
const FeedbackName = "feedback to "

// mostSteps is how many time steps a window has where nobody says otherwise: traces are gone through once for
// each, and of so many steps that costs less than the steps do.
const mostSteps = 256

// Windows implements train.Learning.
func (e EProp) Windows(steps int) (window, every int, err error) {
	switch {
	case e.Every < 0 || e.Window < 0:
		return 0, 0, fmt.Errorf("online: Every is %d and Window %d, want at least 0", e.Every, e.Window)
	case e.Every > 0 && e.Window > 0 && e.Every%e.Window > 0:
		return 0, 0, fmt.Errorf("online: Window is %d, want a divisor of Every, %d", e.Window, e.Every)
	}
	most := min(steps, mostSteps)
	switch {
	case e.Window > 0:
		window = min(e.Window, steps)
	case e.Every == 0 || e.Every >= steps:
		parts := (steps + most - 1) / most
		window = (steps + parts - 1) / parts // alike, or the last is computed mostly for nothing
	default:
		for window = min(most, e.Every); e.Every%window > 0; {
			window--
		}
	}
	return window, e.Every / window, nil
}

// A rule is a network that learns online, in the making.
type rule struct {
	EProp
	b     *layers.Build
	cells []*cell
	alike map[*G.Node]*G.Node // adaptive feedback: the weights that it learns as
}

// Prepare implements train.Learning: it makes b, into which nothing has been built yet and which has a Carry,
// one whose neurons learn by e. When the network has been built, gradients returns those of the cost, the
// loss and the penalties of a window, by each of the Params of the Build, given the output [T, batch, …]; and
// adds traces to what the network carries.
func (e EProp) Prepare(b *layers.Build) (gradients func(out, cost *G.Node) (G.Nodes, error), err error) {
	switch {
	case b == nil:
		return nil, errors.New("online: the Build is nil, want one made by layers.NewBuild")
	case b.Carry == nil:
		return nil, errors.New("online: the Build has no Carry: what learns online goes through time window by window")
	case e.Feedback < 0 || int(e.Feedback) >= len(feedbacks):
		return nil, fmt.Errorf("online: Feedback is %d, want Symmetric, Random or Adaptive", int(e.Feedback))
	case e.Firing.check() != nil:
		return nil, fmt.Errorf("online: %w", e.Firing.check())
	case len(b.Activities) > 0 || b.Local != nil:
		return nil, errors.New("online: the network has been built already")
	}
	r := &rule{EProp: e, b: b, alike: map[*G.Node]*G.Node{}}
	b.Local = r.see
	return r.gradients, nil
}

// see notes a layer of neurons.
func (r *rule) see(a *layers.Activity) (*G.Node, error) {
	switch {
	case a.Model == nil:
		return nil, errors.New("they are connected among themselves by other than all weights; online, want layers.Recurrent")
	case a.In.Dims() != 3:
		return nil, fmt.Errorf("currents have shape %v; online, want [T batch n]", ops.ShapeOf(a.In))
	}
	err := r.eachItsOwn(a)
	if err == nil {
		err = alone(a.Model, a.In)
	}
	if err != nil {
		return nil, fmt.Errorf("%w; online, the states of a neuron are its own affair: for others there is backpropagation through time", err)
	}
	c := &cell{name: a.Name, fired: a.Out}
	if slices.ContainsFunc(r.cells, func(o *cell) bool { return o.name == c.name }) {
		c.name = fmt.Sprintf("%s %d", a.Name, len(r.cells))
	}
	if c.act, c.above = *a, len(r.within(a.In, map[*G.Node]bool{})) > 0; c.above {
		if c.flows, err = instant(a.Model, a.In); err != nil {
			return nil, err
		}
	}
	out := a.Out
	if a.Back == nil { // one scan is both what they do and what is differentiated
		if err := c.lift(a.In); err != nil {
			return nil, err
		}
		out = c.own.out
		for i, name := range a.Model.States() {
			a.Enter[name].Out = c.own.final[i]
		}
	}
	var b graph.Builder
	in := G.Nodes{out, a.In}
	c.out = b.Apply(&behindOp{Signature: ops.SignatureOf(in, a.Out.Dtype(), a.Out.Shape()), of: c}, in...)
	if b.Err() != nil {
		return nil, b.Err()
	}
	c.next = b.Apply(&onwardOp{Signature: ops.SignatureOf(G.Nodes{c.out}, a.Out.Dtype(), a.Out.Shape()), of: c, cut: r.Feedback != Symmetric}, c.out)
	a.Out = c.out
	a.Trace = func(state string) (*G.Node, error) {
		return nil, fmt.Errorf("the state %s over time has no gradient online; leave out what penalises it", state)
	}
	r.cells = append(r.cells, c)
	return c.next, b.Err()
}

// eachItsOwn returns an error unless states have a value for each neuron.
func (r *rule) eachItsOwn(a *layers.Activity) error {
	for _, name := range a.Model.States() {
		if got, want := a.Enter[name].In.Shape(), a.In.Shape()[1:]; !slices.Equal(got, want) {
			return fmt.Errorf("state %s has shape %v, want one value a neuron, %v", name, []int(got), []int(want))
		}
	}
	return nil
}

// gradients is what Prepare returns.
func (r *rule) gradients(out, cost *G.Node) (G.Nodes, error) {
	if err := r.check(out); err != nil {
		return nil, err
	}
	filter, err := r.findReadout(out)
	if err != nil {
		return nil, err
	}
	plain, err := r.plain(cost)
	if err != nil {
		return nil, err
	}
	wrt := slices.Clone(plain)
	for _, c := range r.cells {
		wrt = append(wrt, c.next, c.out)
	}
	wrt = append(wrt, out)
	grads, unused, err := graph.Grad(cost, wrt...)
	if err != nil {
		return nil, fmt.Errorf("online: %w", err)
	}
	for i, c := range r.cells {
		at := len(plain) + 2*i
		c.signal = grads[at]
		if r.Feedback != Symmetric && c.next != out {
			if c.signal, err = r.feedback(c, out, grads[len(grads)-1]); err != nil {
				return nil, err
			}
		} else if slices.Contains(unused, at) {
			return nil, fmt.Errorf("online: no learning signal reaches neurons %s: the loss at a time step does not depend on what they do at that step", c.name)
		}
		if len(r.b.Penalties) > 0 {
			c.penalty = grads[at+1]
			if r.Feedback == Symmetric { // what comes back from the loss is in it
				var b graph.Builder
				if c.penalty = b.Sub(c.penalty, grads[at]); b.Err() != nil {
					return nil, b.Err()
				}
			}
		}
		if c.next != out {
			if err := r.addFiring(c); err != nil {
				return nil, fmt.Errorf("online: neurons %s: %w", c.name, err)
			}
		}
	}
	sums := map[*G.Node]*G.Node{}
	for i, p := range plain {
		sums[p] = grads[i]
	}
	if err := r.learn(filter, sums); err != nil {
		return nil, err
	}
	for back, w := range r.alike {
		sums[back] = sums[w]
	}
	all := make(G.Nodes, len(r.b.Params))
	var b graph.Builder
	for i, p := range r.b.Params {
		if all[i] = sums[p]; all[i] == nil {
			all[i] = b.Fill(p, graph.Const(0))
			r.b.Warnings = append(r.b.Warnings, fmt.Sprintf("the loss does not depend on %s: its gradient is zero", p.Name()))
		}
	}
	return all, b.Err()
}

// learn adds the gradients by the weights of neurons to sums.
func (r *rule) learn(filter models.Model, sums map[*G.Node]*G.Node) error {
	var b graph.Builder
	starts := r.b.Carry.Starts
	for _, c := range r.cells {
		if starts == nil {
			starts = b.Constant(c.act.In, 0, c.act.In.Shape()[1])
		}
		if len(c.sources) == 0 && c.act.Back == nil {
			continue
		}
		f := filter
		if c.readout {
			f = nil
		}
		c.shared = c.linear && (f == nil || c.whole)
		if err := c.differentiate(f); err != nil {
			return fmt.Errorf("online: neurons %s: %w", c.name, err)
		}
		grads, err := c.learn(r.b, starts)
		if err != nil {
			return fmt.Errorf("online: neurons %s: %w", c.name, err)
		}
		for i, s := range c.sources {
			sums[s.w] = plus(&b, sums[s.w], grads[i])
		}
	}
	return b.Err()
}

// check finds the weights of all neurons, and returns an error unless what the network has else can be
// differentiated within a time step.
func (r *rule) check(out *G.Node) error {
	if len(r.cells) == 0 {
		return errors.New("online: the network has no neurons")
	}
	if want := r.cells[0].act.In.Shape()[:2]; out.Dims() < 3 || !slices.Equal(out.Shape()[:2], want) {
		return fmt.Errorf("online: the outputs have shape %v, want %v with a loss at every time step: leave out the readout over time, and take a loss with Sequence", ops.ShapeOf(out), append(slices.Clone([]int(want)), -1))
	}
	for _, c := range r.cells {
		err := r.neuronsLearn(c)
		if err == nil {
			err = r.find(c, c.act.In)
		}
		if err == nil {
			c.linear, c.whole, err = linear(c.act.Model, c.act.In)
		}
		if err != nil {
			return fmt.Errorf("online: neurons %s: %w", c.name, err)
		}
	}
	var all G.Nodes
	seen := map[*G.Node]bool{}
	ops.Upstream(out, seen, &all)
	for _, s := range r.b.Carry.States {
		if seen[s.In] && !slices.ContainsFunc(r.cells, func(c *cell) bool { return c.carries(s) }) {
			return fmt.Errorf("online: state %s is none of neurons, and joins time steps: online, want layers without one between the neurons", s.Name)
		}
	}
	for _, s := range r.b.Buffers {
		if seen[s.Node] {
			return fmt.Errorf("online: buffer %s is made of a whole batch in all its time steps; online, want layers without one, such as layers.GroupNorm", s.Node.Name())
		}
	}
	return nil
}

// carries reports whether s is a state of the neurons.
func (c *cell) carries(s *layers.State) bool {
	for _, own := range c.act.Enter {
		if own == s {
			return true
		}
	}
	return c.act.Fired == s
}

// findReadout returns the filter of the neurons whose outputs are those of the network, if that is linear
// and the same for all of them, and nothing else reaches the outputs.
func (r *rule) findReadout(out *G.Node) (models.Model, error) {
	last := r.within(out, map[*G.Node]bool{})
	for _, c := range r.cells {
		c.readout = c.whole && len(last) == 1 && last[0] == c && c.act.Back == nil
		if c.readout {
			return c.act.Model, nil
		}
	}
	return nil, nil
}
