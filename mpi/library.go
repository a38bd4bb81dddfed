//go:build (linux || darwin) && (amd64 || arm64)

package mpi

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"
)

// A library is an MPI that is loaded.
type library struct {
	abi
	path, version string
	functions     map[string]uintptr
}

// signals says which signals UCX catches.
const signals = "UCX_ERROR_SIGNALS"

// names are the functions that are called.
var names = []string{
	"MPI_Init_thread", "MPI_Finalize", "MPI_Abort", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Comm_set_errhandler",
	"MPI_Error_string", "MPI_Get_library_version", "MPI_Allreduce", "MPI_Bcast", "MPI_Allgather", "MPI_Barrier",
}

// open loads the first of the libraries that is there.
func open(candidates []string) (*library, error) {
	// UCX would catch signals, on stacks that are too small for Go. The libraries read it when they are loaded.
	if _, set := os.LookupEnv(signals); !set {
		os.Setenv(signals, "")
	}
	var missing []error
	for _, path := range candidates {
		// Open MPI's own parts look for it among what all see.
		handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
		if err != nil {
			missing = append(missing, err)
			continue
		}
		l := &library{path: path, functions: map[string]uintptr{}}
		for _, name := range names {
			if l.functions[name], err = purego.Dlsym(handle, name); err != nil {
				return nil, fmt.Errorf("mpi: %s is no MPI library: %w", path, err)
			}
		}
		l.version = l.about()
		l.abi, err = abiOf(path, l.version, func(name string) uintptr {
			p, err := purego.Dlsym(handle, name)
			if err != nil {
				return 0
			}
			return p
		})
		return l, err
	}
	if len(candidates) == 1 {
		return nil, fmt.Errorf("mpi: %s: %w", variable, missing[0])
	}
	return nil, fmt.Errorf("mpi: a launcher has started this process, and there is no MPI library; looked for %s, and %s may name one: %w", strings.Join(candidates, ", "), variable, errors.Join(missing...))
}

// serve runs jobs on a thread of its own: the one that MPI knows.
func serve(jobs <-chan func()) {
	runtime.LockOSThread()
	for job := range jobs {
		job()
	}
}

// do calls a function, and makes an error of what it returns.
//
//go:uintptrescapes
func (l *library) do(name string, args ...uintptr) error {
	r, _, _ := purego.SyscallN(l.functions[name], args...)
	code := int32(r)
	if code == 0 {
		return nil
	}
	text, n := make([]byte, 8192), int32(0)
	purego.SyscallN(l.functions["MPI_Error_string"], uintptr(uint32(code)), uintptr(pointer(text)), uintptr(unsafe.Pointer(&n)))
	runtime.KeepAlive(text)
	return errorf(name, fmt.Sprintf("error %d: %s", code, text[:max(0, min(int(n), len(text)))]))
}

// about returns what the library says it is, in a line.
func (l *library) about() string {
	text, n := make([]byte, 8192), int32(0)
	purego.SyscallN(l.functions["MPI_Get_library_version"], uintptr(pointer(text)), uintptr(unsafe.Pointer(&n)))
	runtime.KeepAlive(text)
	line, _, _ := bytes.Cut(text, []byte{0})
	fields := strings.FieldsFunc(string(line), func(r rune) bool { return r == '\n' || r == ',' })
	if len(fields) == 0 {
		return "an MPI that does not say which"
	}
	return strings.Join(strings.Fields(fields[0]), " ")
}

// funneled is MPI_THREAD_FUNNELED: one thread makes all calls.
const funneled = 1

// start begins, and says which rank of how many this is.
func (l *library) start(rank, size *int) error {
	var got, r, s int32
	err := l.do("MPI_Init_thread", 0, 0, funneled, uintptr(unsafe.Pointer(&got)))
	if err == nil {
		err = l.do("MPI_Comm_set_errhandler", l.world, l.errorsReturn)
	}
	if err == nil {
		err = l.do("MPI_Comm_rank", l.world, uintptr(unsafe.Pointer(&r)))
	}
	if err == nil {
		err = l.do("MPI_Comm_size", l.world, uintptr(unsafe.Pointer(&s)))
	}
	*rank, *size = int(r), int(s)
	return err
}

func (l *library) finalize() error { return l.do("MPI_Finalize") }

func (l *library) abort(status int) error { return l.do("MPI_Abort", l.world, uintptr(status)) }

func (l *library) barrier() error { return l.do("MPI_Barrier", l.world) }

// allreduce adds up n elements at x over all ranks, in place.
func (l *library) allreduce(x unsafe.Pointer, n int, kind uintptr) error {
	defer runtime.KeepAlive(x)
	return l.do("MPI_Allreduce", l.inPlace, uintptr(x), uintptr(n), kind, l.sum, l.world)
}

// bcast sends n bytes from rank 0 to all.
func (l *library) bcast(x unsafe.Pointer, n int) error {
	defer runtime.KeepAlive(x)
	return l.do("MPI_Bcast", uintptr(x), uintptr(n), l.bytes, 0, l.world)
}

// allgather writes n bytes of each rank to all, by rank.
func (l *library) allgather(x unsafe.Pointer, n int, to unsafe.Pointer) error {
	defer runtime.KeepAlive(x)
	defer runtime.KeepAlive(to)
	return l.do("MPI_Allgather", uintptr(x), uintptr(n), l.bytes, uintptr(to), uintptr(n), l.bytes, l.world)
}

func pointer[E any](x []E) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(x)) }
