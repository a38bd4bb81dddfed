// Package wrap holds what neurons have in common: wrappers of any step, not models of their own.
//
//   - [Recurrent] feeds the spikes of the step before back through weights, and
//     [RecurrentThrough] through another connection
//   - [Refractory] silences a neuron for some steps after a spike
//   - [Coupled] lets the potentials of compartments act on each other
//   - [Regularised] accumulates over time what a regulariser needs
//   - [RecurrentAdjoint] is Recurrent with the gradients of EventProp
//
// They nest: a network of refractory neurons is
//
//	step := wrap.Recurrent(wrap.Refractory(neurons.AdExStep))
//
// with the parameters one in the other, Inner in Inner. A wrapper finds what it needs of the
// model inside by the names of fields: a state V, the parameters Spike and Dt.
package wrap
