package runlog

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A disk takes so many bytes and is full then.
type disk struct {
	bytes.Buffer
	room int
}

var errFull = errors.New("no space left on device")

func (d *disk) Write(b []byte) (int, error) {
	n := min(len(b), d.room)
	d.room -= n
	d.Buffer.Write(b[:n])
	if n < len(b) {
		return n, errFull
	}
	return n, nil
}

// Wherever a disk is full, one warning says so, and when there is room again the
// file goes on where it stopped.
func TestDiskFull(t *testing.T) {
	const text = "one\ntwo\nthree\nfour\n"
	for room := range len(text) {
		d := &disk{room: room}
		var warnings []string
		a := &appender{name: "log", w: d, warn: func(err error) { warnings = append(warnings, err.Error()) }}
		for _, l := range strings.SplitAfter(text, "\n") {
			a.add([]byte(l))
		}
		require.Equal(t, text[:room], d.String())
		require.Equal(t, []string{"log: cannot write, will try again: no space left on device"}, warnings)
		d.room = 1000
		a.add([]byte("five\n"))
		a.close()
		require.Equal(t, text+"five\n", d.String())
		require.Len(t, warnings, 1)
	}
}

// More than fits into memory is lost line by line, and said.
func TestDiskFullForLong(t *testing.T) {
	d := &disk{}
	var warnings []string
	a := &appender{name: "log", w: d, warn: func(err error) { warnings = append(warnings, err.Error()) }}
	row := bytes.Repeat([]byte("x"), 1<<16)
	row[len(row)-1] = '\n'
	for range maxPending>>16 + 3 {
		a.add(row)
	}
	require.LessOrEqual(t, len(a.pending), maxPending)
	d.room = math.MaxInt
	a.add(nil)
	require.Equal(t, []string{
		"log: cannot write, will try again: no space left on device",
		"log: more waits than fits into memory; lines are lost until the file can be written again",
		"log: can be written again; 3 records are lost",
	}, warnings)
	require.Equal(t, maxPending>>16, bytes.Count(d.Bytes(), []byte("\n")))

	a = &appender{name: "log", w: &disk{room: 1}, warn: func(err error) { warnings = append(warnings, err.Error()) }}
	a.add([]byte("ab\n"))
	a.close()
	require.Equal(t, "log: the last 2 bytes could not be written", warnings[len(warnings)-1])
}

// However many lines there are, the points are their means in order.
func TestTracks(t *testing.T) {
	for _, n := range []int{1, 7, maxPoints, maxPoints + 1, 2*maxPoints + 1, 12345} {
		var k tracks
		for i := range n {
			m := map[string]float64{"a": float64(i), "b": math.NaN()}
			if i >= n/2 {
				m["late"] = 1
			}
			k.add(i, m)
		}
		x, y := k.curve("a")
		require.Equal(t, x, y) // the mean step, and the mean of the steps
		require.LessOrEqual(t, len(x), maxPoints)
		require.Greater(t, len(x), min(n, maxPoints)/2-1)
		var sum, lines float64
		for i, p := range k.points {
			sum += y[i] * float64(p.lines)
			lines += float64(p.lines)
			if i > 0 {
				require.Greater(t, x[i], x[i-1])
			}
		}
		require.Equal(t, float64(n), lines)
		require.InDelta(t, float64(n)*float64(n-1)/2, sum, 1e-6*float64(n*n))
		x, _ = k.curve("b")
		require.Empty(t, x)
		x, _ = k.curve("none")
		require.Empty(t, x)
		_, y = k.curve("late")
		for _, v := range y {
			require.Equal(t, 1.0, v)
		}
	}
}

func TestHistogram(t *testing.T) {
	h := newHistogram([]float64{0, 1, 2, 3, 4}, 4)
	require.Equal(t, []int{1, 1, 1, 2}, h.counts)
	require.Equal(t, []float64{0, 1, 4}, []float64{h.edge(0), h.edge(1), h.edge(4)})
	require.Equal(t, 2.0, h.mean())
	require.InDelta(t, math.Sqrt(2), h.deviation(), 1e-12)
	require.Equal(t, []int{3, 0}, newHistogram([]float64{5, 5, 5}, 2).counts)
	require.Equal(t, histogram{counts: []int{0}}, newHistogram(nil, 1))
}

// A finding says since when it is there, and whether it still is; what is cured
// comes last.
func TestDoctorNote(t *testing.T) {
	find := func(kind, layer string) Finding { return Finding{Kind: kind, Layer: layer} }
	var h history
	for epochs, fs := range [][]Finding{
		{find("silent layer", "a"), find("zero input", "")},
		{find("silent layer", "a"), find("silent layer", "b")},
		{find("silent layer", "b")},
	} {
		h.diagnosis(Diagnosis{Epochs: epochs, Findings: fs})
	}
	require.Equal(t, &doctorNote{Exams: "3 examinations, the last after epoch 2", Found: []complaint{
		{Name: "Silent layer: b", When: "found after epoch 1, and still there"},
		{Name: "Silent layer: a", When: "found before the first batch, for the last time after epoch 1", Cured: true},
		{Name: "Zero input", When: "found before the first batch, and no more", Cured: true},
	}}, h.doctorNote())
	h = history{}
	h.diagnosis(Diagnosis{})
	require.Equal(t, &doctorNote{Exams: "one examination, before the first batch"}, h.doctorNote())
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -1000: "-1,000", 1234567: "1,234,567"} {
		require.Equal(t, want, count(n))
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(`{"kind":"batch","step":0,"loss":0.5,"clock":{"time":"2020-01-01T00:00:00Z"}}` + "\n" + `{"kind":"epoch","epoch":0}` + "\n{"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all := 0
		size, _ := scan(bytes.NewReader(b), func(l line) bool { all++; return true })
		require.LessOrEqual(t, size, int64(len(b)))
		// What is kept can be read, whole.
		again := 0
		n, err := scan(bytes.NewReader(b[:size]), func(l line) bool { again++; return true })
		require.NoError(t, err)
		require.Equal(t, size, n)
		require.Equal(t, all, again)
	})
}

func FuzzScanEvents(f *testing.F) {
	one := event{version: eventVersion}.encode()
	two := event{step: 3, values: []value{{tag: "batch/loss", scalar: 1}}}.encode()
	f.Add(append(one, two...))
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		size := scanEvents(bytes.NewReader(b), 2, 1)
		require.LessOrEqual(t, size, int64(len(b)))
		require.Equal(t, size, scanEvents(bytes.NewReader(b[:size]), 2, 1))
	})
}

// A record with a flipped bit ends the file there.
func TestScanEvents(t *testing.T) {
	var b []byte
	for i := range 3 {
		b = append(b, event{step: int64(i), values: []value{{tag: "batch/loss", scalar: 1}}}.encode()...)
	}
	one := len(event{step: 1, values: []value{{tag: "batch/loss", scalar: 1}}}.encode())
	first := len(b) - 2*one
	require.Equal(t, int64(len(b)), scanEvents(bytes.NewReader(b), 3, 0))
	require.Equal(t, int64(first+one), scanEvents(bytes.NewReader(b), 2, 0))
	for i := first; i < first+one; i++ {
		b[i] ^= 1
		require.Equal(t, int64(first), scanEvents(bytes.NewReader(b), 3, 0), "byte %d", i)
		b[i] ^= 1
	}
}
