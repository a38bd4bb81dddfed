package graph

import (
	"fmt"
	"math"
)

// A Constraint keeps a learnt parameter in a range: the parameter is a function
// of the node that is learnt. The zero value is no constraint.
type Constraint struct {
	kind   constraintKind
	lo, hi float64
}

type constraintKind uint8

const (
	unconstrained constraintKind = iota
	byExp
	bySoftplus
	bySigmoid
	byClip
)

var (
	Exp      = Constraint{kind: byExp}      // e to the power of the node: positive, equal steps are equal factors
	Softplus = Constraint{kind: bySoftplus} // log(1 + e to the power of the node): positive, nearly linear far from 0
	Sigmoid  = Constraint{kind: bySigmoid}  // 1/(1 + e to the power of minus the node): between 0 and 1
)

// Clip keeps a parameter between lo and hi by cutting it off there; beyond them
// no gradient flows.
func Clip(lo, hi float64) Constraint { return Constraint{kind: byClip, lo: lo, hi: hi} }

// String returns the name of the constraint.
func (c Constraint) String() string {
	if c.kind == byClip {
		return fmt.Sprintf("clip to [%v, %v]", c.lo, c.hi)
	}
	return [...]string{"none", "exp", "softplus", "sigmoid"}[c.kind]
}

// Inverse returns where the node must be for the parameter to be v, or an error
// if the constraint does not allow v.
func (c Constraint) Inverse(v float64) (float64, error) {
	ok, want := true, ""
	x := v
	switch c.kind {
	case byExp:
		ok, want, x = v > 0, "a positive number", math.Log(v)
	case bySoftplus:
		// log(e^v − 1), written so that large v do not overflow.
		ok, want, x = v > 0, "a positive number", v+math.Log(-math.Expm1(-v))
	case bySigmoid:
		ok, want, x = v > 0 && v < 1, "a number between 0 and 1", math.Log(v/(1-v))
	case byClip:
		ok, want = v >= c.lo && v <= c.hi, fmt.Sprintf("a number from %v to %v", c.lo, c.hi)
	}
	if !ok {
		return 0, fmt.Errorf("graph: constraint %v: the parameter is %v, want %s", c, v, want)
	}
	return x, nil
}

// Apply returns the parameter for the value x of the node.
func (c Constraint) Apply(x float64) float64 {
	switch c.kind {
	case byExp:
		return math.Exp(x)
	case bySoftplus:
		// log(1 + e^x), written so that large x do not overflow.
		return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
	case bySigmoid:
		return 1 / (1 + math.Exp(-x))
	case byClip:
		return min(max(x, c.lo), c.hi)
	}
	return x
}

// MarshalText returns the name of the constraint, that of String.
func (c Constraint) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText finds the constraint that has a name.
func (c *Constraint) UnmarshalText(text []byte) error {
	for _, k := range []Constraint{{}, Exp, Softplus, Sigmoid} {
		if k.String() == string(text) {
			*c = k
			return nil
		}
	}
	var lo, hi float64
	if _, err := fmt.Sscanf(string(text), "clip to [%g, %g]", &lo, &hi); err != nil || !(lo <= hi) || Clip(lo, hi).String() != string(text) {
		return fmt.Errorf("graph: got constraint %.40q, want none, exp, softplus, sigmoid or clip to [lower, upper]", text)
	}
	*c = Clip(lo, hi)
	return nil
}
