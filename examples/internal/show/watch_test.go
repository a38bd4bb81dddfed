package show_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// The last line of a training, the one at 100 %, has the validation of the last epoch
// and stands there once.
func TestWatch(t *testing.T) {
	d, err := data.NewYinYang(60, 42)
	require.NoError(t, err)
	m, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 5, Init: layers.Scaled{Gain: 4}}, layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()),
			layers.Linear{Out: 3}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 20, Batch: 20,
	}.Compile()
	require.NoError(t, err)
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	defer file.Close()
	old := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = old }()

	tr := train.Trainer{Model: m, Data: d, Validation: d, Epochs: 4, Optimiser: &optim.Adam{LearningRate: 0.05}}
	done := show.Watch(t.Context(), &tr, "small")
	result, err := tr.Run(context.Background())
	done()
	require.NoError(t, err)
	text, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(text), "12/12"), "%s", text)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	last := lines[len(lines)-1]
	require.Contains(t, last, "12/12 (100%)")
	require.Contains(t, last, "epoch 4")
	accuracy := fmt.Sprintf("validation %.2f %%", 100*result.History[3].Validation.Accuracy)
	require.Contains(t, last, accuracy)
	require.NotEqual(t, result.History[2].Validation.Accuracy, result.History[3].Validation.Accuracy, "choose an example in which they differ")
}
