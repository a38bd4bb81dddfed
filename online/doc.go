// Package online lets networks learn while time goes on: by e-prop, for any step. What has been is in
// eligibility traces, which are carried forward beside the states of neurons, so that memory does not
// depend on the number of time steps, and weights may change at each of them.
//
//	train.Trainer{Model: model, Data: set, Learning: online.EProp{Every: 10}, …}
//
// For each weight ij of a layer of neurons with states s, currents x and outputs z, e-prop carries
//
//	ε_ij ← ∂s/∂s ε_ij + ∂s/∂x_j x_i      the eligibility vector, one number for each state
//	e_ij = ∂z_j/∂s ε_ij + ∂z_j/∂x_j x_i  the eligibility trace
//	dE/dw_ij = Σ_t L_j[t] e_ij[t]        with the learning signal L, of the loss at step t
//
// Derivatives are those of the step itself, by its scan backward, so that a model of one's own needs
// nothing else: it may have any states, if those of a neuron do not depend on those of another.
//
// A layer that leads to a leaky readout, neurons whose derivatives are the same for all of them and at all
// times, has the filter of the readout in its traces. So one layer of neurons before a readout learns by the
// gradient of backpropagation through time, and a recurrent one by that without what goes through the spikes
// that come back. Of several layers the upper ones do, and those below get the learning signal that
// the layers above hand down within the time step.
//
// Traces are [batch, states, inputs, neurons] numbers, and [batch, states, inputs] where derivatives of states
// are the same for all neurons, as those of readouts are, and of neurons with [neurons.ResetSubtract] and
// DetachReset.
//
// Two rules of other names are this one, for some networks. OTTT has a trace of each input that fades as the potential
// does, and no path through resets and time: that is what is computed of layers of neurons.LIFBoxStep with
// [neurons.ResetSubtract] and DetachReset before a linear readout. OSTL keeps what a layer does in time apart from what
// is between layers: of layers that are not recurrent it is this rule, up to the leaky readout, whose filter it leaves
// out of the traces below. Of recurrent layers it is not: there OSTL carries the derivatives of each neuron's state by
// the weights of all neurons, n³ numbers for n neurons, where e-prop carries its own, n². Who wants those of a layer
// exactly has backpropagation through time.
//
// G. Bellec et al., Nature Communications 11 (2020), 3625; M. Xiao et al., NeurIPS 35 (2022), for OTTT; T. Bohnstingl et
// al., IEEE Trans. Neural Netw. Learn. Syst. 34 (2023), 8894, for OSTL.
package online
