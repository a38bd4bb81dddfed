package randnet

import (
	"cmp"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/layers"
)

// window draws a kernel, a stride, a margin and a dilation for n pixels, and returns how many there are then.
func (d *drawing) window(n int) (kernel int, a connect.Axis, out int) {
	kernel = 1 + d.IntN(min(3, n))
	a = connect.Axis{Stride: 1 + d.IntN(2), Pad: d.IntN(kernel/2 + 1), Dilation: 1}
	if (kernel-1)*2+1 <= n && d.chance(0.3) {
		a.Dilation = 2
	}
	return kernel, a, (n+2*a.Pad-a.Dilation*(kernel-1)-1)/a.Stride + 1
}

// conv draws a convolution along one axis or two, whose kernels have this size.
func (d *drawing) conv() (c connect.Conv, out int, kernel [2]int) {
	c.Groups = 1
	if d.shape[0]%2 == 0 && d.chance(0.3) {
		c.Groups = 2
	}
	out = c.Groups * (1 + d.IntN(3))
	shape := []int{out}
	for i, n := range d.shape[1:] {
		k, a, m := d.window(n)
		kernel[i] = k
		if i == 0 {
			c.Stride, c.Pad, c.Dilation = a.Stride, a.Pad, a.Dilation
		} else {
			c.Width = &a
		}
		shape = append(shape, m)
	}
	d.shape = shape
	return c, out, kernel
}

// line draws a layer for channels along one axis.
func (d *drawing) line() layers.Layer {
	if d.chance(0.2) {
		a := layers.SelfAttention{Neurons: d.box(), Scale: 10, NoNorm: d.chance(0.5)}
		if d.shape[0]%2 == 0 {
			a.Heads = 2
		}
		return a
	}
	if d.chance(0.2) {
		return d.linear(1 + d.IntN(6))
	}
	c, out, kernel := d.conv()
	return layers.Conv1D{Out: out, Kernel: kernel[0], Conv: c, NoBias: d.chance(0.3), Init: layers.Scaled{Gain: 3}}
}

// image draws a layer for images.
func (d *drawing) image() layers.Layer {
	switch d.IntN(7) {
	case 0:
		return d.pool()
	case 1:
		p := layers.AdaptivePool{Height: 1 + d.IntN(d.shape[1]), Width: 1 + d.IntN(d.shape[2]), Max: d.chance(0.4)}
		p.Sum = !p.Max && d.chance(0.4)
		d.shape = []int{d.shape[0], p.Height, p.Width}
		return p
	case 2:
		if d.shape[1] > 6 || d.shape[2] > 6 {
			break
		}
		d.shape = []int{d.shape[0], 2 * d.shape[1], 2 * d.shape[2]}
		return layers.Upsample{By: 2}
	case 3:
		d.shape = []int{d.shape[0], d.shape[1] * d.shape[2]}
		return layers.Tokens
	case 4:
		return d.transposed()
	}
	c, out, kernel := d.conv()
	l := layers.Conv2D{Out: out, Kernel: kernel[0], Width: kernel[1], Conv: c, NoBias: d.chance(0.3), Init: layers.Scaled{Gain: 3}}
	if d.chance(0.15) {
		return layers.Quantise{Bits: 2 + d.IntN(7), Layer: l}
	}
	return l
}

func (d *drawing) transposed() layers.Layer {
	l := layers.ConvTranspose2D{Out: 1 + d.IntN(3), Kernel: 1 + d.IntN(3), Init: layers.Scaled{Gain: 3}, NoBias: d.chance(0.3)}
	if d.shape[1] < 6 && d.shape[2] < 6 {
		l.Conv.Stride, l.Extra = 2, d.IntN(2)
	}
	size := func(n int) int { return (n-1)*max(l.Conv.Stride, 1) + l.Kernel + l.Extra }
	d.shape = []int{l.Out, size(d.shape[1]), size(d.shape[2])}
	return l
}

func (d *drawing) pool() layers.Layer {
	p := layers.Pool{Size: 1 + d.IntN(min(3, d.shape[1])), Width: 1 + d.IntN(min(3, d.shape[2])), Max: d.chance(0.4)}
	p.Sum = !p.Max && d.chance(0.5)
	if d.chance(0.5) {
		p.Stride, p.Pad = 1+d.IntN(2), d.IntN(min(p.Size, p.Width)/2+1)
	}
	size := func(n, k int) int { return (n+2*p.Pad-k)/cmp.Or(p.Stride, k) + 1 }
	d.shape = []int{d.shape[0], size(d.shape[1], p.Size), size(d.shape[2], p.Width)}
	return p
}
