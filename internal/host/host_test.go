package host

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/cpu"
	"github.com/spikegrad/spikegrad/internal/jit"
)

func TestThis(t *testing.T) {
	h := This()
	require.Equal(t, runtime.GOOS+"/"+runtime.GOARCH, h.System)
	require.Equal(t, cpu.Kernels().String(), h.Kernels)
	require.Equal(t, jit.Available(), h.Code != "none", h.Code)
	require.NotEmpty(t, h.Spikegrad)
	if jit.Available() {
		require.Equal(t, "machine code, "+h.Code, h.Scans())
	}

	restore, err := cpu.ForceCode(cpu.Go)
	require.NoError(t, err)
	require.Equal(t, "none", This().Code)
	require.Equal(t, "kernels, "+h.Kernels, This().Scans())
	restore()
	restore, err = cpu.ForceKernels(cpu.Go)
	require.NoError(t, err)
	defer restore()
	require.Equal(t, "Go", This().Kernels)
	require.Equal(t, "Go", This().Products, "a library's products are not those that were asked for")
}
