package exec

// The processors that scans are machine code for.
import _ "github.com/spikegrad/spikegrad/internal/jit/amd64"
