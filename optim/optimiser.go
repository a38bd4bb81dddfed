package optim

import (
	"cmp"
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Optimiser changes parameters by their gradients.
//
// Step takes one step and then sets the gradients to zero, as Gorgonia's own
// solvers do, so that an Optimiser also serves any Gorgonia graph run with
// gorgonia.BindDualValues. The parameters are of float32 or float64: tensors
// (*tensor.Dense, contiguous and row-major) or Gorgonia's scalars (*F32, *F64),
// all treated alike. A gradient has the shape and the type of its parameter.
// Step returns an error, and has changed nothing, if a hyper-parameter is out
// of range, a parameter has no gradient, two have one name or one memory, or the
// shape or type of one is not that of the step before.
//
// What an Optimiser remembers of a parameter goes by the parameter's name, if
// it has a method Name() string as nodes do, else by "#" and its position. It belongs
// to this parameter: with another one of the same name, that of a second network,
// Step begins anew, whatever its shape. Two are the same if they are one pointer or
// have their values in one memory; the first to come after Restore is the one that
// the state was of. An Optimiser holds on to the parameters that it remembers.
//
// One of your own knows from the Step what it was given, or leaves it to the Trainer of
// package train: a Run without Resume gives its Restore an empty State, wherever an
// optimiser is from, unless the last Run with it was on the same model, and the last Run
// on the model was with it. Those of this package keep what their Restore was given
// before, if no Step came in between: if they are Fresh.
//
// The arithmetic is done in the type of the parameter, with factors computed
// in float64. The result has the same bits whatever GOMAXPROCS is. Step does
// not look for NaN or Inf in the gradients: [ClipNorm] finds them.
//
// An Optimiser must not be used by two goroutines at once, nor be copied.
type Optimiser interface {
	G.Solver

	// Rate returns the learning rate of the next Step: the LearningRate
	// that was set, or its default, times the rate factor.
	Rate() float64

	// SetRateFactor makes the following steps use factor times the learning
	// rate; a [Schedule] gives such factors. It replaces the factor set
	// before, which is 1 to begin with. Step refuses one that is negative,
	// NaN or Inf.
	SetRateFactor(factor float64)

	// State returns a copy of what the optimiser remembers.
	State() State

	// Restore replaces what the optimiser remembers by a copy of s. The steps
	// that follow are bit for bit those that would have followed the State,
	// given the same hyper-parameters and rate factor. Restore returns an
	// error, and has changed nothing, if s is not of such an optimiser.
	Restore(s State) error
}

// State is what an Optimiser remembers between steps, ready to be saved.
// Hyper-parameters and the rate factor are not part of it.
type State struct {
	Steps int             // calls of Step
	Slots map[string]Slot // by the name of the parameter
}

// Slot is what an Optimiser remembers of one parameter.
type Slot struct {
	Steps   int                      // steps that the parameter took part in, at least 1
	Moments map[string]*tensor.Dense // by name, in the parameter's type and shape; (1) for a scalar
}

func (m *memory) checkRate(rate float64) error {
	return cmp.Or(positive("LearningRate", rate), notNegative("rate factor", m.rateFactor()))
}

func positive(name string, x float64) error {
	if x > 0 && !math.IsInf(x, 1) {
		return nil
	}
	return fmt.Errorf("%s is %v, want a finite number above 0", name, x)
}

func notNegative(name string, x float64) error {
	if x >= 0 && !math.IsInf(x, 1) {
		return nil
	}
	return fmt.Errorf("%s is %v, want a finite number of at least 0", name, x)
}

func fraction(name string, x float64) error {
	if x >= 0 && x < 1 {
		return nil
	}
	return fmt.Errorf("%s is %v, want a number in [0, 1)", name, x)
}
