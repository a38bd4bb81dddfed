package vitals

import (
	"fmt"
	"math"
)

// A Pace is how fast the weights move.
type Pace struct {
	Rate  float64 // of learning
	Step  float64 // how far the last step moved the weights, as Distance measures it; negative if that is not known
	Size  float64 // of the weights
	First float64 // and what it was in the beginning
}

// Judge holds the pace against the loss: how long the last step was, and whether a longer or a
// shorter one against the gradient would lower the loss, for which search returns the best factor
// of its length. It adds what it found to the message and returns a cure.
func (p Pace) Judge(message *string, search func(length float64) (float64, error)) (string, error) {
	const elsewhere = "Look at the other findings, at whether the labels belong to the samples, and at the encoder; try more neurons or time steps."
	if p.Step < 0 || p.Size == 0 {
		return elsewhere, nil
	}
	*message += fmt.Sprintf(" The last step changed the weights by %.1e of their size, at a learning rate of %.3g.", p.Step/p.Size, p.Rate)
	if p.Step == 0 {
		return "The weights do not change at all: look at the learning rate, its schedule, and the gradients. " + elsewhere, nil
	}
	const long, healthy = 0.1, 1e-3 // steps, of the size of the weights
	if p.Step/p.Size > long || p.Size > 10*p.First {
		if p.Size > 10*p.First {
			*message += fmt.Sprintf(" They have grown to %.3g times what they were.", p.Size/p.First)
		}
		return fmt.Sprintf("Lower the learning rate to about %.0e, and begin anew.", p.Rate*healthy*p.First/p.Step), nil
	}
	factor, err := search(p.Step)
	switch {
	case err != nil:
		return "", err
	case factor >= 10:
		*message += fmt.Sprintf(" One %g times as long, along the gradient, would lower the loss more.", factor)
		return fmt.Sprintf("Raise the learning rate to about %.0e.", p.Rate*factor), nil
	case factor <= 0.1:
		*message += fmt.Sprintf(" Only one of %g of that, along the gradient, would lower the loss.", factor)
		return fmt.Sprintf("Lower the learning rate to about %.0e.", p.Rate*factor), nil
	}
	return "The learning rate seems right. " + elsewhere, nil
}

// Search returns at which power of ten the loss is lowest: 1, unless another one lowers it by
// 1 % more.
func Search(loss func(factor float64) (float64, error)) (float64, error) {
	best := 1.0
	lowest, err := loss(1)
	if err != nil {
		return 0, err
	}
	for k := -4; k <= 7; k++ {
		factor := math.Pow(10, float64(k))
		l, err := loss(factor)
		if err != nil {
			return 0, err
		}
		if l < 0.99*lowest || math.IsNaN(lowest) {
			best, lowest = factor, l
		}
	}
	return best, nil
}
