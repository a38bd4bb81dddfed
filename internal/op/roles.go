package op

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// An operation says by methods what the rest of the library may do with it: there is
// no list of operations to enter a new one into. Those below are all that is asked,
// besides Timed of package timing; without a method an operation is taken for one
// that does nothing of the kind.

// A Lender owns the memory of its result, which may be lent to another value when
// nothing reads the result any more (buffer donation).
type Lender interface {
	// Lends returns what owns the memory, the same for all nodes that share it; nil if
	// it is not to be lent.
	Lends() any
}

// A Taker is an operation that can write a large value anywhere.
type Taker interface {
	// Into says where the next runs write it: to a tensor of its shape, or with nil to
	// memory of the operation's own.
	Into(dst *tensor.Dense)
}

// Itself stands for the operation itself in the place of one of its inputs.
const Itself = -1

// A Placed operation says who writes its result, so that it can be told where to.
type Placed interface {
	// PlacedBy returns the input whose operation is the Taker that writes the result, or
	// Itself; ok is false if nobody can be told.
	PlacedBy() (input int, ok bool)
}

// An Overwriter is a Taker that reads one of its inputs in the order in which it
// writes its value, and so may write over it.
type Overwriter interface {
	// Overwrites returns which input.
	Overwrites() (input int, ok bool)
}

// A Follower has inputs only to run after them.
type Follower interface {
	// Follows reports whether input k is not read.
	Follows(k int) bool
}

// A Sparer may turn out not to read one of its inputs, such as values that an operation
// which it follows has made lists of.
type Sparer interface {
	// Spares reports whether it may turn out for input k; and, once the operations that
	// it follows have run, whether it has.
	Spares(k int) (perhaps, now bool)
}

// A Connection adds up values times weights.
type Connection interface {
	// Connects returns the values x and the weights w among the inputs, and for each
	// element of x, at one time step of a sample, to how many elements of the result it
	// is added. A fanOut of nil means that the node connects nothing.
	Connects(in G.Nodes) (x, w *G.Node, fanOut []int)
}

// A Matrix is a Connection that multiplies the last axis of its values by a matrix of weights.
type Matrix interface {
	// Matrix returns among the inputs the values x, the weights w [in, out] and the bias, nil for
	// none. An x of nil means that the node is something else.
	Matrix(in G.Nodes) (x, w, bias *G.Node)
}

// A Line gives what goes in at a time step and at earlier ones, of which a state of the step is what is still on its way. Within a scan
// it may be run as a whole beside the step.
type Line interface {
	G.SDOp
	// Goes returns the inputs that are what goes in, and the state that enters; −1 for none.
	Goes() (in, state int)
	// Whole returns what runs it for so many time steps, an exec.Line; nil if it is better called at each.
	Whole(steps int) any
}

// A LineEnd gives the state of a Line that leaves a time step.
type LineEnd interface {
	// Ends returns the input that is the value of the Line; −1 if it ends none.
	Ends() int
}

// A Loop is an operation that runs others at each time step.
type Loop interface {
	// Joints lists the connections among them; in are its inputs.
	Joints(in G.Nodes) ([]Joint, error)
	// Carried returns how many values of a sample go from each time step to the next.
	Carried() int
}

// A Joint is a connection: the values X, Delay time steps before, nil where no node
// has them, meet weights of the given name.
type Joint struct {
	Weights string
	X       *G.Node
	Delay   int
	FanOut  []int
}

// A Listed operation makes a dense tensor of lists of spikes.
type Listed interface {
	// Token returns the node that stands for the lists.
	Token() *G.Node
}

// An Undifferentiable operation has a result that nothing can be differentiated by.
type Undifferentiable interface {
	// NoGradient says why, and what to do instead.
	NoGradient() string
}

// A Stepper is an operation that must know that a scan calls it at each time step, so
// that what one of its nodes remembers of its last run is no help to another.
type Stepper interface{ Stepwise() }
