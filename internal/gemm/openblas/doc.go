// Package openblas calls the matrix products of OpenBLAS. It is empty but in
// programs that are built with the tag openblas, which needs cgo, a C compiler and
// the library (libopenblas-dev, say).
package openblas
