// Package layers joins neurons and connections into networks: maps from
// sequences to sequences.
//
// A [Layer] is a description, a plain value; applied to a node it adds itself,
// with weights of its own, to the graph of that node. A network is a list:
//
//	net := layers.Sequential{
//		layers.Linear{Out: 10}, layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()),
//		layers.MaxOverTime,
//	}
//	b := layers.NewBuild(42)
//	logits, err := net.Apply(b, x) // x is [T, batch, features]
//
// Afterwards b holds what was added: learnable nodes, penalties, masks of dropout,
// the activity of every spiking layer. Package train takes it from there; into a
// Gorgonia graph of one's own a layer is added alike, and any solver may learn.
package layers
