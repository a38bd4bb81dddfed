//go:build !amd64 && !arm64

package gemm

import "github.com/spikegrad/spikegrad/internal/cpu"

// machines are the kernels by level.
var machines = [cpu.Count]*machine{cpu.Go: &plainGo}
