// Package c writes networks as plain C, for machines without Go: microcontrollers above all.
//
//	code, err := c.Export(net, []int{784}, m.Tensors(), c.Options{})
//	err = code.WriteFiles("net.c") // and net.h
//
// It is C99 that needs no memory but what the caller gives it and no library but math.h.
// Weights are constant arrays, of floats or of 8-bit numbers with a scale for each channel.
// The header declares, for the prefix net,
//
//	void net_reset(net_state *s);                              // the start of a sequence
//	void net_step(net_state *s, const float *in, float *out);  // one time step
//
// NET_INPUTS and NET_OUTPUTS numbers at in and out, which must not overlap. Several states
// may be used side by side. Outputs are those of this time step, and behind a readout over
// time what it has read so far.
//
// What neurons do is printed from the program that their step is compiled to here
// (graph.Lowered shows it), so that a step of one's own goes as well as the library's. Maps
// follow what is not 0: of spikes those that are there. What cannot be said in C is refused
// with the name of the layer.
package c
