package graph

import "github.com/spikegrad/spikegrad/internal/guard"

// A PanicError is the error that a panic comes back as: of an operation or a spike
// function that a machine runs, or of a step that Scan or Unroll calls. Its text says
// who panicked, with what, and by which calls; errors.As finds it behind others.
type PanicError = guard.Panic
