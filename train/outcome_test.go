package train_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// shorter are echoes of different lengths.
type shorter struct{ echoes }

func (shorter) Steps(i int) int { return 3 + 7*i%17 }

// Metrics of sequences are of all time steps, however these are gone through in training.
func TestMetricsOfSegments(t *testing.T) {
	for name, d := range map[string]data.Dataset{"float64": echoes{n: 10, steps: 20}, "float32": echoes{n: 10, steps: 20}, "of different lengths": shorter{echoes{n: 10, steps: 20}}} {
		dt := tensor.Float64
		if name == "float32" {
			dt = tensor.Float32
		}
		var want []metric.Value
		for _, cut := range [][3]int{{}, {5}, {20}, {6}, {1}, {0, 10}, {5, 20, 10}} {
			n := echoing(20, 6, dt)
			n.Segment, n.Window, n.Stride = cut[0], cut[1], cut[2]
			n.Metrics = []metric.Metric{metric.MeanAbsoluteError{}, metric.RootMeanSquare{}}
			m, err := n.Compile()
			require.NoError(t, err)
			tr := train.Trainer{Model: m, Data: d, Epochs: 1, Optimiser: &optim.SGD{LearningRate: 1e-12}}
			r, err := tr.Run(context.Background())
			require.NoError(t, err)
			got := r.History[0].Train.Values
			require.Len(t, got, 2)
			if want == nil {
				want = got
			}
			for i, v := range got {
				require.Equal(t, want[i].Name, v.Name)
				require.InDelta(t, want[i].Value, v.Value, 1e-6, "%s, %v: %s", name, cut, v.Name)
			}
		}
	}
}
