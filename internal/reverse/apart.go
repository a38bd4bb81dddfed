package reverse

import (
	"fmt"
	"strings"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/op"
)

// An apart is a small graph in which nodes of another have stand-ins, so that what
// Gorgonia makes of them can be looked at and made again where they are. It has so few
// operations that no two have one hash.
type apart struct {
	g     *G.ExprGraph
	home  *G.ExprGraph
	stood map[*G.Node]*G.Node // stand-ins, by what they stand for
	of    map[*G.Node]*G.Node // what is stood for, by the stand-in, and what was made again
}

func newApart(home *G.ExprGraph) *apart {
	return &apart{G.NewGraph(), home, map[*G.Node]*G.Node{}, map[*G.Node]*G.Node{}}
}

func isConstant(n *G.Node) bool {
	name := op.GorgoniaName(n.Op())
	return name == "constantScalar" || name == "constantTensor"
}

// stand returns the stand-in for x: a constant for a constant, the same operation where
// that is an element-wise one of Gorgonia's and levels of them are asked for, else an input. Gorgonia
// looks at operations when it differentiates: 1 − σ(x) becomes σ(−x), and −(−x) x.
func (a *apart) stand(x *G.Node, levels int) *G.Node {
	s := a.stood[x]
	switch name := fmt.Sprint(len(a.stood)); {
	case s != nil:
		return s
	case isConstant(x):
		s = a.g.AddNode(x)
	case levels > 0 && strings.HasPrefix(op.GorgoniaName(x.Op()), "elem"):
		in := op.Children(x)
		for i, c := range in {
			in[i] = a.stand(c, levels-1)
		}
		s = G.Must(G.ApplyOp(x.Op(), in...)) // as it was applied before
	case x.IsScalar():
		s = G.NewScalar(a.g, x.Dtype(), G.WithName(name))
	default:
		s = G.NewTensor(a.g, x.Dtype(), x.Dims(), G.WithShape(x.Shape()...), G.WithName(name))
	}
	a.stood[x], a.of[s] = s, x
	return s
}

// back makes n again of what it stands for.
func (a *apart) back(b Maker, n *G.Node) *G.Node {
	if n == nil || b.Err() != nil {
		return nil
	}
	if x := a.of[n]; x != nil {
		return x
	}
	switch {
	case isConstant(n):
		a.of[n] = a.home.AddNode(n)
	case n.Op() == nil:
		b.Fail(fmt.Errorf("the derivative has an input of its own, %v", n))
	default:
		in := op.Children(n)
		for i, c := range in {
			in[i] = a.back(b, c)
		}
		a.of[n] = b.Apply(n.Op(), in...)
	}
	return a.of[n]
}
