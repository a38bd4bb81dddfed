// Package neurontest tests neuron models: that scanning a step is unrolling it,
// in values and gradients, and that a model agrees with reference cases.
package neurontest
