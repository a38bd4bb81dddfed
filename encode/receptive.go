package encode

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// CovarianceMatrix returns the 2×2 covariance matrix of an ellipse with the
// half-axes σ₁ and σ₂, turned by the angle φ in radians: with l₁ = σ₁², l₂ = σ₂²
//
//	[ l₁ cos²φ + l₂ sin²φ     (l₁ − l₂) cos φ sin φ ]
//	[ (l₁ − l₂) cos φ sin φ   l₁ sin²φ + l₂ cos²φ   ]
//
// The inputs are scalars. An error says that one of them is not.
func CovarianceMatrix(sigma1, sigma2, phi *G.Node) (*G.Node, error) {
	var b graph.Builder
	scalars(&b, sigma1, sigma2, phi)
	c := apply(&b, covarianceFunction, tensor.Shape{2, 2}, sigma1, sigma2, phi)
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("encode: covariance matrix: %w", err)
	}
	return c, nil
}

var covarianceFunction = jetFunction{name: "covariance matrix", f: func(in []jet) ([]jet, error) {
	c := covariance(in[0], in[1], in[2])
	return c[:], nil
}}

// covariance returns the matrix row by row.
func covariance(sigma1, sigma2, phi jet) [4]jet {
	l1, l2, sin, cos := sigma1.mul(sigma1), sigma2.mul(sigma2), phi.sin(), phi.cos()
	off := l1.sub(l2).mul(cos).mul(sin)
	return [4]jet{
		l1.mul(cos).mul(cos).add(l2.mul(sin).mul(sin)), off,
		off, l1.mul(sin).mul(sin).add(l2.mul(cos).mul(cos)),
	}
}

// GaussianKernel returns a Gaussian with the covariance c [2, 2] and the centre
// (x, y), two scalars, on a grid of size × size points. Its columns and rows lie
// evenly between −domain and domain, both included; entry [r, s] is
//
//	1/(2π √det c) exp(−½ dᵀ c⁻¹ d),  d = (g_s − x, g_r − y)
//
// Gradients flow into each entry of c on its own, and into x and y. An error
// says which input or number is wrong; a determinant that is not positive is an
// error when the graph runs.
func GaussianKernel(c, x, y *G.Node, size int, domain float64) (*G.Node, error) {
	b := begin("c", c)
	if b.Err() == nil && !slices.Equal(c.Shape(), tensor.Shape{2, 2}) {
		b.Fail(fmt.Errorf("c has shape %v, want [2 2]", []int(c.Shape())))
	}
	scalars(b, x, y)
	checkGrid(b, size, domain)
	f := jetFunction{name: fmt.Sprintf("Gaussian kernel(%d %v)", size, domain), f: func(in []jet) ([]jet, error) {
		return gaussianKernel([4]jet(in[:4]), in[4], in[5], size, domain)
	}}
	k := apply(b, f, tensor.Shape{size, size}, c, x, y)
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("encode: Gaussian kernel: %w", err)
	}
	return k, nil
}

func gaussianKernel(c [4]jet, x, y jet, size int, domain float64) ([]jet, error) {
	det := c[0].mul(c[3]).sub(c[1].mul(c[2]))
	if !(det.v > 0) || math.IsInf(det.v, 0) {
		return nil, fmt.Errorf("the determinant of the covariance is %v, want a finite number above 0", det.v)
	}
	height := det.sqrt().times(2 * math.Pi).inv()
	// −½ c⁻¹
	inv := det.times(-2).inv()
	xx, xy, yy := c[3].mul(inv), c[1].add(c[2]).mul(inv).times(-1), c[0].mul(inv)
	k := make([]jet, size*size)
	for r := range size {
		dy := y.times(-1).plus(gridPoint(r, size, domain))
		for s := range size {
			dx := x.times(-1).plus(gridPoint(s, size, domain))
			q := dx.mul(dx).mul(xx).add(dx.mul(dy).mul(xy)).add(dy.mul(dy).mul(yy))
			k[r*size+s] = q.exp().mul(height)
		}
	}
	return k, nil
}

// gridPoint returns point i of size points from −domain to domain.
func gridPoint(i, size int, domain float64) float64 {
	if size == 1 {
		return -domain
	}
	return -domain + 2*domain*float64(i)/float64(size-1)
}

// maxGrid bounds the grids that can be asked for.
const maxGrid = 1 << 10

func checkGrid(b *graph.Builder, size int, domain float64) {
	switch {
	case size < 1 || size > maxGrid:
		b.Fail(fmt.Errorf("the size is %d, want 1 to %d", size, maxGrid))
	case !(domain > 0) || math.IsInf(domain, 0):
		b.Fail(fmt.Errorf("the domain is %v, want a finite number above 0", domain))
	}
}

// scalars fails unless all nodes are scalars of floats.
func scalars(b *graph.Builder, ns ...*G.Node) {
	for i, n := range ns {
		switch {
		case n == nil:
			b.Fail(fmt.Errorf("scalar %d is nil", i))
		case !n.IsScalar():
			b.Fail(fmt.Errorf("%s has shape %v, want a scalar", n.Name(), []int(n.Shape())))
		case n.Dtype() != tensor.Float32 && n.Dtype() != tensor.Float64:
			b.Fail(fmt.Errorf("%s is of type %v, want float32 or float64", n.Name(), n.Dtype()))
		}
	}
}

// jetFunction is a function computed with jets, of up to six numbers in all.
type jetFunction struct {
	name string // with all that sets it apart from another
	f    func(in []jet) ([]jet, error)
}

func (f jetFunction) String() string { return f.name }

// jets makes each element of the inputs a variable.
func (f jetFunction) jets(in [][]float64) ([]jet, error) {
	var js []jet
	for _, x := range in {
		for _, v := range x {
			js = append(js, variable(v, len(js)))
		}
	}
	return f.f(js)
}

func (jetFunction) overTime() bool { return true }

func (f jetFunction) value(in [][]float64) ([]float64, error) {
	js, err := f.jets(in)
	y := make([]float64, len(js))
	for i, j := range js {
		y[i] = j.v
	}
	return y, err
}

func (f jetFunction) gradient(i int, in [][]float64, dy []float64) ([]float64, error) {
	js, err := f.jets(in)
	if err != nil {
		return nil, err
	}
	first := 0 // variable of the first element of input i
	for _, x := range in[:i] {
		first += len(x)
	}
	dx := make([]float64, len(in[i]))
	for k, j := range js {
		for e := range dx {
			dx[e] += dy[k] * j.d[first+e]
		}
	}
	return dx, nil
}
