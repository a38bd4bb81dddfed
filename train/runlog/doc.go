// Package runlog writes down what happens in a training: a folder with a log, a
// report to look at, and files for TensorBoard.
//
// A [Folder] is an observer of a Trainer:
//
//	t := train.Trainer{
//		Model: model, Data: samples, Validation: heldBack, Epochs: 10,
//		Observers: []train.Observer{&runlog.Folder{Dir: "out/digits"}},
//	}
//
// The folder then holds
//
//	log.jsonl             one JSON object a line, for every batch, every epoch and every examination by the Doctor
//	report.html           what the Doctor found, curves, confusion matrix, rasters, histograms, costs, settings; for any browser, without network
//	events.out.tfevents.0 the same numbers for TensorBoard
//	run.json              what ran, with which settings, on what machine, when
//	log.lock              there while a training writes to the folder: another one is refused
//
// A training that goes on from a checkpoint goes on with its log: lines after
// the checkpoint are cut off before the first new one, so that none is there
// twice and none is missing, and all fields but "clock" have the values that
// they would have without the interruption. [Read] reads a log.
//
// Writing it down is no reason to end a training: what cannot be written, as when
// the disk is full, is kept and tried again, and a warning says so once.
package runlog
