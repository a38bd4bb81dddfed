// Package train fits a network to data: the training loop, evaluation, checkpoints.
//
// A [Network] of package layers with a loss is compiled, for batches of one size, to
// a [Model], which a [Trainer] fits:
//
//	m, err := train.Network{
//		Net:   layers.Sequential{ … },
//		Shape: []int{784}, Steps: 25, Batch: 64,
//	}.Compile()
//	t := train.Trainer{
//		Model: m, Data: samples, Validation: heldBack,
//		Optimiser: &optim.Adam{LearningRate: 2e-3}, Epochs: 10,
//	}
//	result, err := t.Run(ctx)
//
// Sequences may be long, may go on from sample to sample and may have different
// lengths: see Segment and Window of [Network], Continued and Varied of package data. [Model.Step]
// runs a network one time step at a time. With SpikeInput the spikes of events and
// of a SpikeEncoder go into the network as lists.
//
// A context that is cancelled ends the training after the present batch and
// keeps the work done. With [Checkpoints] it is on the disk, and another process
// goes on with it. [Diagnose], and the Doctor of a Trainer, say what is wrong with a
// network that does not learn. Optimisers and schedules are in package optim, losses in
// package loss.
package train
