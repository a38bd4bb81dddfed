package events_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/events"
)

func TestOpenFolders(t *testing.T) {
	dir := t.TempDir()
	_, _, err := events.OpenFolders(dir, ".dat")
	require.EqualError(t, err, "events: folders: "+dir+" has no folders, want one for each class")
	for _, name := range []string{"cars/b.DAT", "cars/a.dat", "cars/note.txt", "background/c.dat", ".cache/d.dat", "readme.dat"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, encodeDAT(some(20, 304, 240, 0)), 0o600))
	}
	samples, classes, err := events.OpenFolders(dir, ".dat")
	require.NoError(t, err)
	require.Equal(t, []string{"background", "cars"}, classes)
	at := func(names ...string) string { return filepath.Join(append([]string{dir}, names...)...) }
	require.Equal(t, []events.Sample{{Path: at("background", "c.dat")}, {Path: at("cars", "a.dat"), Label: 1}, {Path: at("cars", "b.DAT"), Label: 1}}, samples)
	d, err := events.NewDataset(samples, events.DatasetParams{Bins: events.Bins{Dt: ms, Steps: 3}})
	require.NoError(t, err)
	require.Equal(t, []int{3, 2, 240, 304}, d.Shape())
	_, _, err = events.OpenFolders(dir, ".aedat")
	require.EqualError(t, err, "events: folders: "+at("background")+" has no .aedat files")
	_, _, err = events.OpenFolders(at("none"), ".dat")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A recording of two gestures, of which the first ends after the second begins, as in
// some rows of DVS128 Gesture.
func TestLabels(t *testing.T) {
	labels, err := events.ReadLabels(strings.NewReader("class,startTime_usec,endTime_usec\r\n2,1000,3000\r\n11, 2500,4000\r\n\r\n"))
	require.NoError(t, err)
	require.Equal(t, []events.Label{{Class: 1, From: 1000, To: 3000}, {Class: 10, From: 2500, To: 4000}}, labels)
	es := some(60, 128, 128, 900)
	r, err := events.NewReader(bytes.NewReader(encodeAEDAT3(es)), events.Options{})
	require.NoError(t, err)
	var n [11]int
	for w, err := range events.ByLabels(r.Recording(), labels) {
		require.NoError(t, err)
		n[w.Label] = len(w.Events)
	}
	var want [11]int
	for _, e := range es {
		if e.T >= 1000 && e.T < 3000 {
			want[1]++
		}
		if e.T >= 2500 && e.T < 4000 {
			want[10]++
		}
	}
	require.Equal(t, want, n)
	require.Positive(t, n[1]*n[10])

	for text, want := range map[string]string{
		"a,b\n": `the first line is "a,b", want class,startTime_usec,endTime_usec`,
		"class,startTime_usec,endTime_usec\n1,2\n":     `line 2 is "1,2", want a class from 1 and two times in order`,
		"class,startTime_usec,endTime_usec\n0,1,2\n":   `line 2 is "0,1,2", want a class from 1`,
		"class,startTime_usec,endTime_usec\n1,3,2\n":   `line 2 is "1,3,2", want a class from 1`,
		"class,startTime_usec,endTime_usec\n1,3,2e9\n": `line 2 is "1,3,2e9"`,
		strings.Repeat("x", 1<<17):                     "token too long",
	} {
		_, err := events.ReadLabels(strings.NewReader(text))
		require.ErrorContains(t, err, want)
	}
	_, err = events.ReadLabels(nil)
	require.EqualError(t, err, "events: labels: the reader is nil")
}
