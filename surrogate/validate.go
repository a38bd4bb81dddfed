package surrogate

import (
	"errors"
	"fmt"
	"math"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// Check returns an error if f is nil, or if f has a method Validate() error and
// that returns one: all functions here have it that have a parameter, and want
// it positive and finite.
func Check(f graph.Func) error {
	if guard.IsNil(f) {
		return errors.New("surrogate: the spike function is nil")
	}
	if v, ok := f.(interface{ Validate() error }); ok {
		return v.Validate()
	}
	return nil
}

// positive returns an error unless v is a positive, finite number.
func positive(function, symbol string, v float64) error {
	if v > 0 && !math.IsInf(v, 0) {
		return nil
	}
	return fmt.Errorf("surrogate: %s: %s is %v, want a finite number above 0", function, symbol, v)
}
