package events_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/events"
)

// Real recordings, in the folder that EVENTS_DIR names: events/ has those that the
// tests of tonic, expelliarmus and faery use, nmnist/ one of N-MNIST. They are held to
// what is known of them and to straight-line decoders.
func TestSamples(t *testing.T) {
	dir := os.Getenv("EVENTS_DIR")
	if dir == "" {
		t.Skip("EVENTS_DIR is not set: no real recordings to read")
	}
	for _, c := range []struct {
		path, format  string
		n             int64
		first, last   int64
		width, height int
		straight      func([]byte) []events.Event
	}{
		{"nmnist/sample_nmnist.bin", "bin", 4325, 654, 311175, 34, 34, straightBin},
		{"events/ncars.dat", "dat", 2009, 0, 99952, 78, 42, straightDAT},
		{"events/dvxplorer.aedat4", "aedat4", 111954, 1605537493718345, 1605537494308262, 320, 240, nil},
		{"events/davis346_header_only.aedat", "aedat2", 0, 0, 0, 346, 260, nil},
		{"events/stmnist.mat", "mat", 2346, 196626, 895745, 10, 10, nil},
		{"events/evt2_gen3.raw", "evt2", 539481, 1317888, 1367888, 640, 480, straightEVT2},
		{"events/evt3_gen41.raw", "evt3", 219596, 11718656, 11727457, 1280, 720, straightEVT3},
		{"events/structured.npy", "npy", 219596, 11718656, 11772513, 1280, 720, nil},
		{"events/dvs.es", "es", 473225, 0, 999000, 320, 240, straightES},
	} {
		t.Run(c.path, func(t *testing.T) {
			path := filepath.Join(dir, c.path)
			r, err := events.Open(path, events.Options{})
			require.NoError(t, err)
			defer r.Close()
			es, err := events.Collect(r.Recording(), nil)
			require.NoError(t, err)
			s := r.Summary()
			require.Equal(t, c.format, r.Format())
			require.Equal(t, []int64{c.n, c.first, c.last, 0, 0}, []int64{s.Events, s.First, s.Last, s.Backwards, s.Skipped.Total()})
			w, h, from := r.Sensor()
			if from == "not known" {
				w, h = s.Width, s.Height
			}
			require.Equal(t, []int{c.width, c.height}, []int{w, h})
			if c.straight != nil {
				b, err := os.ReadFile(path)
				require.NoError(t, err)
				require.True(t, equal(c.straight(b), es))
			}
		})
	}
	// The same events by two ways; the times of the array are wrong, as those of
	// readers that count how often the lower bits of the time fall.
	read := func(name string) []events.Event {
		b, err := os.ReadFile(filepath.Join(dir, "events", name))
		require.NoError(t, err)
		es, _, err := readAll(bytes.NewReader(b), events.Options{})
		require.NoError(t, err)
		for i := range es {
			es[i].T = 0
		}
		return es
	}
	require.True(t, equal(read("structured.npy"), read("evt3_gen41.raw")))
}

func equal(a, b []events.Event) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
