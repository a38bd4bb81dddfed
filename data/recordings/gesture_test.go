package recordings_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/events/eventstest"
	"github.com/spikegrad/spikegrad/data/recordings"
)

// A recording of two gestures, of which the first ends after the second begins, as in
// eventstest.Some rows of DVS128 Gesture.
func TestLabels(t *testing.T) {
	labels, err := recordings.ReadLabels(strings.NewReader("\ufeffclass,startTime_usec,endTime_usec\r\n2,1000,3000\r\n11, 2500,4000\r\n\r\n"))
	require.NoError(t, err)
	require.Equal(t, []events.Label{{Class: 1, From: 1000, To: 3000}, {Class: 10, From: 2500, To: 4000}}, labels)
	es := eventstest.Some(60, 128, 128, 900)
	r, err := events.NewReader(bytes.NewReader(eventstest.AEDAT3(es)), events.Options{})
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
		_, err := recordings.ReadLabels(strings.NewReader(text))
		require.ErrorContains(t, err, want)
	}
	_, err = recordings.ReadLabels(nil)
	require.EqualError(t, err, "recordings: labels: the reader is nil")
}

// A person's recording of three gestures, of which one ends after the next begins: samples
// are what the rows say, whatever the others say.
func TestGesture(t *testing.T) {
	for _, below := range []string{"", "DvsGesture"} {
		dir := t.TempDir()
		at := filepath.Join(dir, below)
		es := eventstest.Some(200, 128, 128, 1000)
		put(t, at, "user01_led.aedat", eventstest.AEDAT3(es))
		put(t, at, "user24_led.aedat", eventstest.AEDAT3(es))
		const head = "class,startTime_usec,endTime_usec\n"
		put(t, at, "user01_led_labels.csv", []byte(head+"1,1500,4000\n8,3500,5000\n8,5000,9000\n"))
		put(t, at, "user24_led_labels.csv", []byte(head+"11,2000,3000\n"))
		put(t, at, "trials_to_train.txt", []byte("user01_led.aedat\n\n"))
		put(t, at, "trials_to_test.txt", []byte("user24_led.aedat\r\n"))
		f, err := recordings.DVSGesture.Open(dir)
		require.NoError(t, err)
		require.Len(t, f.Classes, 11)
		require.Equal(t, "arm roll", f.Classes[7])
		require.Equal(t, []string{"user01_led.aedat 0", "user01_led.aedat 7", "user01_led.aedat 7"}, names(t, at, f.Train))
		require.Equal(t, []string{"user24_led.aedat 10"}, names(t, at, f.Test))
		d, err := recordings.New(f.Train, recordings.Params{Options: f.Options, Bins: events.Bins{Dt: ms, Steps: 5}, Classes: 11})
		require.NoError(t, err)
		for i, part := range [][2]int64{{1500, 4000}, {3500, 5000}, {5000, 9000}} {
			var want []data.Event
			for _, e := range es {
				if e.T >= part[0] && e.T < part[1] {
					on := 0
					if e.On {
						on = 1
					}
					want = append(want, data.Event{Step: int(e.T-part[0]) / 1000, Index: (on*128+int(e.Y))*128 + int(e.X)})
				}
			}
			got, _, err := d.Events(i, nil)
			require.NoError(t, err)
			require.NotEmpty(t, want)
			require.Equal(t, want, got)
		}

		for _, c := range [][3]string{
			{"trials_to_test.txt", "../user24_led.aedat", `line 1 is "../user24_led.aedat", want the name of a file .aedat`},
			{"trials_to_test.txt", "user24_led", `line 1 is "user24_led", want the name of a file .aedat`},
			{"trials_to_test.txt", "user30_led.aedat", `line 1 names "user30_led.aedat": `},
			{"trials_to_test.txt", "\n", "names no recordings"},
			{"user01_led_labels.csv", head + "12,1,2\n", "user01_led_labels.csv: row 1 is of class 12 from 1 to 2 µs, want a class from 1 to 11 and some time"},
			{"user01_led_labels.csv", head + "1,2,2\n", "row 1 is of class 1 from 2 to 2 µs"},
			{"user01_led_labels.csv", head + "1,3,2\n", `line 2 is "1,3,2", want a class from 1 and two times in order`},
		} {
			before, err := os.ReadFile(filepath.Join(at, c[0]))
			require.NoError(t, err)
			put(t, at, c[0], []byte(c[1]))
			_, err = recordings.DVSGesture.Open(dir)
			require.ErrorContains(t, err, c[2])
			put(t, at, c[0], before)
		}
		require.NoError(t, os.Remove(filepath.Join(at, "trials_to_train.txt")))
		_, err = recordings.DVSGesture.Open(dir)
		require.ErrorIs(t, err, os.ErrNotExist)
		require.ErrorContains(t, err, "its authors offer it at https://ibm.ent.box.com/")
	}
}

// Labels are rows in order, whatever the text is, or an error.
func FuzzLabels(f *testing.F) {
	const head = "class,startTime_usec,endTime_usec\n"
	f.Add(head + "1,80048239,85092709\r\n\n11, 2 ,2\n")
	f.Add(head + "1,4611686018427387903,4611686018427387904")
	f.Fuzz(func(t *testing.T, text string) {
		labels, err := recordings.ReadLabels(strings.NewReader(text))
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "recordings: labels: "))
			return
		}
		require.LessOrEqual(t, len(labels), len(text)/5)
		for _, l := range labels {
			require.True(t, l.Class >= 0 && l.From <= l.To)
		}
	})
}
