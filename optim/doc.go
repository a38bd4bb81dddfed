// Package optim changes parameters by their gradients: optimisers, schedules of the
// learning rate, clipping.
//
//	o := &optim.Adam{LearningRate: 2e-3}
//	err := o.Step(gorgonia.NodesToValueGrads(learnables))
//
// An [Optimiser] is a gorgonia.Solver, so it serves any graph of Gorgonia's. Package
// train steps one after every batch, at the rate that a [Schedule] says, and saves what
// it remembers, its [State], in checkpoints.
package optim
