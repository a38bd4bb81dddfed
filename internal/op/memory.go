package op

import "gorgonia.org/tensor"

// A Memory is where an operation puts its result, kept from run to run.
type Memory struct {
	own  *tensor.Dense // made when it is needed
	lent *tensor.Dense // goes before it
}

// Result returns a tensor of the shape. Its elements are those of the last run, unless the
// memory has been lent.
func (m *Memory) Result(dt tensor.Dtype, shape tensor.Shape) *tensor.Dense {
	if m.lent != nil {
		return m.lent
	}
	if m.own == nil || m.own.Dtype() != dt {
		m.own = New(dt, shape)
	}
	return m.own
}

// Into lends dst, a tensor of that shape and type; nil ends the loan.
func (m *Memory) Into(dst *tensor.Dense) { m.lent = dst }
