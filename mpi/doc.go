// Package mpi lets the processes of an MPI job train together: World is what a program
// started by mpirun or srun gives to train.Trainer as its Reduce.
//
//	world, err := mpi.World()
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer world.Close()
//	trainer := train.Trainer{Model: model, Data: data, Epochs: 10, Accumulate: 4, Reduce: world}
//
// A program that was started without a launcher is a world of one process, for which no
// library is needed. Nothing is linked: the library of the MPI that is installed is
// found when World is called, that of Open MPI, of MPICH and what is built like it, as
// Intel MPI, or the common one of MPI 5.0 (libmpi_abi). The environment variable
// SPIKEGRAD_MPI names another one, by its path or by a name that the system's loader
// finds. It works on Linux and macOS, on amd64 and arm64; elsewhere there are worlds of
// one.
//
// Message Passing Interface Forum, MPI: A Message-Passing Interface Standard 4.1 (2023)
// and 5.0 (2025), chapter 20 of which has the common binary interface.
package mpi
