// Package fields finds parameters and states of neuron models by their names, as they come from
// files, command lines and options of layers.
package fields
