// Package data reads and generates data sets.
//
// A [Dataset] is three methods: how many samples there are, what shape they
// have, and sample i with its label. Anything that has them can be trained on,
// and what is here is built from them alone:
//
//   - [NewYinYang] generates the Yin-Yang set, which needs no file;
//   - [NewRandman] generates spike trains on smooth random manifolds, whose classes
//     differ in spike times only;
//   - [OpenMNIST] reads MNIST and the sets that took over its file names,
//     [OpenIDX] any other pair of IDX files, [ReadIDX] a single one;
//   - [New] makes a set of values already in memory, [NewEvents] one of spike
//     trains that are lists of spikes;
//   - [Subset] is a stretch of another set, as a split into training and
//     validation needs;
//   - [Order] is the order of the samples in an epoch.
//
// A loop over a set asks for each sample in turn, into one buffer:
//
//	d, err := data.NewYinYang(5000, 42)
//	if err != nil {
//		return err
//	}
//	x := make([]float32, 4) // d.Shape() is [4]
//	order, err := data.Order(d.Len(), seed, epoch)
//	if err != nil {
//		return err
//	}
//	for _, i := range order {
//		label, err := d.Sample(i, x)
//		if err != nil {
//			return err
//		}
//		// encode x, compare with label …
//	}
//
// Nothing here keeps random state: a seed gives the same bits every time.
package data
