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

// What launchers tell the processes that they start: Open MPI's mpirun, those of MPICH and
// srun --mpi=pmi2, and srun --mpi=pmix.
const (
	openRank, openSize = "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"
	pmiRank, pmiSize   = "PMI_RANK", "PMI_SIZE"
	pmixRank, pmixSize = "PMIX_RANK", "SLURM_STEP_NUM_TASKS"
)

// launched says who started this process.
func launched() launcher {
	switch {
	case os.Getenv(openRank) != "":
		return launcher{openRank, count(os.Getenv(openSize)), true}
	case os.Getenv(pmiRank) != "":
		return launcher{pmiRank, count(os.Getenv(pmiSize)), false}
	case os.Getenv(pmixRank) != "":
		return launcher{pmixRank, count(os.Getenv(pmixSize)), true}
	}
	return launcher{}
}

// count returns a number, 0 if it is none.
func count(s string) int {
	n, _ := strconv.Atoi(s)
	return n
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
