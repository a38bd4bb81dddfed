package online

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/segments"
	"github.com/spikegrad/spikegrad/layers"
)

// A Learner is a network that learns while it serves: of streams, as many side by side as Network.Batch says, that come
// time step by time step and need not end. It is made by the method Live of a train.Trainer, and the weights are those
// of the trainer's model: all that this does sees what has been learnt, its replicas after each change of the weights.
//
// Memory is that of one time step, however long the streams. What a step allocates is some dozens of small objects,
// whatever the size of the network.
//
// One goroutine uses a Learner or its model at a time, and an error that wraps train.ErrInUse tells another one so;
// replicas of the model answer meanwhile. The optimiser belongs to the Learner as long as that is in use.
type Learner struct {
	net    Network
	stream *segments.Stream
	rest   []*tensor.Dense // the states in which streams begin
	states []*tensor.Dense // and those in which they are
	terms  []G.Value
	due    int // time steps with a target until the weights change

	x, y []float32 // of the present step
	loss float64
	step func() error // on x and y
}

// A Network is what a Learner is made of: train makes it, for one time step.
type Network struct {
	In     feed.Inputs
	Out    *G.Node
	States []*layers.State // of neurons, and traces
	Terms  G.Nodes         // the loss, and penalties
	Grads  G.Nodes         // by weights
	Names  []string        // of the weights
	Values []*tensor.Dense // of them
	Sums   []*tensor.Dense // where their gradients are added up
	Every  int             // how many are
	Within func(f func() error) error
	Check  func(terms []G.Value) error
	Change func() error // of the weights by the sums
}

// NewLearner is what the method Live of a train.Trainer calls.
func NewLearner(n Network) (*Learner, error) {
	if n.Every < 1 {
		return nil, errors.New("the weights are to change at the end of sequences, and a stream has none; want a number of time steps (online.EProp.Every)")
	}
	l := &Learner{net: n, terms: make([]G.Value, len(n.Terms)), due: n.Every}
	var err error
	if l.stream, err = segments.NewStream(n.In.X, n.Out, n.Out.Shape()[1:], n.States, slices.Concat(n.Terms, n.Grads)...); err != nil {
		return nil, err
	}
	if l.rest, err = l.stream.Begin(); err != nil {
		return nil, err
	}
	for _, t := range l.rest {
		l.states = append(l.states, t.Clone().(*tensor.Dense))
	}
	l.step = l.run
	return l, nil
}

var errNoLearner = errors.New("online: the learner is nil or was not made by train.Trainer.Live")

// Step goes one time step on, on x, [batch, …] as Network.Shape says. It returns the outputs [batch, …], which the next Step
// overwrites, as they were before the weights learnt of this step, and the loss with its penalties left out. The target,
// of one time step, has the shape that the loss wants; without one, nil, the streams are served alone: states and traces go
// on, the loss is NaN. Weights change after every EProp.Every steps with a target.
//
// A loss or a gradient that is not finite is an error; the weights are as they were, and the streams one step on.
func (l *Learner) Step(x, target []float32) (out *tensor.Dense, loss float64, err error) {
	if l == nil || l.stream == nil {
		return nil, 0, errNoLearner
	}
	l.x, l.y = x, target // a function that held them would be one for each step
	if err := l.net.Within(l.step); err != nil {
		return nil, 0, fmt.Errorf("online: %w", err)
	}
	return l.stream.Out, l.loss, nil
}

func (l *Learner) run() error {
	in := l.net.In
	if n := in.Batch * tensor.Shape(in.Shape).TotalSize(); len(l.x) != n {
		return fmt.Errorf("the input has %d values, a time step of shape %v has %d", len(l.x), append([]int{in.Batch}, in.Shape...), n)
	}
	if err := flat.Finite(l.x); err != nil {
		return fmt.Errorf("input: %w", err)
	}
	if l.y != nil {
		if err := in.SetTarget(l.y); err != nil {
			return err
		}
	}
	l.loss = math.NaN()
	if err := l.stream.Step(l.states, l.x); err != nil || l.y == nil {
		return err
	}
	for i := range l.terms {
		l.terms[i] = l.stream.Value(i)
	}
	if err := l.net.Check(l.terms); err != nil {
		return err
	}
	l.loss = flat.Number(l.terms[0])
	take := flat.Copy
	if l.due < l.net.Every {
		take = flat.Add
	}
	for i, sum := range l.net.Sums {
		if err := take(sum, l.stream.Value(len(l.terms)+i)); err != nil {
			return fmt.Errorf("the gradient of %s %w", l.net.Names[i], err)
		}
	}
	if l.due--; l.due > 0 {
		return nil
	}
	l.due = l.net.Every
	return l.net.Change()
}

// Restart lets some of the streams begin anew, from rest and without traces; all, where none is named.
func (l *Learner) Restart(streams ...int) error {
	if l == nil || l.stream == nil {
		return errNoLearner
	}
	if len(streams) == 0 {
		for b := range l.net.In.Batch {
			streams = append(streams, b)
		}
	}
	for _, b := range streams {
		if b < 0 || b >= l.net.In.Batch {
			return fmt.Errorf("online: stream is %d, want 0 to %d", b, l.net.In.Batch-1)
		}
	}
	return l.within(func() error {
		for i, t := range l.states {
			for _, b := range streams {
				if err := flat.CopyRow(t, b, l.rest[i], b); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (l *Learner) within(f func() error) error {
	if err := l.net.Within(f); err != nil {
		return fmt.Errorf("online: %w", err)
	}
	return nil
}

// A LearnerState is where a Learner is in its streams.
type LearnerState struct {
	Due     int                      // steps with a target until weights change
	Tensors map[string]*tensor.Dense // states of neurons, "1.V", traces, "eligibility of 0.linear.w", sums of gradients, "sum of 0.linear.w", and adaptive feedback
}

// State returns a copy of where the streams are: with the weights of the model, what its optimiser remembers
// (optim.Optimiser.State) and this a learner goes on to the same bits.
func (l *Learner) State() (s LearnerState, err error) {
	if l == nil || l.stream == nil {
		return s, errNoLearner
	}
	err = l.within(func() error {
		s = LearnerState{Due: l.due, Tensors: map[string]*tensor.Dense{}}
		return l.each(func(name string, t *tensor.Dense) error { s.Tensors[name] = t.Clone().(*tensor.Dense); return nil })
	})
	return s, err
}

// Restore goes on from where a Learner of such a network was. After an error nothing has changed.
func (l *Learner) Restore(s LearnerState) error {
	if l == nil || l.stream == nil {
		return errNoLearner
	}
	return l.within(func() error {
		if s.Due < 1 || s.Due > l.net.Every {
			return fmt.Errorf("the weights are due in %d steps, want 1 to %d", s.Due, l.net.Every)
		}
		want := 0
		_ = l.each(func(string, *tensor.Dense) error { want++; return nil })
		if len(s.Tensors) != want {
			return fmt.Errorf("the state has %d tensors, want %d", len(s.Tensors), want)
		}
		err := l.each(func(name string, t *tensor.Dense) error {
			from := s.Tensors[name]
			switch {
			case from == nil:
				return fmt.Errorf("the state has no %s", name)
			case from.Dtype() != t.Dtype() || !from.Shape().Eq(t.Shape()):
				return fmt.Errorf("%s is of %v with shape %v, want %v and %v", name, from.Dtype(), []int(from.Shape()), t.Dtype(), []int(t.Shape()))
			}
			return nil
		})
		if err != nil {
			return err
		}
		l.due = s.Due
		return l.each(func(name string, t *tensor.Dense) error { return flat.Copy(t, s.Tensors[name]) })
	})
}

// each calls f with all that belongs to the state.
func (l *Learner) each(f func(name string, t *tensor.Dense) error) error {
	for i, t := range l.states {
		if err := f(l.net.States[i].Name, t); err != nil {
			return err
		}
	}
	for i, t := range l.net.Sums {
		name := l.net.Names[i]
		err := f("sum of "+name, t)
		if err == nil && strings.HasPrefix(name, FeedbackName) {
			err = f(name, l.net.Values[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}
