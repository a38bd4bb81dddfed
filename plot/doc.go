// Package plot draws spiking networks: learning curves, decision regions,
// spike rasters, firing rates, membrane potentials, phase planes, weights,
// misclassified images, recordings of event cameras, and a progress line for the time
// it takes to get there.
//
// Every picture is a function from plain slices to a [Figure], and [Save]
// writes a figure as name.png and name.svg:
//
//	fig, err := plot.Curves(plot.History{
//		Title:     "Yin-Yang",
//		TrainLoss: trainLoss, ValidLoss: validLoss,
//		TrainAcc: trainAcc, ValidAcc: validAcc,
//	})
//	if err != nil {
//		return err
//	}
//	return plot.Save("out", "curves", fig)
//
// [CheckDir], before the training, finds out whether there will be a place for the
// pictures after it. [Progress] says how long that will take.
//
// The pictures are [Curves], [Regions], [Raster], [Rates], [Traces], [Phase],
// [Matrix], [Digits] and, for everything else, [Lines] and [Stack]; of recordings of event cameras
// [EventCloud], [EventFrames] and [EventRate]. [Panels] tiles several on one
// canvas. [SaveGIF] writes a [RasterMovie], an [EventMovie] or a [NewMovie]. They copy what
// they are given, so buffers may be used again before a figure is saved. The
// same input gives the same bytes.
//
// Colours are those of M. Okabe and K. Ito, Color Universal Design (2008), which
// colour-blind readers can tell apart, with a grey for their black. The style stands
// in style.go. Data in the wrong shape, or not finite, is an error that says what
// came and what was wanted.
package plot
