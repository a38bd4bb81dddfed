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

// A file of recorded activity is told from one of a network.
func TestRecordedActivity(t *testing.T) {
	path := filepath.Join(t.TempDir(), "activity.nir")
	h5test.Python(t, "-c", `import sys, h5py
f = h5py.File(sys.argv[1], "w")
f.attrs["__type__"] = "NIRGraphData"
f.create_group("nodes/lif").attrs["__type__"] = "NIRNodeData"
f["nodes/lif/observables/v/data"] = [[[0.0, 1.0]]]`, path)
	_, err := nir.ReadFile(path)
	require.EqualError(t, err, "nir: "+path+": it has /nodes and no /node: recorded activity (NIRGraphData), which is not read, and no network")
}
