// Package connect holds maps between populations of neurons: linear maps,
// convolutions and poolings of sequences [T, batch, …].
//
// They follow the spikes, of which there are few: [Linear] and [Conv2D] find them in a
// dense tensor, or take [Spikes], which are lists, by a [SpikeInput].
//
//	x, err := connect.SpikeInput(g, "x", tensor.Float32, spikes)
//	current, err := connect.Linear(x, w, nil)
//
// [Connections] lists where values meet weights, and how many additions a spike sets in
// motion there. The layers of package layers are made of these maps.
package connect
