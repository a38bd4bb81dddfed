package op

import "gorgonia.org/tensor"

// A Memory is where an operation puts its result, kept from run to run.
type Memory struct{ dst *tensor.Dense }

// Result returns a tensor of the shape. Its elements are those of the last run.
func (m *Memory) Result(dt tensor.Dtype, shape tensor.Shape) *tensor.Dense {
	if m.dst == nil || m.dst.Dtype() != dt {
		m.dst = New(dt, shape)
	}
	return m.dst
}

// Into makes dst the memory, nil for one of its own.
func (m *Memory) Into(dst *tensor.Dense) { m.dst = dst }
