package conv

import "github.com/spikegrad/spikegrad/internal/plain"

// Plain returns the convolution as data.
func (c *Geometry) Plain() plain.Conv {
	axis := func(a axis) plain.Axis {
		return plain.Axis{In: a.in, Kernel: a.kernel, Out: a.out, Stride: a.Stride, Pad: a.Pad, Dilation: a.Dilation}
	}
	return plain.Conv{Samples: c.samples, Groups: c.groups, In: c.in, Out: c.out, Y: axis(c.y), X: axis(c.x)}
}
