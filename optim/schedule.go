package optim

import (
	"cmp"
	"fmt"
	"math"
)

// Schedule changes the learning rate in the course of a training.
type Schedule interface {
	// Rate returns the learning rate of a step as a multiple of the
	// optimiser's: Optimiser.SetRateFactor takes it. Steps count from 0, a
	// step before that is taken for 0. total is how many steps the training
	// has, not above 0 if that is not known. A training may go on after total.
	//
	// The schedules of this package return NaN, which a Step refuses, if
	// their settings make no sense; their method Validate says what is wrong.
	Rate(step, total int) float64
}

var _ = []Schedule{Constant{}, StepDecay{}, Cosine{}, Warmup{}}

// Constant leaves the learning rate as it is: a factor of 1.
type Constant struct{}

// Rate returns 1.
func (Constant) Rate(step, total int) float64 { return 1 }

// StepDecay multiplies the learning rate by Factor after every Every steps:
//
//	Factor^⌊step / Every⌋
//
// Every 1 is exponential decay. The total does not matter.
type StepDecay struct {
	Every  int     // steps, at least 1
	Factor float64 // above 0; He et al., CVPR (2016), use 0.1
}

// Rate implements Schedule.
func (s StepDecay) Rate(step, total int) float64 {
	if s.Validate() != nil {
		return math.NaN()
	}
	return math.Pow(s.Factor, float64(max(step, 0)/s.Every))
}

// Validate returns an error that says which setting makes no sense.
func (s StepDecay) Validate() error {
	return scheduleError("step decay", atLeast("Every", s.Every, 1), positive("Factor", s.Factor))
}

// Cosine lowers the learning rate along half a cosine, from 1 at step 0 to Floor
// at step total and after:
//
//	Floor + (1 − Floor) (1 + cos(π step/total)) / 2
//
// Without a total it returns 1.
//
// I. Loshchilov and F. Hutter, SGDR: stochastic gradient descent with warm
// restarts, ICLR (2017), equation 5, without restarts.
type Cosine struct {
	Floor float64 // at least 0; a multiple of the learning rate
}

// Rate implements Schedule.
func (s Cosine) Rate(step, total int) float64 {
	switch {
	case s.Validate() != nil:
		return math.NaN()
	case total <= 0, step <= 0:
		return 1
	case step >= total:
		return s.Floor
	}
	return s.Floor + (1-s.Floor)*(1+math.Cos(math.Pi*float64(step)/float64(total)))/2
}

// Validate returns an error that says which setting makes no sense.
func (s Cosine) Validate() error {
	return scheduleError("cosine", notNegative("Floor", s.Floor))
}

// Warmup raises the learning rate in equal stages to that with which another
// schedule begins, and then follows it:
//
//	(step + 1)/Steps · Then.Rate(0, total − Steps)    step < Steps
//	Then.Rate(step − Steps, total − Steps)            step ≥ Steps
//
// so that no step has a rate of 0. If there is a total, Then has at least 1
// step of it.
//
// P. Goyal et al., Accurate, large minibatch SGD: training ImageNet in 1 hour,
// arXiv:1706.02677 (2017), §2.2.
type Warmup struct {
	Steps int      // at least 0
	Then  Schedule // nil means Constant
}

// Rate implements Schedule.
func (s Warmup) Rate(step, total int) float64 {
	if s.Validate() != nil {
		return math.NaN()
	}
	step = max(step, 0)
	rest := 0
	if total > 0 {
		rest = max(total-s.Steps, 1)
	}
	then := s.then()
	if step < s.Steps {
		return float64(step+1) / float64(s.Steps) * then.Rate(0, rest)
	}
	return then.Rate(step-s.Steps, rest)
}

// Validate returns an error that says which setting, of this schedule or of
// Then, makes no sense.
func (s Warmup) Validate() error {
	if err := scheduleError("warm-up", atLeast("Steps", s.Steps, 0)); err != nil {
		return err
	}
	if then, ok := s.Then.(interface{ Validate() error }); ok {
		return then.Validate()
	}
	return nil
}

func (s Warmup) then() Schedule {
	if s.Then == nil {
		return Constant{}
	}
	return s.Then
}

// scheduleError returns the first of errs, prefixed.
func scheduleError(name string, errs ...error) error {
	if err := cmp.Or(errs...); err != nil {
		return fmt.Errorf("optim: schedule: %s: %w", name, err)
	}
	return nil
}

func atLeast(name string, n, least int) error {
	if n >= least {
		return nil
	}
	return fmt.Errorf("%s is %d, want at least %d", name, n, least)
}
