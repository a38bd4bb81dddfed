package exec_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/cpu"
	"github.com/spikegrad/spikegrad/internal/jit"
)

// Scans have machine code for the processors that the library knows. Nothing else would
// fail if the package of one were not imported: they would be slower.
func TestTargetsAreThere(t *testing.T) {
	if cpu.Code() == cpu.Go {
		t.Skip("this processor has no code, or nobody wants any")
	}
	require.True(t, jit.Available())
}
