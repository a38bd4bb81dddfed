package layers

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Conv2D is a convolution over images, from [T, batch, c, h, w] to
// [T, batch, Out, h', w'], the same at every time step.
type Conv2D struct {
	Out    int // channels of the output
	Kernel int // height and width of the kernel
	Conv   graph.Conv
	NoBias bool
	Init   Init // nil means LeCun's normal
}

// Apply adds the kernels, called "conv.w" [Out, c, Kernel, Kernel], and the
// bias, called "conv.b".
func (c Conv2D) Apply(b *Build, x *G.Node) (*G.Node, error) {
	shape := x.Shape()
	if len(shape) != 5 {
		return nil, fmt.Errorf("layers: conv2d %s: x has shape %v, want [T batch c h w]", b.Path(), []int(shape))
	}
	if c.Out < 1 || c.Kernel < 1 {
		return nil, fmt.Errorf("layers: conv2d %s: %d output channels and a kernel of %d, want at least 1", b.Path(), c.Out, c.Kernel)
	}
	init := c.Init
	if init == nil {
		init = Scaled{Gain: 1}
	}
	w, err := b.Weight(x, "conv.w", init, c.Out, shape[2], c.Kernel, c.Kernel)
	if err != nil {
		return nil, err
	}
	var bias *G.Node
	if !c.NoBias {
		if bias, err = b.Weight(x, "conv.b", Constant(0), c.Out); err != nil {
			return nil, err
		}
	}
	y, err := graph.Conv2D(x, w, bias, c.Conv)
	if err != nil {
		return nil, fmt.Errorf("layers: conv2d %s: %w", b.Path(), err)
	}
	return y, nil
}

// Pool joins squares of Size × Size pixels of [T, batch, c, h, w], Stride apart
// (0 means Size), into one: their mean, or with Max their maximum.
type Pool struct {
	Size, Stride int
	Max          bool
}

// Apply adds the pooling.
func (p Pool) Apply(b *Build, x *G.Node) (*G.Node, error) {
	stride := p.Stride
	if stride == 0 {
		stride = p.Size
	}
	pool := graph.AvgPool
	if p.Max {
		pool = graph.MaxPool
	}
	y, err := pool(x, p.Size, stride)
	if err != nil {
		return nil, fmt.Errorf("layers: pool %s: %w", b.Path(), err)
	}
	return y, nil
}
