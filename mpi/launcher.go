package mpi

import (
	"os"
	"strconv"
)

// A launcher is what started the processes of a job, as the environment tells it.
type launcher struct {
	name string // the variable that tells of it; "" without one
	size int    // how many processes it started; 0 if that is not said
	open bool   // it speaks with Open MPI before others
}

// launched says who started this process.
func launched() launcher {
	for _, l := range []struct {
		rank, size string
		open       bool
	}{
		{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", true},
		{"PMI_RANK", "PMI_SIZE", false},
		{"PMIX_RANK", "SLURM_STEP_NUM_TASKS", true},
	} {
		if os.Getenv(l.rank) == "" {
			continue
		}
		size, err := strconv.Atoi(os.Getenv(l.size))
		if err != nil {
			size = 0
		}
		return launcher{l.rank, size, l.open}
	}
	return launcher{}
}

// variable names the library, before all that is looked for.
const variable = "SPIKEGRAD_MPI"

// candidates returns the names of libraries in the order in which they are tried.
func (l launcher) candidates() []string {
	if name := os.Getenv(variable); name != "" {
		return []string{name}
	}
	open, mpich := []string{"libmpi.so.40", "libmpi.40.dylib"}, []string{"libmpi.so.12", "libmpich.so.12", "libmpi.12.dylib"}
	if !l.open {
		open, mpich = mpich, open
	}
	all := append([]string{"libmpi_abi.so.0", "libmpi_abi.so", "libmpi_abi.0.dylib"}, append(open, mpich...)...)
	return append(all, "libmpi.so", "libmpi.dylib")
}
