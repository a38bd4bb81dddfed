package recordings_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/recordings"
	"github.com/spikegrad/spikegrad/internal/h5/h5test"
	"github.com/spikegrad/spikegrad/internal/long"
)

// Files that h5py has written in the layout of SHD have the recordings that it was given.
func TestSHDByH5py(t *testing.T) {
	long.Test(t)
	dir := t.TempDir()
	h5test.Python(t, filepath.Join("testdata", "shd.py"), dir)
	for _, name := range []string{"contiguous", "chunked", "later"} {
		d, err := recordings.OpenSHD(filepath.Join(dir, name+".h5"))
		require.NoError(t, err, name)
		defer d.Close()
		require.Equal(t, 40, d.Len())
		for i := range 20 {
			require.Equal(t, fmt.Sprintf("word %d", i), d.Keys[i])
		}
		for i := range 40 {
			require.Equal(t, []int{i * 3 % 20, i % 12}, []int{d.Labels[i], d.Speakers[i]})
			rec, err := d.Recording(i)
			require.NoError(t, err)
			got, err := events.Collect(rec, []events.Event{})
			require.NoError(t, err)
			want := make([]events.Event, i*53%97)
			for k := range want {
				want[k] = events.Event{T: int64(k*7+i) * 1e6 / 1024, X: uint16((k*31 + i) % 700), On: true}
			}
			require.Equal(t, want, got, "%s: recording %d", name, i)
		}
	}
}
