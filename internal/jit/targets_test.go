package jit_test

// The tests of package jit run on these.
import (
	_ "github.com/spikegrad/spikegrad/internal/jit/amd64"
	_ "github.com/spikegrad/spikegrad/internal/jit/arm64"
)
