package graph_test

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// Where the system forbids executable memory after a program has begun, scans run
// without machine code. That cannot be taken back, so another process does it.
func TestExecutableMemoryForbiddenLater(t *testing.T) {
	const child = "SPIKEGRAD_TEST_FORBID"
	if os.Getenv(child) == "" {
		exe, err := os.Executable()
		require.NoError(t, err)
		cmd := exec.Command(exe, "-test.run", "^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), child+"=1")
		out, err := cmd.CombinedOutput()
		if errors.Is(err, unix.ENOEXEC) {
			t.Skip("an emulator runs this test, and the system does not know by which")
		}
		require.NoError(t, err, "%s", out)
		return
	}
	run := func() [][]float64 {
		g := G.NewGraph()
		xs := graphtest.Node(g, tensor.Float32, "xs", []int{9, 2, 5}, graphtest.Random(90, 1))
		r, err := graph.Scan(leakyStep, xs, nil, leaky{Decay: graph.Const(0.9), Th: graph.Const(1)})
		require.NoError(t, err)
		loss := graphtest.Loss(t, G.Nodes{r.Out}, [][]float64{graphtest.Random(90, 2)})
		grads, values := graphtest.Grads(t, loss, G.Nodes{xs}, G.Nodes{r.Out})
		return append(grads, values...)
	}
	want := run()
	if err := unix.Prctl(unix.PR_SET_MDWE, unix.PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0); err != nil {
		t.Skip("this kernel does not forbid executable memory: ", err)
	}
	require.Equal(t, want, run())
}
