package exec

// The processors that scans are machine code for.
import (
	_ "github.com/spikegrad/spikegrad/internal/jit/amd64"
	_ "github.com/spikegrad/spikegrad/internal/jit/arm64"
)
