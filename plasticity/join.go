package plasticity

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// Join puts sequences side by side along the last axis: xs of shape
// [T, batch, n_1], [T, batch, n_2], … become one of [T, batch, n_1 + n_2 + …]. It
// is how several inputs enter a step, which takes one. The axes before the last
// may be any, but the same for all; an error says which are not.
func Join(xs ...*G.Node) (*G.Node, error) {
	if len(xs) == 0 {
		return nil, fmt.Errorf("plasticity: join: no inputs")
	}
	var k columns
	for i, x := range xs {
		if err := isTensor(fmt.Sprintf("input %d", i), x, 1); err != nil {
			return nil, fmt.Errorf("plasticity: join: %w", err)
		}
		if s, first := x.Shape(), xs[0].Shape(); !slices.Equal(s[:len(s)-1], first[:len(first)-1]) {
			return nil, fmt.Errorf("plasticity: join: inputs 0 and %d have shapes %v and %v, which differ before the last axis", i, []int(first), []int(s))
		}
		k.sizes = append(k.sizes, width(x.Shape()))
	}
	var b graph.Builder
	y := k.join(&b, xs)
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("plasticity: join: %w", err)
	}
	return y, nil
}

// Split takes apart what Join put together: x of shape [batch, n_1 + n_2 + …]
// becomes nodes of shape [batch, n_1], [batch, n_2], … for the sizes n_1, n_2, ….
// An error says that they do not add up.
func Split(x *G.Node, sizes ...int) ([]*G.Node, error) {
	if err := isTensor("x", x, 1); err != nil {
		return nil, fmt.Errorf("plasticity: split: %w", err)
	}
	sum := 0
	for _, n := range sizes {
		if n < 1 || n > width(x.Shape())-sum {
			return nil, fmt.Errorf("plasticity: split: x has shape %v, its last axis does not fall into parts of %v", []int(x.Shape()), sizes)
		}
		sum += n
	}
	if sum != width(x.Shape()) {
		return nil, fmt.Errorf("plasticity: split: x has shape %v, its last axis does not fall into parts of %v", []int(x.Shape()), sizes)
	}
	var b graph.Builder
	parts := columns{sizes: slices.Clone(sizes)}.split(&b, x)
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("plasticity: split: %w", err)
	}
	return parts, nil
}

// isTensor reports what keeps x from being a tensor of floats with so many axes
// or more, none of length 0.
func isTensor(name string, x *G.Node, axes int) error {
	switch {
	case x == nil:
		return fmt.Errorf("%s is nil", name)
	case x.Dtype() != tensor.Float32 && x.Dtype() != tensor.Float64:
		return fmt.Errorf("%s has elements of type %v, want float32 or float64", name, x.Dtype())
	case x.Dims() < axes || x.Shape().TotalSize() < 1:
		return fmt.Errorf("%s has shape %v, want at least %d axes and none of length 0", name, []int(x.Shape()), axes)
	}
	return nil
}

// width returns the length of the last axis.
func width(s tensor.Shape) int { return s[len(s)-1] }

// withWidth returns s with another length of the last axis.
func withWidth(s tensor.Shape, n int) tensor.Shape { return append(s.Clone()[:len(s)-1], n) }

// columns is the kernel that joins blocks of columns of the given sizes.
type columns struct{ sizes []int }

func (k columns) join(b *graph.Builder, xs []*G.Node) *G.Node {
	sum := 0
	for _, n := range k.sizes {
		sum += n
	}
	return apply(b, k, withWidth(xs[0].Shape(), sum), xs...)
}

// split is the transpose of join.
func (k columns) split(b *graph.Builder, x *G.Node) G.Nodes {
	var parts G.Nodes
	at := 0
	for _, n := range k.sizes {
		p := part{from: at, n: n, of: width(x.Shape())}
		parts = append(parts, apply(b, p, withWidth(x.Shape(), n), x))
		at += n
	}
	return parts
}

func (k columns) String() string                      { return fmt.Sprintf("join%v", k.sizes) }
func (columns) overTime() bool                        { return false }
func (k columns) run32(dst []float32, in [][]float32) { joinColumns(k, dst, in) }
func (k columns) run64(dst []float64, in [][]float64) { joinColumns(k, dst, in) }
func (k columns) gradients(b *graph.Builder, _ G.Nodes, grad *G.Node) G.Nodes {
	return k.split(b, grad)
}

func joinColumns[F any](k columns, dst []F, in [][]F) {
	rows := len(in[0]) / k.sizes[0]
	of := len(dst) / rows
	at := 0
	for i, n := range k.sizes {
		copyColumns(dst[at:], of, in[i], n, n)
		at += n
	}
}

// copyColumns copies n columns of a matrix to one of another width.
func copyColumns[F any](dst []F, dstWidth int, src []F, srcWidth, n int) {
	for len(dst) >= n && len(src) >= n {
		copy(dst[:n], src[:n])
		dst, src = dst[min(dstWidth, len(dst)):], src[min(srcWidth, len(src)):]
	}
}

// part is the kernel that copies the columns from ≤ j < from + n of a matrix that
// has of; back, its transpose, puts them there among zeros.
type part struct {
	from, n, of int
	back        bool
}

func (k part) String() string {
	if k.back {
		return fmt.Sprintf("put %d columns at %d of %d", k.n, k.from, k.of)
	}
	return fmt.Sprintf("take %d columns at %d of %d", k.n, k.from, k.of)
}
func (part) overTime() bool                        { return false }
func (k part) run32(dst []float32, in [][]float32) { moveColumns(k, dst, in[0]) }
func (k part) run64(dst []float64, in [][]float64) { moveColumns(k, dst, in[0]) }
func (k part) gradients(b *graph.Builder, in G.Nodes, grad *G.Node) G.Nodes {
	k.back = !k.back
	return G.Nodes{apply(b, k, in[0].Shape(), grad)}
}

func moveColumns[F any](k part, dst, src []F) {
	if k.back {
		copyColumns(dst[k.from:], k.of, src, k.n, k.n)
	} else {
		copyColumns(dst, k.n, src[k.from:], k.of, k.n)
	}
}
