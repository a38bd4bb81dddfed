// Package par shares work among goroutines: the one parallel loop of the library.
//
//	par.Chunks(len(x), 1024, func(i0, i1 int) { scale(x[i0:i1]) })
//
// Work comes in pieces, and whoever is free takes the next one. The caller is one of
// the goroutines that work; there are as many as GOMAXPROCS says, and no more than
// pieces. A loop returns when all have ended. What panics on one of them panics on
// the caller's, as a [guard.Panic], then.
//
// # What does not depend on GOMAXPROCS
//
// No bit of a result may depend on how many goroutines computed it. The loop gives
// pieces in no particular order and to no particular goroutine, so this is up to what
// a piece is:
//
//   - its size is a number that stands in the code, or follows from sizes of the data
//     alone (the grain);
//   - a sum is taken by one piece in one order, or in fixed chunks, one a piece, that
//     are added in order when the loop has ended.
//
// Where pieces do depend on the number of goroutines, as those of package gemm and of
// products by columns, no sum may be cut: an element of the result has to be the same
// sum in the same order in whatever piece it lies.
//
// Nor does the error of [Blocks]: it is that of the first piece in order.
package par
