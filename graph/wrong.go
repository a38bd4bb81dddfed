package graph

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/lower"
)

// gorgoniaWrong are the operations whose gradient Gorgonia computes wrongly, and
// what to take instead.
var gorgoniaWrong = map[string]string{
	"invSqrt": "take Builder.Inv of Builder.Sqrt",
	"log2":    "take gorgonia.Log and scale it by 1/ln 2",
}

// checkGradients returns an error if one of the nodes seen, on a way to a node of
// wrt, is an operation whose gradient would be wrong.
func checkGradients(seen map[*G.Node]bool, wrt G.Nodes) error {
	for n := range seen {
		if n.Op() == nil || !lower.IsUnary(n.Op()) {
			continue
		}
		instead, wrong := gorgoniaWrong[n.Op().String()]
		if !wrong {
			continue
		}
		behind := map[*G.Node]bool{}
		differentiable(n, behind)
		if slices.ContainsFunc(wrt, func(in *G.Node) bool { return behind[in] }) {
			return fmt.Errorf("gorgonia's gradient of %v is wrong; %s", n.Op(), instead)
		}
	}
	return nil
}
