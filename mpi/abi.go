package mpi

import (
	"fmt"
	"path/filepath"
	"strings"
)

// An abi is what a library calls the things that are passed to it: addresses, or numbers.
type abi struct {
	world, float, double, bytes, sum, errorsReturn uintptr
	inPlace                                        uintptr
}

// standard is the binary interface of MPI 5.0: its section 20.3 has these numbers.
var standard = abi{
	world: 0x101, float: 0x210, double: 0x214, bytes: 0x247, sum: 0x21, errorsReturn: 0x143, inPlace: 1,
}

// mpich is that of MPICH 3.1 and later, and of those that follow it (the MPICH ABI
// Compatibility Initiative): what its mpi.h defines.
var mpich = abi{
	world: 0x44000000, float: 0x4c00040a, double: 0x4c00080b, bytes: 0x4c00010d, sum: 0x58000003, errorsReturn: 0x54000001, inPlace: ^uintptr(0),
}

// abiOf finds out which interface the library at a path has. version is what it says of
// itself, and symbol returns the address of something in it, 0 if it is not there.
func abiOf(path, version string, symbol func(name string) uintptr) (abi, error) {
	if strings.Contains(filepath.Base(path), "mpi_abi") {
		return standard, nil
	}
	if world := symbol("ompi_mpi_comm_world"); world != 0 {
		// What mpi.h of Open MPI up to version 5 takes the addresses of.
		a := abi{world: world, inPlace: 1}
		for name, to := range map[string]*uintptr{
			"ompi_mpi_float": &a.float, "ompi_mpi_double": &a.double, "ompi_mpi_byte": &a.bytes,
			"ompi_mpi_op_sum": &a.sum, "ompi_mpi_errors_return": &a.errorsReturn,
		} {
			if *to = symbol(name); *to == 0 {
				return abi{}, fmt.Errorf("mpi: %s has no %s, which Open MPI has", path, name)
			}
		}
		return a, nil
	}
	for _, like := range []string{"MPICH", "Intel", "MVAPICH", "Cray", "ParaStation"} {
		if strings.Contains(version, like) {
			return mpich, nil
		}
	}
	return abi{}, fmt.Errorf("mpi: %s is %q, want Open MPI, MPICH or one that is built like it, or libmpi_abi; %s names another library", path, version, variable)
}
