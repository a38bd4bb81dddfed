//go:build !((linux || darwin) && (amd64 || arm64))

package mpi

import (
	"fmt"
	"runtime"
	"unsafe"
)

// A library cannot be loaded here.
type library struct {
	abi
	path, version string
}

func open([]string) (*library, error) {
	return nil, fmt.Errorf("mpi: %s on %s cannot load MPI libraries, want linux or darwin on amd64 or arm64", runtime.GOOS, runtime.GOARCH)
}

func serve(<-chan func()) {}

func (*library) start(_, _ *int) error { return errorf("MPI_Init_thread", "no library") }
func (*library) finalize() error       { return errorf("MPI_Finalize", "no library") }
func (*library) abort(int) error       { return errorf("MPI_Abort", "no library") }
func (*library) barrier() error        { return errorf("MPI_Barrier", "no library") }
func (*library) allreduce(unsafe.Pointer, int, uintptr) error {
	return errorf("MPI_Allreduce", "no library")
}
func (*library) bcast(unsafe.Pointer, int) error { return errorf("MPI_Bcast", "no library") }
func (*library) allgather(unsafe.Pointer, int, unsafe.Pointer) error {
	return errorf("MPI_Allgather", "no library")
}

func pointer[E any](x []E) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(x)) }
