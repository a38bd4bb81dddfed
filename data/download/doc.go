// Package download gets files of data sets from where their authors offer them. It does
// nothing by itself: no reader of this module calls it.
//
// [Get] gets one file: it goes on where it was broken off, tries one source after the
// other, and gives the file its name once all of it is there and its sum is right.
// [Unpack] unpacks an archive. A [Set] is what there is of a data set, [Set.Fetch] gets
// and unpacks it:
//
//	set, err := download.ByName("n-mnist")
//	if err != nil {
//		return err
//	}
//	got, err := set.Fetch(ctx, "data", download.Options{Progress: show})
package download
