package layers

import (
	"errors"
	"math"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// Dropout sets elements to 0 with probability P during training and scales the
// others by 1/(1−P). One mask serves the whole sequence, as a mask that changed
// with time would average out. It is off in evaluation.
//
// N. Srivastava et al., JMLR 15 (2014), 1929.
type Dropout struct {
	P float64 // 0 ≤ P < 1
}

// Apply adds the mask, an input [batch, …] called "dropout".
func (d Dropout) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("dropout", x, "[T batch …]", 3, math.MaxInt); err != nil {
		return nil, err
	}
	if !(d.P >= 0 && d.P < 1) {
		return nil, b.errorf("dropout", "probability is %v, want 0 ≤ P < 1", d.P)
	}
	shape := x.Shape()
	v := denseOf(x.Dtype(), shape[1:], make([]float64, shape[1:].TotalSize()))
	node, err := graph.Input(x.Graph(), b.Name("dropout"), v)
	if err != nil {
		return nil, b.errorf("dropout", "%w", err)
	}
	m := Mask{Node: node, P: d.P}
	if err := m.Draw(nil); err != nil {
		return nil, b.errorf("dropout", "%w", err)
	}
	b.Masks = append(b.Masks, m)
	var g graph.Builder
	y := g.Mul(x, g.Expand(node, shape))
	if err := g.Err(); err != nil {
		return nil, b.errorf("dropout", "%w", err)
	}
	return y, nil
}

// A Mask is an input whose elements are 1/(1−P) with probability 1−P and else 0
// during training, and 1 in evaluation, which is what it holds at first.
type Mask struct {
	Node *G.Node
	P    float64
}

// Draw draws the mask of a batch; a nil r fills it with 1, for evaluation. The
// masks that a trainer of package train finds in a Build it draws by itself.
func (m Mask) Draw(r *rand.Rand) error {
	if m.Node == nil {
		return errors.New("layers: mask: the node is nil")
	}
	v, ok := m.Node.Value().(*tensor.Dense)
	if !ok {
		return errors.New("layers: mask: the node has no tensor")
	}
	switch x := v.Data().(type) {
	case []float32:
		drawMask(x, m.P, r)
	case []float64:
		drawMask(x, m.P, r)
	}
	return nil
}

func drawMask[F float32 | float64](x []F, p float64, r *rand.Rand) {
	for i := range x {
		switch {
		case r == nil:
			x[i] = 1
		case r.Float64() < p:
			x[i] = 0
		default:
			x[i] = F(1 / (1 - p))
		}
	}
}
