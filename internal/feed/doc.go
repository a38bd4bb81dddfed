// Package feed loads batches of a data set into the inputs of a graph: it reads the
// samples in the order of an epoch, encodes them, and puts them in, as a whole or segment
// by segment; and it takes apart what came out, sample by sample.
package feed
