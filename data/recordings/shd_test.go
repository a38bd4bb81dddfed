package recordings_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/recordings"
	"github.com/spikegrad/spikegrad/internal/h5/h5test"
)

// shdSets are three recordings in the layout of SHD. Times are float16: 0x3800 is
// 0.5, 0x3801 the number behind it, 0x0001 the smallest, 2⁻²⁴.
func shdSets() map[string]h5test.Set {
	return map[string]h5test.Set{
		"spikes/times":  {Shape: []int{3}, Type: h5test.RowsOf(h5test.Float16), Rows: [][]byte{h5test.Uint16s(0, 0x0001, 0x3800, 0x3801), nil, h5test.Uint16s(0x3c00)}, Size: 2, Chunk: 2},
		"spikes/units":  {Shape: []int{3}, Type: h5test.RowsOf(h5test.Uint16), Rows: [][]byte{h5test.Uint16s(0, 699, 5, 5), nil, h5test.Uint16s(350)}, Size: 2},
		"labels":        {Shape: []int{3}, Type: h5test.Uint16, Data: h5test.Uint16s(1, 0, 1), Chunk: 2},
		"extra/speaker": {Shape: []int{3}, Type: h5test.Uint16, Data: h5test.Uint16s(4, 5, 6)},
		"extra/keys":    {Shape: []int{2}, Type: h5test.Words, Rows: [][]byte{[]byte("zero"), []byte("eins")}, Size: 1},
	}
}

func shdFile(t *testing.T, change func(map[string]h5test.Set)) string {
	t.Helper()
	sets := shdSets()
	if change != nil {
		change(sets)
	}
	path := filepath.Join(t.TempDir(), "shd.h5")
	require.NoError(t, os.WriteFile(path, h5test.Write(sets), 0o600))
	return path
}

func TestSHD(t *testing.T) {
	d, err := recordings.OpenSHD(shdFile(t, nil))
	require.NoError(t, err)
	defer d.Close()
	require.Equal(t, 3, d.Len())
	require.Equal(t, []int{1, 0, 1}, d.Labels)
	require.Equal(t, []int{4, 5, 6}, d.Speakers)
	require.Equal(t, []string{"zero", "eins"}, d.Keys)
	for i, want := range [][]events.Event{
		{{T: 0, X: 0, On: true}, {T: 0, X: 699, On: true}, {T: 500000, X: 5, On: true}, {T: 500488, X: 5, On: true}}, // 0.5 + 2⁻¹¹
		{}, {{T: 1000000, X: 350, On: true}},
	} {
		rec, err := d.Recording(i)
		require.NoError(t, err)
		require.Equal(t, []int{700, 1}, []int{rec.Width, rec.Height})
		es, err := events.Collect(rec, []events.Event{})
		require.NoError(t, err)
		require.Equal(t, want, es)
	}
	set, err := d.Dataset([]int{2, 0}, recordings.Params{Bins: events.Bins{Dt: 10 * ms, Steps: 101}})
	require.NoError(t, err)
	require.Equal(t, []int{101, 700}, set.Shape())
	require.Equal(t, 2, set.Classes())
	spikes, label, err := set.Events(0, nil)
	require.NoError(t, err)
	require.Equal(t, 1, label)
	require.Equal(t, []data.Event{{Step: 100, Index: 350}}, spikes)
	set, err = d.Dataset(nil, recordings.Params{Bins: events.Bins{Dt: 10 * ms, Steps: 100}, Copies: 2})
	require.NoError(t, err)
	require.Equal(t, 6, set.Len())
	spikes, label, err = set.Events(4, nil)
	require.NoError(t, err)
	require.Zero(t, label)
	require.Empty(t, spikes)
	_, err = d.Dataset([]int{3}, recordings.Params{})
	require.EqualError(t, err, "recordings: shd: recording 3 asked for, want 0 to 2")
	_, err = d.Recording(3)
	require.EqualError(t, err, "recordings: shd: recording 3 asked for, want 0 to 2")

	without := shdFile(t, func(s map[string]h5test.Set) { delete(s, "extra/speaker"); delete(s, "extra/keys") })
	bare, err := recordings.OpenSHD(without)
	require.NoError(t, err)
	defer bare.Close()
	require.Nil(t, bare.Speakers)
	require.Nil(t, bare.Keys)
}

func TestSHDErrors(t *testing.T) {
	for want, change := range map[string]func(map[string]h5test.Set){
		"there is no /labels": func(s map[string]h5test.Set) { delete(s, "labels") },
		"there are 3 rows of times, 3 of channels and 2 labels, want as many of each": func(s map[string]h5test.Set) {
			s["labels"] = h5test.Set{Shape: []int{2}, Type: h5test.Uint16, Data: h5test.Uint16s(1, 0)}
		},
		"label 2 is 2, of 2 classes": func(s map[string]h5test.Set) {
			s["labels"] = h5test.Set{Shape: []int{3}, Type: h5test.Uint16, Data: h5test.Uint16s(1, 0, 2)}
		},
		"/labels: its elements are text, want whole numbers": func(s map[string]h5test.Set) {
			s["labels"] = h5test.Set{Shape: []int{3}, Type: h5test.Words, Rows: [][]byte{nil, nil, nil}, Size: 1}
		},
		"there are 1 speakers and 3 labels": func(s map[string]h5test.Set) {
			s["extra/speaker"] = h5test.Set{Shape: []int{1}, Type: h5test.Uint16, Data: h5test.Uint16s(1)}
		},
	} {
		_, err := recordings.OpenSHD(shdFile(t, change))
		require.ErrorContains(t, err, want)
	}
	rows := func(times, units []byte) func(map[string]h5test.Set) {
		return func(s map[string]h5test.Set) {
			s["spikes/times"] = h5test.Set{Shape: []int{3}, Type: h5test.RowsOf(h5test.Float16), Rows: [][]byte{times, nil, nil}, Size: 2}
			s["spikes/units"] = h5test.Set{Shape: []int{3}, Type: h5test.RowsOf(h5test.Uint16), Rows: [][]byte{units, nil, nil}, Size: 2}
		}
	}
	for want, change := range map[string]func(map[string]h5test.Set){
		"recording 0 has 2 times and 1 channels, want as many of both":                 rows(h5test.Uint16s(0, 0), h5test.Uint16s(1)),
		"recording 0: event 0 is at 0 s in channel 700, want 0 to 10⁶ s and 0 to 699":  rows(h5test.Uint16s(0), h5test.Uint16s(700)),
		"recording 0: event 0 is at +Inf s in channel 1, want 0 to 10⁶ s and 0 to 699": rows(h5test.Uint16s(0x7c00), h5test.Uint16s(1)),
		"recording 0: event 0 is at -1 s in channel 1, want 0 to 10⁶ s and 0 to 699":   rows(h5test.Uint16s(0xbc00), h5test.Uint16s(1)),
	} {
		d, err := recordings.OpenSHD(shdFile(t, change))
		require.NoError(t, err)
		_, err = d.Recording(0)
		require.EqualError(t, err, "recordings: shd: "+want)
		require.NoError(t, d.Close())
	}
	_, err := recordings.OpenSHD(t.TempDir())
	require.ErrorContains(t, err, "it is a folder, want a regular file")
	path := filepath.Join(t.TempDir(), "x.h5")
	require.NoError(t, os.WriteFile(path, []byte("hello"), 0o600))
	_, err = recordings.OpenSHD(path)
	require.EqualError(t, err, "recordings: shd: "+path+": the file does not start as an HDF5 file does")
	_, err = events.Open(shdFile(t, nil), events.Options{})
	require.ErrorContains(t, err, "this is an HDF5 file, which holds many recordings or none: recordings.OpenSHD reads those of SHD and SSC")
}
