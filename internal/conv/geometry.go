// Package conv computes convolutions of images and their gradients: densely, as
// matrix products with patches (im2col, in bands that stay in the cache), or where few
// elements are not zero by following these.
package conv

import (
	"fmt"
	"math"
	"slices"
)

// A Step says how a kernel moves over an image.
type Step struct {
	Stride   int // pixels from one output to the next; 0 means 1
	Pad      int // pixels of zeros around the image
	Dilation int // pixels from one element of the kernel to the next; 0 means 1
}

// A Geometry is the sizes of a convolution.
type Geometry struct {
	samples int
	in, out int  // channels
	y, x    axis // the height and the width
}

// New returns the geometry for images of shape [… c h w] and kernels of shape
// [out c kh kw]. An error says which shape or setting does not fit.
func New(xs, ws []int, opts Step) (*Geometry, error) {
	switch {
	case !IsImages(xs):
		return nil, fmt.Errorf("x has shape %v, want [T batch c h w]", xs)
	case len(ws) != 4 || ws[1] != xs[len(xs)-3] || slices.Min(ws) < 1:
		return nil, fmt.Errorf("w has shape %v, want [out %d kh kw] for x of shape %v", ws, xs[len(xs)-3], xs)
	}
	if opts.Stride == 0 {
		opts.Stride = 1
	}
	if opts.Dilation == 0 {
		opts.Dilation = 1
	}
	for _, o := range []struct {
		name       string
		value, min int
	}{{"stride", opts.Stride, 1}, {"padding", opts.Pad, 0}, {"dilation", opts.Dilation, 1}} {
		if o.value < o.min || o.value > maxStep {
			return nil, fmt.Errorf("the %s is %d, want %d to %d", o.name, o.value, o.min, maxStep)
		}
	}
	c := &Geometry{samples: 1, in: ws[1], out: ws[0]}
	for _, n := range xs[:len(xs)-3] {
		c.samples *= n
	}
	c.y = newAxis(xs[len(xs)-2], ws[2], opts)
	c.x = newAxis(xs[len(xs)-1], ws[3], opts)
	switch {
	case c.y.out < 1 || c.x.out < 1:
		return nil, fmt.Errorf("the kernel covers %d×%d pixels, the image has %d×%d with padding %d",
			c.y.reach(), c.x.reach(), c.y.in, c.x.in, opts.Pad)
	case !c.fits():
		return nil, fmt.Errorf("an image becomes %d×%d×%d elements, want at most %d", c.out, c.y.out, c.x.out, math.MaxInt32)
	}
	return c, nil
}

// SizeX and sizeY return how many elements an image has, patch how many of x meet
// the kernel at once.
func (c *Geometry) SizeX() int { return c.in * c.y.in * c.x.in }
func (c *Geometry) sizeY() int { return c.out * c.y.out * c.x.out }
func (c *Geometry) patch() int { return c.in * c.y.kernel * c.x.kernel }

// Sizes returns how many elements the images, those of the result, the kernels and the
// bias have.
func (c *Geometry) Sizes() (x, y, w, bias int) {
	return c.samples * c.SizeX(), c.samples * c.sizeY(), c.out * c.patch(), c.out
}

// FanOut counts the outputs that each element of an image is part of.
func (c *Geometry) FanOut() []int {
	rows, cols := c.y.fanOut(), c.x.fanOut()
	fan := make([]int, 0, c.SizeX())
	for range c.in {
		for _, r := range rows {
			for _, k := range cols {
				fan = append(fan, c.out*r*k)
			}
		}
	}
	return fan
}

// fits reports whether an int32 counts the elements of an image, margins included.
func (c *Geometry) fits() bool {
	heightX, heightY := c.y.sizes()
	widthX, widthY := c.x.sizes()
	rows, columns := float64(max(heightX, heightY)), float64(max(widthX, widthY))
	return rows*columns*float64(max(c.in, c.out)) <= math.MaxInt32
}

// maxStep bounds settings, so that sizes computed from them do not overflow.
const maxStep = 1 << 20

// IsImages reports whether s is the shape of one or more images, [… c h w].
func IsImages(s []int) bool { return len(s) >= 4 && slices.Min(s) >= 1 }

// Output returns the shape of an image of the result, [out h' w'].
func (c *Geometry) Output() []int { return []int{c.out, c.y.out, c.x.out} }

// String returns the size of the kernel and the numbers of channels.
func (c *Geometry) String() string {
	return fmt.Sprintf("%d×%d, %d to %d", c.y.kernel, c.x.kernel, c.in, c.out)
}
