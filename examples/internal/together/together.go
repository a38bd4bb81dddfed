// Package together runs examples as processes of one job. It is apart from the other things that
// examples share, since a program that has package mpi is linked to the system's libraries.
package together

import (
	"fmt"

	"github.com/spikegrad/spikegrad/mpi"
)

// Run runs a program, if it is to be parallel as one of the processes that mpirun or srun has started; else
// world is nil. It ends well only if run does: the launcher takes it for a failure otherwise, and ends the others.
func Run(parallel bool, run func(world *mpi.Comm) error) error {
	if !parallel {
		return run(nil)
	}
	world, err := mpi.World()
	if err != nil {
		return err
	}
	if First(world) {
		fmt.Println(world)
	}
	if err := run(world); err != nil {
		return err // without Close
	}
	return world.Close()
}

// First reports whether this process is the one that reports.
func First(world *mpi.Comm) bool { return world == nil || world.Rank() == 0 }
