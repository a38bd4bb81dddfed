// Package presets has parameters of the models of package neurons by what they are known
// for: cortical neurons in mV and ms, [AdExPattern], eight ways in which an adaptive
// exponential neuron fires, and [Behaviour], Izhikevich's twenty kinds of neurons.
//
// What it returns are plain values, to be changed at will.
package presets
