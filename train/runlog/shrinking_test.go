package runlog_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/train/runlog"
)

// shrinking has fewer samples after each look at their number, down to a least.
type shrinking struct {
	*data.Memory
	left, least int
}

func (d *shrinking) Len() int {
	d.left = max(d.least, d.left-7)
	return d.left
}

func (d *shrinking) Sample(i int, x []float32) (int, error) {
	_ = make([]struct{}, d.left)[i] // as a slice of what is left would
	return d.Memory.Sample(i, x)
}

// A data set whose samples become fewer while a report is made is a line in the
// report, and no panic.
func TestShrinkingDataSet(t *testing.T) {
	for _, least := range []int{0, 1} {
		dir := t.TempDir()
		f := &runlog.Folder{Dir: dir, Data: &shrinking{yinyang(t, 40, 5), 40, least}}
		_, err := trainer(t, 1, f).Run(background)
		require.NoError(t, err)
		report, err := os.ReadFile(filepath.Join(dir, "report.html"))
		require.NoError(t, err)
		if least == 0 {
			require.Contains(t, string(report), "the data set is empty")
		}
	}
}
