package layers

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/connect"
)

// Conv2D is a convolution over images, from [T, batch, c, h, w] to
// [T, batch, Out, h', w'], the same at every time step; connect.Conv2D gives the
// equation.
type Conv2D struct {
	Out    int          // channels of the output
	Kernel int          // height and width of the kernel
	Conv   connect.Conv // stride, padding, dilation
	NoBias bool         // leave out the bias
	Init   Init         // of the kernels; nil means LeCun's normal. The bias starts at 0
}

// Apply adds the kernels, called "conv.w" [Out, c, Kernel, Kernel], and the
// bias, called "conv.b" [Out].
func (c Conv2D) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("conv2d", x, "[T batch c h w]", 5, 5); err != nil {
		return nil, err
	}
	if c.Out < 1 || c.Kernel < 1 {
		return nil, b.errorf("conv2d", "%d output channels and a kernel of %d pixels, want at least 1 of both", c.Out, c.Kernel)
	}
	w, err := b.Weight(x, "conv.w", orLeCun(c.Init), c.Out, x.Shape()[2], c.Kernel, c.Kernel)
	if err != nil {
		return nil, err
	}
	var bias *G.Node
	if !c.NoBias {
		if bias, err = b.Weight(x, "conv.b", Constant(0), c.Out); err != nil {
			return nil, err
		}
	}
	y, err := connect.Conv2D(x, w, bias, c.Conv)
	if err != nil {
		return nil, b.errorf("conv2d", "%w", err)
	}
	return y, nil
}

// Pool joins squares of Size × Size pixels of [T, batch, c, h, w], Stride apart,
// into one: their mean, or with Max their maximum.
type Pool struct {
	Size   int // pixels
	Stride int // pixels; 0 means Size
	Max    bool
}

// Apply adds the pooling.
func (p Pool) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("pool", x, "[T batch c h w]", 5, 5); err != nil {
		return nil, err
	}
	stride := p.Stride
	if stride == 0 {
		stride = p.Size
	}
	pool := connect.AvgPool
	if p.Max {
		pool = connect.MaxPool
	}
	y, err := pool(x, p.Size, stride)
	if err != nil {
		return nil, b.errorf("pool", "%w", err)
	}
	return y, nil
}
