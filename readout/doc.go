// Package readout turns sequences into values.
//
// A reading takes x [T, batch, …] to [batch, …]: [LastStep], [MaxOverTime],
// [MeanOverTime], [SumOverTime] and [Excursion] of whole sequences; a [Window] reads a
// part of longer ones, goes on from what the windows before have read, and heeds the
// number of steps that each sample has.
//
//	logits, err := readout.MaxOverTime(voltages)
//	cost, err := loss.CrossEntropy{}.Cost(logits, labels, weight)
//
// The layers of package layers and the losses of package loss are made of these.
package readout
