// Package loss measures how far the outputs of a network are from what they should be.
//
//	train.Network{Net: net, Loss: loss.MeanSquared{Sequence: true}, …}
//
// A [Loss] of your own adds nodes to the graph of the outputs.
package loss
