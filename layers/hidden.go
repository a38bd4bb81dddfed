package layers

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	ops "github.com/spikegrad/spikegrad/internal/op"
)

// hidden returns an error if the operation of n has something in it that is not in
// the graph, and what to use in its place. Gorgonia's batch normalisation and dropout
// are such: running statistics and random generators, which no file of weights and no
// second graph of the network has.
func hidden(n *G.Node) error {
	switch name := ops.GorgoniaName(n.Op()); name {
	case "BatchNormOp":
		return fmt.Errorf("batch normalisation of Gorgonia's keeps its running mean and variance to itself, where no file of weights, no checkpoint and no other " +
			"graph of the network finds them; use layers.BatchNorm")
	case "dropoutOp":
		return fmt.Errorf("dropout of Gorgonia's draws its masks from a generator without a seed, anew in each run; use layers.Dropout")
	case "randomOp":
		return fmt.Errorf("%v draws from a generator without a seed, anew in each run; let an encoder draw", n.Op())
	}
	return nil
}
