package encode

import (
	"errors"
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// PopulationParams are the parameters of a population code.
type PopulationParams struct {
	Features int     // neurons for each value
	Scale    float64 // the largest preferred value; 0 means the largest value of the input
	// Distance returns those of values to preferred values, both of the shape of the
	// result; nil means that of SquaredDistance.
	Distance func(b *graph.Builder, x, c *G.Node) *G.Node
	// Kernel turns scaled distances into activities; nil means that of GaussianRBF
	// with σ = 1.
	Kernel func(b *graph.Builder, d *G.Node) *G.Node
}

// Population turns each value of x into the activities of neurons that prefer
// values spaced evenly from 0 to the scale:
//
//	c_k = scale k / (features − 1),  k = 0 … features − 1
//	y[…, k] = K(scale D(x[…], c_k)),  D(x, c) = (x − c)²,  K(d) = exp(−d/2)
//
// A single neuron prefers 0. The shape of y is that of x with an axis for the
// features at its end. No gradient flows into the scale where it is taken from
// x. An error says what is wrong with x or p.
//
// A. P. Georgopoulos, A. B. Schwartz and R. E. Kettner, Science 233 (1986), 1416.
func Population(x *G.Node, p PopulationParams) (*G.Node, error) {
	b := begin("x", x)
	switch {
	case b.Err() != nil:
	case p.Features < 1:
		b.Fail(fmt.Errorf("%d features, want at least 1", p.Features))
	case !(p.Scale >= 0) || math.IsInf(p.Scale, 0):
		b.Fail(fmt.Errorf("the scale is %v, want a finite number above 0, or 0 for the largest value of x", p.Scale))
	default:
		kernel := p.Kernel
		if kernel == nil {
			kernel = func(b *graph.Builder, d *G.Node) *G.Node { return gaussian(b, d, 1) }
		}
		y := kernel(b, p.distances(b, x))
		if b.Err() == nil {
			return y, nil
		}
	}
	return nil, fmt.Errorf("encode: population: %w", b.Err())
}

// distances returns the scaled distance of each value of x to each preferred value.
func (p PopulationParams) distances(b *graph.Builder, x *G.Node) *G.Node {
	shape := append(x.Shape().Clone(), p.Features)
	between := centreDistance{p.Features, p.Scale}
	if p.Distance == nil {
		return apply(b, between, shape, x)
	}
	values := b.Expand(b.Reshape(x, append(x.Shape().Clone(), 1)...), shape)
	d := p.Distance(b, values, apply(b, preferred{between, false}, shape, x))
	switch {
	case b.Err() != nil:
		return nil
	case d == nil:
		b.Fail(errors.New("the distance is nil"))
		return nil
	case !d.Shape().Eq(shape):
		b.Fail(fmt.Errorf("the distance has shape %v, want %v", []int(d.Shape()), []int(shape)))
		return nil
	}
	return b.Mul(d, apply(b, preferred{between, true}, shape, x))
}

// preferred is the centre c_k of each neuron, or for each of them the scale. They
// have no gradient.
type preferred struct {
	centreDistance
	scales bool
}

func (f preferred) String() string {
	if f.scales {
		return fmt.Sprintf("scale of %d centres up to %v", f.features, f.scale)
	}
	return fmt.Sprintf("%d centres up to %v", f.features, f.scale)
}

func (f preferred) value(in [][]float64) ([]float64, error) {
	scale, step := f.centres(in[0])
	y := make([]float64, 0, len(in[0])*f.features)
	for range in[0] {
		for k := range f.features {
			if f.scales {
				y = append(y, scale)
			} else {
				y = append(y, float64(k)*step)
			}
		}
	}
	return y, nil
}

func (f preferred) gradient(_ int, in [][]float64, _ []float64) ([]float64, error) {
	return make([]float64, len(in[0])), nil
}

// centreDistance is scale (x − c_k)² for each centre c_k.
type centreDistance struct {
	features int
	scale    float64
}

func (f centreDistance) String() string {
	return fmt.Sprintf("distance to %d centres up to %v", f.features, f.scale)
}

// centres returns the scale, and the distance between two centres.
func (f centreDistance) centres(x []float64) (scale, step float64) {
	scale = f.scale
	if scale == 0 {
		scale = slices.Max(x)
	}
	if f.features == 1 {
		return scale, 0
	}
	return scale, scale / float64(f.features-1)
}

func (centreDistance) overTime() bool { return false }

func (f centreDistance) value(in [][]float64) ([]float64, error) {
	x := in[0]
	scale, step := f.centres(x)
	y := make([]float64, 0, len(x)*f.features)
	for i, v := range x {
		if math.IsNaN(v) {
			return nil, fmt.Errorf("element %d of x is NaN", i)
		}
		for k := range f.features {
			d := v - float64(k)*step
			y = append(y, scale*d*d)
		}
	}
	return y, nil
}

func (f centreDistance) gradient(_ int, in [][]float64, dy []float64) ([]float64, error) {
	x := in[0]
	scale, step := f.centres(x)
	dx := make([]float64, len(x))
	for i, v := range x {
		for k := range f.features {
			dx[i] += dy[i*f.features+k] * 2 * scale * (v - float64(k)*step)
		}
	}
	return dx, nil
}

// GaussianRBF returns exp(−d/(2σ²)), a Gaussian radial basis function of squared
// distances d, element by element. An error says that σ is not a positive number, or
// what is wrong with d.
func GaussianRBF(d *G.Node, sigma float64) (*G.Node, error) {
	b := begin("d", d)
	if !(sigma > 0) || math.IsInf(sigma, 0) {
		b.Fail(fmt.Errorf("σ is %v, want a finite number above 0", sigma))
	}
	y := gaussian(b, d, sigma)
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("encode: Gaussian: %w", err)
	}
	return y, nil
}

func gaussian(b *graph.Builder, d *G.Node, sigma float64) *G.Node {
	return b.Exp(b.Scale(d, graph.Const(-1/(2*sigma*sigma))))
}

// SquaredDistance returns (x − y)², element by element; the shape of y is that
// of x, or broadcasts to it. An error says that it does not.
func SquaredDistance(x, y *G.Node) (*G.Node, error) {
	b := begin("x", x)
	if y == nil {
		b.Fail(fmt.Errorf("y is nil"))
	}
	var d *G.Node
	if b.Err() == nil {
		d = b.Square(b.Less(x, graph.Learn(y)))
	}
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("encode: squared distance: %w", err)
	}
	return d, nil
}
