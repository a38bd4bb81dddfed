package nir_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/h5/h5test"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/nir"
)

// walk reads a file by h5py as Python's nir does, and returns what it says; without h5py
// the test is skipped.
func walk(t *testing.T, path string) string {
	t.Helper()
	return h5test.Python(t, filepath.Join("testdata", "walk.py"), path)
}

// Python's reader reads what was written: a network with every type of node.
func TestJudged(t *testing.T) {
	long.Test(t)
	path := filepath.Join(t.TempDir(), "a.nir")
	require.NoError(t, nir.WriteFile(path, everything()))
	require.Equal(t, "{\"nodes\": 22, \"edges\": 17}\n", walk(t, path))
}
