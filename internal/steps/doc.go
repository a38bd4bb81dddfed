// Package steps holds what the steps of neuron models and of their wrappers begin and end with:
// checked parameters, and errors that say whose they are.
package steps
