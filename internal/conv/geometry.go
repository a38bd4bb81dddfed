// Package conv computes convolutions of images and their gradients: densely, as
// matrix products with patches (im2col, in bands that stay in the cache), by Winograd's
// products where kernels are 3×3, by adding shifted images where groups have few outputs,
// or where few elements are not zero by following these.
package conv

import (
	"fmt"
	"math"
	"slices"
)

// A Step says how a kernel moves over an axis of an image.
type Step struct {
	Stride   int // pixels from one output to the next
	Pad      int // pixels of zeros before the image
	After    int // and behind it
	Dilation int // pixels from one element of the kernel to the next
}

// A Geometry is the sizes of a convolution. Channels come in groups, each of which is a
// convolution by itself.
type Geometry struct {
	samples, groups int
	in, out         int  // channels of a group
	y, x            axis // the height and the width
}

// New returns the geometry for images of shape [… c h w] and kernels of shape
// [out c/groups kh kw]. An error says which shape or setting does not fit.
func New(xs, ws []int, y, x Step, groups int) (*Geometry, error) {
	if !IsImages(xs) {
		return nil, fmt.Errorf("x has shape %v, want [T batch c h w]", xs)
	}
	channels := xs[len(xs)-3]
	switch {
	case groups < 1 || channels%groups != 0:
		return nil, fmt.Errorf("%d groups of %d channels, want a number that divides them", groups, channels)
	case len(ws) != 4 || ws[1] != channels/groups || slices.Min(ws) < 1:
		return nil, fmt.Errorf("w has shape %v, want [out %d kh kw] for x of shape %v", ws, channels/groups, xs)
	case ws[0]%groups != 0:
		return nil, fmt.Errorf("w has shape %v, %d groups want a number of outputs that they divide", ws, groups)
	}
	for _, s := range []Step{y, x} {
		for _, o := range []struct {
			name       string
			value, min int
		}{{"stride", s.Stride, 1}, {"padding", s.Pad, 0}, {"padding", s.After, 0}, {"dilation", s.Dilation, 1}} {
			if o.value < o.min || o.value > maxStep {
				return nil, fmt.Errorf("the %s is %d, want %d to %d", o.name, o.value, o.min, maxStep)
			}
		}
	}
	c := &Geometry{samples: 1, groups: groups, in: ws[1], out: ws[0] / groups}
	for _, n := range xs[:len(xs)-3] {
		c.samples *= n
	}
	c.y = newAxis(xs[len(xs)-2], ws[2], y)
	c.x = newAxis(xs[len(xs)-1], ws[3], x)
	switch {
	case c.y.out < 1 || c.x.out < 1:
		return nil, fmt.Errorf("the kernel covers %d×%d pixels, the image has %d×%d with padding %s",
			c.y.reach(), c.x.reach(), c.y.in, c.x.in, c.padding())
	case !c.fits():
		return nil, fmt.Errorf("an image becomes %d×%d×%d elements, want at most %d", ws[0], c.y.out, c.x.out, math.MaxInt32)
	}
	return c, nil
}

// padding returns the padding in words, one number if all sides have the same.
func (c *Geometry) padding() string {
	if y, x := c.y.Step, c.x.Step; y.Pad != y.After || x.Pad != x.After || y.Pad != x.Pad {
		return fmt.Sprintf("%d+%d and %d+%d", y.Pad, y.After, x.Pad, x.After)
	}
	return fmt.Sprint(c.y.Pad)
}

// Same returns the step with such padding that an axis of n pixels becomes ⌈n/stride⌉, as
// much before it as behind, or one less.
func (s Step) Same(n, kernel int) Step {
	if s.Stride > 0 && s.Dilation > 0 {
		out := (n + s.Stride - 1) / s.Stride
		pad := max(0, (out-1)*s.Stride+(kernel-1)*s.Dilation+1-n)
		s.Pad, s.After = pad/2, pad-pad/2
	}
	return s
}

// SizeX returns how many elements an image has; sizeX and sizeY how many of it and of the
// result a group has, patch how many of x meet the kernel at once.
func (c *Geometry) SizeX() int { return c.groups * c.sizeX() }
func (c *Geometry) sizeX() int { return c.in * c.y.in * c.x.in }
func (c *Geometry) sizeY() int { return c.out * c.y.out * c.x.out }
func (c *Geometry) patch() int { return c.in * c.y.kernel * c.x.kernel }

// Sizes returns how many elements the images, those of the result, the kernels and the
// bias have.
func (c *Geometry) Sizes() (x, y, w, bias int) {
	return c.samples * c.SizeX(), c.samples * c.groups * c.sizeY(), c.groups * c.out * c.patch(), c.groups * c.out
}

// FanOut counts the outputs that each element of an image is part of.
func (c *Geometry) FanOut() []int {
	return fan(c.groups*c.in, c.out, c.y.fanOut(), c.x.fanOut())
}

// FanIn counts the elements of an image that each output is made of.
func (c *Geometry) FanIn() []int { return fan(c.groups*c.out, c.in, c.y.fanIn(), c.x.fanIn()) }

func fan(channels, each int, rows, cols []int) []int {
	all := make([]int, 0, channels*len(rows)*len(cols))
	for range channels {
		for _, r := range rows {
			for _, k := range cols {
				all = append(all, each*r*k)
			}
		}
	}
	return all
}

// fits reports whether an int32 counts the elements of an image, margins included.
func (c *Geometry) fits() bool {
	heightX, heightY := c.y.sizes()
	widthX, widthY := c.x.sizes()
	rows, columns := float64(max(heightX, heightY)), float64(max(widthX, widthY))
	return rows*columns*float64(c.groups*max(c.in, c.out)) <= math.MaxInt32
}

// maxStep bounds settings, so that sizes computed from them do not overflow.
const maxStep = 1 << 20

// IsImages reports whether s is the shape of one or more images, [… c h w].
func IsImages(s []int) bool { return len(s) >= 4 && slices.Min(s) >= 1 }

// Channels returns how many channels an image has.
func (c *Geometry) Channels() int { return c.groups * c.in }

// Output returns the shape of an image of the result, [out h' w'].
func (c *Geometry) Output() []int { return []int{c.groups * c.out, c.y.out, c.x.out} }

// String returns the size of the kernel and the numbers of channels.
func (c *Geometry) String() string {
	s := fmt.Sprintf("%d×%d, %d to %d", c.y.kernel, c.x.kernel, c.groups*c.in, c.groups*c.out)
	if c.groups > 1 {
		s += fmt.Sprintf(" in %d groups", c.groups)
	}
	return s
}
