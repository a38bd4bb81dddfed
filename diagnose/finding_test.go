package diagnose_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/diagnose"
)

// Every kind has words of its own.
func TestKind(t *testing.T) {
	seen := map[string]bool{}
	for k := diagnose.ZeroInput; k <= diagnose.LossStuck; k++ {
		require.NotContains(t, k.String(), "Kind")
		seen[k.String()] = true
	}
	require.Len(t, seen, int(diagnose.LossStuck)+1)
	require.Equal(t, "Kind(99)", diagnose.Kind(99).String())
	f := diagnose.Finding{Kind: diagnose.SilentLayer, Message: "hidden: none of 3 neurons spikes.", Cure: "Lower VTh."}
	require.Equal(t, "silent layer: hidden: none of 3 neurons spikes. Lower VTh.", f.String())
}
