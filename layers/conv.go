package layers

import (
	"cmp"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
)

// Conv2D is a convolution over images, from [T, batch, c, h, w] to
// [T, batch, Out, h', w'], the same at every time step; connect.Conv2D gives the
// equation. With Conv.Groups of c it is depthwise.
type Conv2D struct {
	Out    int          // channels of the output
	Kernel int          // height of the kernel, and its width
	Width  int          // width of the kernel, if it is not its height
	Conv   connect.Conv // stride, padding, dilation, groups
	NoBias bool         // leave out the bias
	Init   Init         // of the kernels; nil means LeCun's normal. The bias starts at 0
	Noise  float64      // standard deviation of noise on the kernels in training, drawn for each batch
}

// Apply adds the kernels, called "conv.w" [Out, c/Groups, Kernel, Width], and the
// bias, called "conv.b" [Out].
func (c Conv2D) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("conv2d", x, "[T batch c h w]", 5, 5); err != nil {
		return nil, err
	}
	if c.Out < 1 || c.Kernel < 1 || c.Width < 0 {
		return nil, b.errorf("conv2d", "%d output channels and a kernel of %d pixels, want at least 1 of both", c.Out, min(c.Kernel, cmp.Or(c.Width, c.Kernel)))
	}
	in, err := b.perGroup("conv2d", x.Shape()[2], c.Out, c.Conv.Groups)
	if err != nil {
		return nil, err
	}
	w, bias, err := b.kernels(x, c.Init, c.NoBias, c.Out, c.Out, in, c.Kernel, cmp.Or(c.Width, c.Kernel))
	if err == nil {
		w, err = b.Quantised(w, 0)
	}
	if err == nil {
		w, err = b.noisy("conv.noise", w, c.Noise)
	}
	if err != nil {
		return nil, err
	}
	y, err := connect.Conv2D(x, w, bias, c.Conv)
	if err != nil {
		return nil, b.errorf("conv2d", "%w", err)
	}
	return y, nil
}

func (c Conv2D) melt(*G.Node) (Layer, string, string, func(tensor.Shape, int) int) {
	c.NoBias = false
	return c, "conv.w", "conv.b", along(0)
}

// perGroup returns how many input channels a group has.
func (b *Build) perGroup(kind string, in, out, groups int) (int, error) {
	groups = cmp.Or(groups, 1)
	if groups < 1 || in%groups != 0 || out%groups != 0 {
		return 0, b.errorf(kind, "%d groups of %d channels to %d, want a number that divides both", groups, in, out)
	}
	return in / groups, nil
}

// kernels adds the kernels "conv.w" of a shape, and unless it is to be left out the bias
// "conv.b" [out].
func (b *Build) kernels(x *G.Node, init Init, noBias bool, out int, shape ...int) (w, bias *G.Node, err error) {
	if w, err = b.Weight(x, "conv.w", orLeCun(init), shape...); err == nil && !noBias {
		bias, err = b.Weight(x, "conv.b", Constant(0), out)
	}
	return w, bias, err
}

// ConvTranspose2D is a transposed convolution, which makes images larger by its stride, from
// [T, batch, c, h, w] to [T, batch, Out, h', w']; connect.ConvTranspose2D gives the equation.
type ConvTranspose2D struct {
	Out    int          // channels of the output
	Kernel int          // height of the kernel, and its width
	Width  int          // width of the kernel, if it is not its height
	Conv   connect.Conv // of the convolution that it transposes
	Extra  int          // pixels more at the end of each axis, less than the stride
	NoBias bool         // leave out the bias
	Init   Init         // of the kernels; nil means LeCun's normal. The bias starts at 0
}

// Apply adds the kernels, called "conv.w" [c, Out/Groups, Kernel, Width], and the bias,
// called "conv.b" [Out].
func (c ConvTranspose2D) Apply(b *Build, x *G.Node) (*G.Node, error) {
	const kind = "transposed conv2d"
	if err := b.takes(kind, x, "[T batch c h w]", 5, 5); err != nil {
		return nil, err
	}
	if c.Out < 1 || c.Kernel < 1 || c.Width < 0 {
		return nil, b.errorf(kind, "%d output channels and a kernel of %d pixels, want at least 1 of both", c.Out, min(c.Kernel, cmp.Or(c.Width, c.Kernel)))
	}
	out, err := b.perGroup(kind, c.Out, x.Shape()[2], c.Conv.Groups)
	if err != nil {
		return nil, err
	}
	w, bias, err := b.kernels(x, c.Init, c.NoBias, c.Out, x.Shape()[2], out, c.Kernel, cmp.Or(c.Width, c.Kernel))
	if err != nil {
		return nil, err
	}
	if w, err = b.quantisedGroups(w, cmp.Or(c.Conv.Groups, 1)); err != nil {
		return nil, err
	}
	y, err := connect.ConvTranspose2D(x, w, bias, c.Conv, c.Extra)
	if err != nil {
		return nil, b.errorf(kind, "%w", err)
	}
	return y, nil
}

func (c ConvTranspose2D) melt(*G.Node) (Layer, string, string, func(tensor.Shape, int) int) {
	groups := cmp.Or(c.Conv.Groups, 1)
	c.NoBias = false
	return c, "conv.w", "conv.b", func(s tensor.Shape, i int) int {
		in := along(0)(s, i)
		return in/(s[0]/groups)*s[1] + along(1)(s, i)
	}
}

// Conv1D is a convolution along the last axis of [T, batch, c, n], to [T, batch, Out, n'],
// the same at every time step: that of connect.Conv2D for images one pixel wide.
type Conv1D struct {
	Out    int          // channels of the output
	Kernel int          // length of the kernel
	Conv   connect.Conv // stride, padding, dilation, groups; Width is not looked at
	NoBias bool         // leave out the bias
	Init   Init         // of the kernels; nil means LeCun's normal. The bias starts at 0
}

// Apply adds the kernels, called "conv.w" [Out, c/Groups, Kernel], and the bias, called
// "conv.b" [Out].
func (c Conv1D) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("conv1d", x, "[T batch c n]", 4, 4); err != nil {
		return nil, err
	}
	if c.Out < 1 || c.Kernel < 1 {
		return nil, b.errorf("conv1d", "%d output channels and a kernel of %d, want at least 1 of both", c.Out, c.Kernel)
	}
	s := x.Shape()
	in, err := b.perGroup("conv1d", s[2], c.Out, c.Conv.Groups)
	if err != nil {
		return nil, err
	}
	w, bias, err := b.kernels(x, c.Init, c.NoBias, c.Out, c.Out, in, c.Kernel)
	if err == nil {
		w, err = b.Quantised(w, 0)
	}
	if err != nil {
		return nil, err
	}
	var g graph.Builder
	x, w = g.Reshape(x, s[0], s[1], s[2], s[3], 1), g.Reshape(w, c.Out, in, c.Kernel, 1)
	if err := g.Err(); err != nil {
		return nil, b.errorf("conv1d", "%w", err)
	}
	c.Conv.Width = &connect.Axis{}
	y, err := connect.Conv2D(x, w, bias, c.Conv)
	if err != nil {
		return nil, b.errorf("conv1d", "%w", err)
	}
	y = g.Reshape(y, s[0], s[1], c.Out, y.Shape()[3])
	return y, g.Err()
}

func (c Conv1D) melt(*G.Node) (Layer, string, string, func(tensor.Shape, int) int) {
	c.NoBias = false
	return c, "conv.w", "conv.b", along(0)
}
