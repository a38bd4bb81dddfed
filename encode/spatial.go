package encode

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// SpatialField is a receptive field in space: a Gaussian, or a derivative of
// one. Its nodes are scalars.
type SpatialField struct {
	Scale *G.Node // variance of the Gaussian, where the ratio is 1
	Angle *G.Node // by which it is turned, radians
	Ratio *G.Node // of the ellipse: its half-axes are ratio and 1/ratio, times √scale
	X, Y  *G.Node // centre
	DX    int     // order of the derivative along the angle
	DY    int     // order of the derivative across it
}

// maxOrder bounds the orders of derivatives: beyond, central differences on a
// grid mean nothing.
const maxOrder = 64

// SpatialReceptiveField returns the field on a grid of size × size points, whose
// columns and rows lie evenly between −domain and domain:
//
//	K = G / Σ G,  G = Gaussian kernel of covariance scale C(ratio, 1/ratio, angle)
//	K ← |scale| D(K, angle)        dx times, alternating with
//	K ← |scale| D(K, angle + π/2)  dy times
//	D(K, φ) = cos φ ∂K/∂s + sin φ ∂K/∂r
//
// where r counts rows and s columns. Derivatives are central differences, at the
// edges one-sided, with a grid spacing of 1; the factor |scale| normalises them,
// so that fields of all scales answer alike to structures of their own scale.
//
// Gradients flow into the five scalars. An error says which of them or which
// number is wrong; a field that is 0 all over the grid is an error when the
// graph runs.
//
// T. Lindeberg, Journal of Mathematical Imaging and Vision 55 (2016), 50, and
// International Journal of Computer Vision 30 (1998), 79.
func SpatialReceptiveField(f SpatialField, size int, domain float64) (*G.Node, error) {
	var b graph.Builder
	in := G.Nodes{f.Scale, f.Angle, f.Ratio, f.X, f.Y}
	scalars(&b, in...)
	checkGrid(&b, size, domain)
	if err := checkOrder(f.DX, f.DY); err != nil {
		b.Fail(err)
	}
	name := fmt.Sprintf("spatial receptive field(%d %v %d %d)", size, domain, f.DX, f.DY)
	k := apply(&b, jetFunction{name: name, f: func(in []jet) ([]jet, error) {
		return spatialField(in, f.DX, f.DY, size, domain)
	}}, tensor.Shape{size, size}, in...)
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("encode: spatial receptive field: %w", err)
	}
	return k, nil
}

// SpatialReceptiveFields returns several fields, [K, size, size], from a matrix
// of their parameters, [K, 7]: each row is
//
//	scale, angle, ratio, x, y, dx, dy
//
// of SpatialReceptiveField, and SpatialParameters makes such rows. The orders dx
// and dy are truncated to integers, and no gradient flows into them.
func SpatialReceptiveFields(parameters *G.Node, size int, domain float64) (*G.Node, error) {
	b := begin("the matrix of parameters", parameters)
	if b.Err() == nil && (parameters.Dims() != 2 || parameters.Shape()[1] != fieldParameters) {
		b.Fail(fmt.Errorf("the parameters have shape %v, want [K %d]", []int(parameters.Shape()), fieldParameters))
	}
	checkGrid(b, size, domain)
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("encode: spatial receptive fields: %w", err)
	}
	k := apply(b, fieldStack{size, domain}, tensor.Shape{parameters.Shape()[0], size, size}, parameters)
	return k, b.Err()
}

// fieldParameters is the number of parameters of a field, and fieldVariables
// the number of those, the first ones, that have a gradient.
const (
	fieldParameters = 7
	fieldVariables  = 5
)

func checkOrder(dx, dy int) error {
	if dx < 0 || dx > maxOrder || dy < 0 || dy > maxOrder {
		return fmt.Errorf("the orders of the derivatives are %d and %d, want 0 to %d", dx, dy, maxOrder)
	}
	return nil
}

// spatialField returns the field of the parameters p: scale, angle, ratio, x, y.
func spatialField(p []jet, dx, dy, size int, domain float64) ([]jet, error) {
	scale, angle, ratio := p[0], p[1], p[2]
	c := covariance(ratio, ratio.inv(), angle)
	for i := range c {
		c[i] = c[i].mul(scale)
	}
	k, err := gaussianKernel(c, p[3], p[4], size, domain)
	if err != nil {
		return nil, err
	}
	var sum jet
	for _, v := range k {
		sum = sum.add(v)
	}
	if !(sum.v > 0) {
		return nil, fmt.Errorf("the field of scale %v around (%v, %v) is 0 on all of the grid", scale.v, p[3].v, p[4].v)
	}
	scaleAll(k, sum.inv())
	for dx > 0 || dy > 0 {
		if dx > 0 {
			k = directional(k, size, angle)
			scaleAll(k, scale.abs())
			dx--
		}
		if dy > 0 {
			k = directional(k, size, angle.plus(math.Pi/2))
			scaleAll(k, scale.abs())
			dy--
		}
	}
	return k, nil
}

func scaleAll(k []jet, by jet) {
	for i := range k {
		k[i] = k[i].mul(by)
	}
}

// directional returns the derivative of k along the angle.
func directional(k []jet, size int, angle jet) []jet {
	sin, cos := angle.sin(), angle.cos()
	d := make([]jet, len(k))
	for r := range size {
		for s := range size {
			at := r*size + s
			d[at] = difference(k, at, s, size, 1).mul(cos).add(difference(k, at, r, size, size).mul(sin))
		}
	}
	return d
}

// difference returns the central difference at position at, which is point i of
// size points that lie stride apart.
func difference(k []jet, at, i, size, stride int) jet {
	lo, hi := at, at
	if i > 0 {
		lo -= stride
	}
	if i < size-1 {
		hi += stride
	}
	if hi-lo == 2*stride {
		return k[hi].sub(k[lo]).times(0.5)
	}
	return k[hi].sub(k[lo])
}

// fieldStack is a stack of fields, one for each row of the parameters.
type fieldStack struct {
	size   int
	domain float64
}

func (f fieldStack) String() string {
	return fmt.Sprintf("spatial receptive fields(%d %v)", f.size, f.domain)
}

// each calls found with the field of each row.
func (f fieldStack) each(p []float64, found func(row int, k []jet)) error {
	for row := range len(p) / fieldParameters {
		q := p[row*fieldParameters:][:fieldParameters]
		in := make([]jet, fieldVariables)
		for i := range in {
			in[i] = variable(q[i], i)
		}
		dx, dy := int(q[5]), int(q[6])
		err := checkOrder(dx, dy)
		var k []jet
		if err == nil {
			k, err = spatialField(in, dx, dy, f.size, f.domain)
		}
		if err != nil {
			return fmt.Errorf("row %d: %w", row, err)
		}
		found(row, k)
	}
	return nil
}

func (fieldStack) overTime() bool { return true }

func (f fieldStack) value(in [][]float64) ([]float64, error) {
	var y []float64
	err := f.each(in[0], func(_ int, k []jet) {
		for _, v := range k {
			y = append(y, v.v)
		}
	})
	return y, err
}

func (f fieldStack) gradient(_ int, in [][]float64, dy []float64) ([]float64, error) {
	dx := make([]float64, len(in[0]))
	err := f.each(in[0], func(row int, k []jet) {
		for i, v := range k {
			for e := range fieldVariables {
				dx[row*fieldParameters+e] += dy[row*len(k)+i] * v.d[e]
			}
		}
	})
	return dx, err
}
