// Package models treats neuron models alike, their types forgotten: what learning rules, tests
// and benchmarks need.
//
//	m := models.Of("mine", MyStep, DefaultMyParams())
//	neurontest.Test(t, m)
//
// Package neurons registers each of its models, alone and wrapped, under the name of the
// function of Norse that it is; [Named] finds it by that.
package models
