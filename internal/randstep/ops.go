package randstep

import (
	"math"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/surrogate"
)

// A unary is a function of one value.
type unary struct {
	name  string
	f     func(x float64) float64 // what it computes
	node  func(b *graph.Builder, x *G.Node) *G.Node
	kind  unaryKind
	rough bool // plain Go may differ from the vector kernels in the last bits
}

// coded reports whether there is machine code for the function.
func (u *unary) coded() bool { return !strings.HasPrefix(u.name, "G.") || u.name == "G.Cube" }

// A unaryKind says where a function is smooth.
type unaryKind int

const (
	everywhere unaryKind = iota
	bent                 // its derivative jumps at 0
	positive             // it is steep at 0, and has no values below
	pole                 // it has none at 0
)

// gorgonia makes a verb of one of Gorgonia's own functions.
func gorgonia(f func(*G.Node) (*G.Node, error)) func(b *graph.Builder, x *G.Node) *G.Node {
	return func(b *graph.Builder, x *G.Node) *G.Node {
		if b.Err() != nil {
			return nil
		}
		y, err := f(x)
		if err != nil {
			b.Fail(err)
			return nil
		}
		return y
	}
}

// withoutGradient is for those whose gradient Gorgonia computes wrongly, which is
// refused.
func withoutGradient(f func(*G.Node) (*G.Node, error)) func(b *graph.Builder, x *G.Node) *G.Node {
	return func(b *graph.Builder, x *G.Node) *G.Node { return b.Detach(gorgonia(f)(b, x)) }
}

var unaries = []unary{
	{"neg", func(x float64) float64 { return -x }, (*graph.Builder).Neg, everywhere, false},
	{"tanh", math.Tanh, (*graph.Builder).Tanh, everywhere, true},
	{"square", func(x float64) float64 { return x * x }, (*graph.Builder).Square, everywhere, false},
	{"abs", math.Abs, (*graph.Builder).Abs, bent, false},
	{"sqrt", math.Sqrt, (*graph.Builder).Sqrt, positive, false},
	{"inv", func(x float64) float64 { return 1 / x }, (*graph.Builder).Inv, pole, false},
	{"exp", math.Exp, (*graph.Builder).Exp, everywhere, true},
	{"sigmoid", func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, (*graph.Builder).Sigmoid, everywhere, true},
	{"relu", func(x float64) float64 { return math.Max(x, 0) }, (*graph.Builder).Relu, bent, false},
	{"not", func(x float64) float64 { return 1 - x }, (*graph.Builder).Not, everywhere, false},
	{"detach", func(x float64) float64 { return x }, (*graph.Builder).Detach, everywhere, false},
	{"G.Cube", func(x float64) float64 { return x * x * x }, gorgonia(G.Cube), everywhere, false},
	{"G.Sin", math.Sin, gorgonia(G.Sin), everywhere, false},
	{"G.Cos", math.Cos, gorgonia(G.Cos), everywhere, false},
	{"log", math.Log, (*graph.Builder).Log, positive, true},
	{"G.Log2", math.Log2, withoutGradient(G.Log2), positive, true},
	{"G.Log1p", math.Log1p, gorgonia(G.Log1p), everywhere, true},
	{"G.Expm1", math.Expm1, gorgonia(G.Expm1), everywhere, true},
	{"G.Softplus", func(x float64) float64 { return math.Log1p(math.Exp(x)) }, gorgonia(G.Softplus), everywhere, true},
	{"G.InverseSqrt", func(x float64) float64 { return 1 / math.Sqrt(x) }, withoutGradient(G.InverseSqrt), positive, false},
}

// A binary is a function of two values of one shape.
type binary struct {
	name  string
	f     func(x, y float64) float64
	node  func(b *graph.Builder, x, y *G.Node) *G.Node
	rough bool // or its gradient is
}

func gorgonia2(f func(x, y *G.Node) (*G.Node, error)) func(b *graph.Builder, x, y *G.Node) *G.Node {
	return func(b *graph.Builder, x, y *G.Node) *G.Node {
		return gorgonia(func(x *G.Node) (*G.Node, error) { return f(x, y) })(b, x)
	}
}

var binaries = []binary{
	{"add", func(x, y float64) float64 { return x + y }, (*graph.Builder).Add, false},
	{"sub", func(x, y float64) float64 { return x - y }, (*graph.Builder).Sub, false},
	{"mul", func(x, y float64) float64 { return x * y }, (*graph.Builder).Mul, false},
	{"div", func(x, y float64) float64 { return x / y }, (*graph.Builder).Div, false},
	{"G.Pow", math.Pow, gorgonia2(G.Pow), true},
}

// A comparison gives 1 or 0.
type comparison struct {
	name string
	node func(x, y *G.Node, same bool) (*G.Node, error)
}

var comparisons = []comparison{{"G.Gt", G.Gt}, {"G.Gte", G.Gte}, {"G.Lt", G.Lt}, {"G.Lte", G.Lte}, {"G.Eq", G.Eq}, {"G.Ne", G.Ne}}

// steps are functions of one value that jump: at 0, or at whole numbers.
var steps = []struct {
	name  string
	node  func(x *G.Node) (*G.Node, error)
	whole bool
}{{"G.Sign", G.Sign, false}, {"G.Floor", G.Floor, true}, {"G.Ceil", G.Ceil, true}}

// spikes are spike functions whose slope is at most 1 and does not jump, most with
// nodes for their slope.
var spikes = []struct {
	f     graph.Func
	rough bool
}{
	{surrogate.SuperSpike{Alpha: 3}, false},
	{surrogate.Triangle{Alpha: 0.5}, false},
	{surrogate.Tanh{K: 1}, true},
	{surrogate.Heaviside{}, false},
	{surrogate.Gaussian{Sigma: 0.7}, true},
	{surrogate.Arctan{Alpha: 1.5}, false},
	{surrogate.Circ{Alpha: 0.4}, false},
	{surrogate.PiecewiseLinear{Alpha: 1}, false},
	{surrogate.Smooth(surrogate.SuperSpike{Alpha: 2}), false},
	{bump{}, false},
}

// bump is a spike function of one's own: no step, and a slope without nodes.
type bump struct{}

func (bump) Eval(x float64) float64  { return x / (1 + x*x) }
func (bump) Deriv(x float64) float64 { return 1 / (1 + x*x) }

// constraints are those that a learnt parameter can have.
var constraints = []graph.Constraint{graph.Exp, graph.Softplus, graph.Sigmoid, graph.Clip(-0.7, 0.6)}

// constrained returns the parameter for the node x.
func constrained(c graph.Constraint, x float64) float64 {
	p := graph.LearnIn(G.NewScalar(G.NewGraph(), tensor.Float64, G.WithName("p"), G.WithValue(x)), c)
	vs, err := p.Values()
	if err != nil {
		return math.NaN()
	}
	return vs[0]
}
