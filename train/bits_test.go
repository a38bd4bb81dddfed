package train

import (
	"encoding/binary"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/optim"
)

// Some training steps of the workloads, on few samples and time steps, give the
// same bits whatever the number of processors is: losses, norms of gradients,
// weights and what Adam remembers. Every layer is more than one piece of work.
func TestStepBitsDoNotDependOnGOMAXPROCS(t *testing.T) {
	long.Test(t)
	for _, c := range []struct {
		name string
		w    workload
	}{{"ff", feedForward(12, 12)}, {"rec", recurrent()}, {"conv", convolutional()}} {
		t.Run(c.name, func(t *testing.T) {
			w := c.w
			w.steps, w.batch = min(w.steps, 12), min(w.batch, 12)
			m := w.model(t, w.steps, w.batch)
			w.calibrate(t, m)
			weights := m.Weights()
			for _, rate := range w.rates(t, m)[:len(w.hidden)] {
				require.InDelta(t, w.fires, rate, w.fires/2)
			}
			run := func(procs int) (bits []byte) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
				m := w.model(t, w.steps, w.batch)
				require.NoError(t, m.SetWeights(weights))
				opt := &optim.Adam{LearningRate: 1e-3}
				for range 3 {
					norm, err := m.backpropagate(0.1)
					require.NoError(t, err)
					require.Greater(t, norm, 0.1) // so that gradients are clipped
					require.NoError(t, opt.Step(m.valueGrads()))
					bits = binary.LittleEndian.AppendUint64(bits, math.Float64bits(norm))
					bits = binary.LittleEndian.AppendUint64(bits, math.Float64bits(flat.Number(m.fitted.Terms[0])))
				}
				for _, p := range m.params {
					bits = appendBits(t, bits, p.value)
					for _, moment := range []string{"m", "v"} {
						bits = appendBits(t, bits, opt.State().Slots[p.name].Moments[moment])
					}
				}
				return bits
			}
			one := run(1)
			for _, procs := range []int{2, 3, 8} {
				require.Equal(t, one, run(procs), "GOMAXPROCS=%d", procs)
			}
		})
	}
}

// appendBits appends the elements of d.
func appendBits(t *testing.T, bits []byte, d *tensor.Dense) []byte {
	t.Helper()
	require.NotNil(t, d)
	bits, err := binary.Append(bits, binary.LittleEndian, d.Float32s())
	require.NoError(t, err)
	return bits
}
