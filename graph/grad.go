package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/guard"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/reverse"
)

// Grad adds the gradients of a scalar cost with respect to the given nodes, like
// Gorgonia's own Grad; they may be inputs, or lie between. Where that fails as a whole if
// the cost does not depend on one of the nodes, this one gives a gradient of zeros for it,
// and its position in unused. Gorgonia's Node.Grad finds those of inputs. Ask for all
// gradients of a cost in one call.
func Grad(cost *G.Node, wrt ...*G.Node) (grads G.Nodes, unused []int, err error) {
	err = guard.Call("", "", nil, func() (err error) { grads, unused, err = gradients(cost, wrt); return err })
	return grads, unused, err
}

func gradients(cost *G.Node, wrt G.Nodes) (grads G.Nodes, unused []int, err error) {
	if cost == nil {
		return nil, nil, fmt.Errorf("graph: gradient: the cost is nil")
	}
	if !cost.IsScalar() {
		return nil, nil, fmt.Errorf("graph: gradient: the cost has shape %v, want a scalar", shapeOf(cost))
	}
	seen := map[*G.Node]bool{}
	differentiable(cost, seen)
	var used G.Nodes
	for i, n := range wrt {
		switch {
		case n == nil:
			return nil, nil, fmt.Errorf("graph: gradient: node %d is nil", i)
		case undifferentiable(n) != "":
			return nil, nil, fmt.Errorf("graph: gradient: %s %s", n.Name(), undifferentiable(n))
		case seen[n] && n.Deriv() != nil:
			// Gorgonia would hand out the gradient of the cost before.
			return nil, nil, fmt.Errorf("graph: gradient: %s has a gradient already; ask for all gradients of one cost in one call, and use a graph of its own for another cost", n.Name())
		case seen[n]:
			used = append(used, n)
		default:
			unused = append(unused, i)
		}
	}
	if err := checkGradients(seen, used); err != nil {
		return nil, nil, fmt.Errorf("graph: gradient: %w", err)
	}
	var b Builder
	ds, err := backpropagate(&b, cost, seen, used)
	if err != nil {
		return nil, nil, fmt.Errorf("graph: gradient: %w", err)
	}
	grads = make(G.Nodes, len(wrt))
	for i, n := range wrt {
		if seen[n] {
			grads[i], ds = ds[0], ds[1:]
		} else {
			grads[i] = b.Fill(n, Const(0))
		}
	}
	return grads, unused, b.Err()
}

// backpropagate returns the gradients of the cost, which depends on the nodes seen, by
// those used, and leaves those by inputs where Gorgonia's Node.Grad finds them.
func backpropagate(b *Builder, cost *G.Node, seen map[*G.Node]bool, used G.Nodes) (G.Nodes, error) {
	if len(used) == 0 {
		return nil, nil
	}
	one := G.Nodes{cost.Graph().AddNode(G.NewConstant(scalarValue(cost.Dtype(), 1)))}
	for n := range seen {
		if !reverse.Whole(n) {
			return G.Backpropagate(G.Nodes{cost}, one, used)
		}
	}
	ds, err := reverse.Gradients(b, G.Nodes{cost}, one, used)
	if err != nil {
		return nil, err
	}
	var inputs, grads G.Nodes
	for i, n := range used {
		if n.Op() == nil {
			inputs, grads = append(inputs, n), append(grads, ds[i])
		}
	}
	if len(inputs) > 0 {
		_, err = G.Backpropagate(inputs, grads, inputs)
	}
	return ds, err
}

// undifferentiable says why nothing can be differentiated by n, "" if something can.
func undifferentiable(n *G.Node) string {
	if op, ok := n.Op().(ops.Undifferentiable); ok {
		return op.NoGradient()
	}
	return ""
}
