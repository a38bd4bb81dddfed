package surrogate

// Heaviside is a spike through which no gradient flows:
//
//	H(x) = 1 if x > 0, else 0
//	s(x) = 0
type Heaviside struct{ Step }

// Deriv returns 0.
func (Heaviside) Deriv(float64) float64 { return 0 }

// Smooth returns 0.
func (Heaviside) Smooth(float64) float64 { return 0 }
