// Package layers joins neurons and connections into networks: maps from
// sequences to sequences.
//
// A [Layer] is a description; applied to a node it adds itself, with weights of
// its own, to the graph of that node. Descriptions are plain values, so a
// network is a list:
//
//	net := layers.Sequential{
//		layers.Linear{Out: 128},
//		layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()),
//		layers.Linear{Out: 10},
//		layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
//		layers.MaxOverTime,
//	}
//	b := layers.NewBuild(42)
//	logits, err := net.Apply(b, x) // x is [T, batch, features]
//
// Afterwards b holds what was added: the learnable nodes, the penalties of
// regularisers, the masks of dropout, the activity of every spiking layer. The
// trainer of package train takes it from there; a person with a Gorgonia graph
// of their own adds a layer to it in the same way and uses any solver.
package layers
