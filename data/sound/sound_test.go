package sound_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/recordings"
	"github.com/spikegrad/spikegrad/data/sound"
)

var le = binary.LittleEndian

// wav returns a file of samples as they are.
func wav(kind, channels, rate, bits int, samples []byte) []byte {
	b := append([]byte("RIFF\x00\x00\x00\x00WAVELIST\x03\x00\x00\x00abc\x00fmt "), 16, 0, 0, 0)
	b = le.AppendUint16(le.AppendUint16(b, uint16(kind)), uint16(channels))
	b = le.AppendUint32(le.AppendUint32(b, uint32(rate)), uint32(rate*channels*bits/8))
	b = le.AppendUint16(le.AppendUint16(b, uint16(channels*bits/8)), uint16(bits))
	b = append(b, "data"...)
	return append(le.AppendUint32(b, uint32(len(samples))), samples...)
}

func all(t *testing.T, b []byte) ([]float64, error) {
	t.Helper()
	w, err := sound.NewWAV(iotest.OneByteReader(bytes.NewReader(b)))
	require.NoError(t, err)
	var out []float64
	for buf := make([]float64, 3); ; {
		n, err := w.Read(buf)
		out = append(out, buf[:n]...)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
	}
}

func TestWAV(t *testing.T) {
	f32 := func(vs ...float32) (b []byte) {
		for _, v := range vs {
			b = le.AppendUint32(b, math.Float32bits(v))
		}
		return b
	}
	for name, c := range map[string]struct {
		file []byte
		want []float64
	}{
		"8 bits":        {wav(1, 1, 8000, 8, []byte{0, 128, 192}), []float64{-1, 0, 0.5}},
		"16 bits":       {wav(1, 1, 8000, 16, []byte{0, 0x80, 0, 0, 0, 0x40, 0xff, 0xff}), []float64{-1, 0, 0.5, -1.0 / 32768}},
		"24 bits":       {wav(1, 1, 8000, 24, []byte{0, 0, 0x80, 0, 0, 0x40, 0xff, 0xff, 0xff}), []float64{-1, 0.5, -1.0 / (1 << 23)}},
		"32 bits":       {wav(1, 1, 8000, 32, []byte{0, 0, 0, 0x80, 0, 0, 0, 0x40}), []float64{-1, 0.5}},
		"floats":        {wav(3, 1, 8000, 32, f32(-1, 0.25)), []float64{-1, 0.25}},
		"stereo":        {wav(3, 2, 8000, 32, f32(1, 0, 0.5, 0.25)), []float64{0.5, 0.375}},
		"half a sample": {wav(1, 2, 8000, 8, []byte{128, 192, 128}), []float64{0.25}},
		"nothing":       {wav(1, 1, 8000, 8, nil), nil},
	} {
		got, err := all(t, c.file)
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
	}
	file := wav(1, 1, 44100, 16, make([]byte, 10))
	path := filepath.Join(t.TempDir(), "a.wav")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	w, err := sound.OpenWAV(path)
	require.NoError(t, err)
	require.Equal(t, []int{44100, 1, 16}, []int{w.Rate, w.Channels, w.Bits})
	require.NoError(t, w.Close())
	for cut := range len(file) {
		w, err := sound.NewWAV(bytes.NewReader(file[:cut]))
		if err != nil {
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, cut)
			continue
		}
		n, err := w.Read(make([]float64, 10))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Equal(t, (cut-(len(file)-10))/2, n)
	}
}

func TestWAVErrors(t *testing.T) {
	for want, file := range map[string][]byte{
		`sound: wav: byte 12: the file starts with "RIFFabcdAVI ", want RIFF and WAVE`: []byte("RIFFabcdAVI "),
		"sound: wav: byte 20: the samples come before their format":                    []byte("RIFFabcdWAVEdata\x00\x00\x00\x00"),
		"sound: wav: byte 20: the format has 4294967295 bytes, want 16 to 1024":        []byte("RIFFabcdWAVEfmt \xff\xff\xff\xff"),
		"samples are of format 17 with 4 bits":                                         wav(17, 1, 8000, 4, nil),
		"there are 0 channels, want 1 to 256":                                          wav(1, 0, 8000, 8, nil),
		"the rate is 0 Hz, want 1 to 4194304":                                          wav(1, 1, 0, 8, nil),
	} {
		_, err := sound.NewWAV(bytes.NewReader(file))
		require.ErrorContains(t, err, want)
	}
	_, err := all(t, wav(3, 1, 8000, 32, le.AppendUint32(nil, 0x7fc00000)))
	require.ErrorContains(t, err, "a sample is NaN")
	_, err = sound.NewWAV(nil)
	require.EqualError(t, err, "sound: the reader is nil")
	_, err = sound.OpenWAV(t.TempDir())
	require.ErrorContains(t, err, "it is a folder")
}

// tone gives a sine of an amplitude.
type tone struct {
	f, rate, amp float64
	n, end       int
}

func (s *tone) Read(dst []float64) (int, error) {
	for i := range dst {
		if s.n == s.end {
			return i, io.EOF
		}
		dst[i] = s.amp * math.Sin(2*math.Pi*s.f*float64(s.n)/s.rate)
		s.n++
	}
	return len(dst), nil
}

// A tone drives the fibres of its channel at the rate that a leaky integrate-and-fire
// neuron has at its loudness, those of others at the rate of what their filters leave of
// it, and onsets once.
func TestEar(t *testing.T) {
	e := sound.DefaultEar()
	fs := e.Filters.Frequencies()
	require.InDelta(t, 100, fs[0], 1e-9)
	require.InDelta(t, 3600, fs[63], 1e-9)
	const rate, amp, seconds = 16000, 0.1, 1
	for _, c := range []int{10, 32, 60} {
		s := &tone{f: fs[c], rate: rate, amp: amp, end: rate * seconds}
		rec, err := e.ListenTo(s, rate)
		require.NoError(t, err)
		counts, onsets := map[int]float64{}, map[int]int{}
		last := int64(0)
		for ev, err := range rec.Events {
			require.NoError(t, err)
			require.GreaterOrEqual(t, ev.T, last)
			last = ev.T
			if ev.On {
				onsets[int(ev.X)]++
				require.Less(t, ev.T, int64(250e3), "an onset is over after a while")
			} else if ev.T >= 200e3 { // the filters have settled
				counts[int(ev.X)]++
			}
		}
		require.Positive(t, onsets[c])
		for k, f := range fs {
			// Four poles, of a frequency that is off by d.
			b := 1.019 * (24.7 + 0.108*f)
			d := 2 * math.Pi * (fs[c] - f) / rate
			pole := math.Exp(-2 * math.Pi * b / rate)
			g := math.Pow((1-pole)/math.Hypot(1-pole*math.Cos(d), pole*math.Sin(d)), 4)
			l := max(0, 1+20*math.Log10(amp*g)/e.Range)
			x := e.Gain * l
			want := 0.0
			if x > 1.02 {
				period := math.Ceil(e.Tau*math.Log(x/(x-1))*rate) + math.Round(e.Refractory*rate)
				want = rate / period * (seconds - 0.2)
			} else if x > 0.98 {
				continue // near the threshold the ripple of the envelope decides
			}
			require.InDelta(t, want, counts[k], 2+0.06*want, "tone of channel %d in channel %d, drive %v", c, k, x)
		}
	}
}

func TestEarErrors(t *testing.T) {
	e := sound.DefaultEar()
	broken := errors.New("broken")
	rec, err := e.ListenTo(failing{broken}, 8000)
	require.NoError(t, err)
	_, err = events.Collect(rec, nil)
	require.ErrorIs(t, err, broken)
	rec, err = e.ListenTo(failing{}, 8000)
	require.NoError(t, err)
	_, err = events.Collect(rec, nil)
	require.ErrorIs(t, err, io.ErrNoProgress)
	_, err = e.ListenTo(failing{}, 4000)
	require.EqualError(t, err, "sound: ear: High is 3600, want above 0 and at most 2000")
	_, err = e.ListenTo(failing{}, 0)
	require.EqualError(t, err, "sound: ear: the rate is 0 Hz, want 1 to 4194304")
	_, err = e.ListenTo(nil, 8000)
	require.EqualError(t, err, "sound: ear: the sound is nil")
	_, err = e.Listen(nil)
	require.EqualError(t, err, "sound: ear: the sound is nil")
	e.Filters = sound.Gammatone{}
	_, err = e.ListenTo(failing{}, 8000)
	require.EqualError(t, err, "sound: ear: there are 0 channels, want 1 to 4096")
	e.Filters = sound.Gammatone{Channels: 1, High: 5}
	_, err = e.ListenTo(failing{}, 8000)
	require.EqualError(t, err, "sound: ear: Low is 0, want above 0 and at most 5")
	e.Range = 0
	_, err = e.ListenTo(failing{}, 8000)
	require.EqualError(t, err, "sound: ear: Range is 0, want above 0 and at most 1000")
	_, err = sound.Ear{}.ListenTo(failing{}, 8000)
	require.EqualError(t, err, "sound: ear: Filters is nil, want Gammatone or Mel")
}

type failing struct{ err error }

func (f failing) Read([]float64) (int, error) { return 0, f.err }

func FuzzWAV(f *testing.F) {
	f.Add(wav(1, 2, 8000, 24, make([]byte, 60)))
	f.Add(wav(0xfffe, 1, 8000, 16, make([]byte, 9)))
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := sound.NewWAV(bytes.NewReader(b))
		if err != nil {
			return
		}
		total := 0
		for buf := make([]float64, 100); ; {
			n, err := w.Read(buf)
			total += n
			for _, v := range buf[:n] {
				require.False(t, math.IsNaN(v))
			}
			if err != nil {
				break
			}
			require.Equal(t, 100, n)
		}
		require.LessOrEqual(t, total, len(b))
	})
}

// Half a second of a tone, as events.
func ExampleEar_ListenTo() {
	e := sound.DefaultEar()
	rec, err := e.ListenTo(&tone{f: 440, rate: 8000, amp: 0.2, end: 4000}, 8000)
	if err != nil {
		fmt.Println(err)
		return
	}
	counts := make([]int, len(e.Filters.Frequencies()))
	for ev, err := range rec.Events {
		if err != nil {
			fmt.Println(err)
			return
		}
		counts[ev.X]++
	}
	best := 0
	for c, n := range counts {
		if n > counts[best] {
			best = c
		}
	}
	fmt.Printf("most spikes around %.0f Hz\n", e.Filters.Frequencies()[best])
	// Output: most spikes around 434 Hz
}

// Folders of words become a data set through an ear.
func TestEarOpen(t *testing.T) {
	dir := t.TempDir()
	var b []byte
	for i := range 4000 {
		b = le.AppendUint16(b, uint16(int16(8000*math.Sin(2*math.Pi*440*float64(i)/8000))))
	}
	for _, name := range []string{"no/a.wav", "no/b.wav", "yes/c.wav"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), wav(1, 1, 8000, 16, b), 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "validation_list.txt"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "testing_list.txt"), []byte("no/b.wav\n"), 0o600))
	f, err := recordings.SpeechCommands.Open(dir)
	require.NoError(t, err)
	e := sound.DefaultEar()
	bins := events.Bins{Dt: 10 * time.Millisecond, Steps: 50}
	d, err := recordings.New(f.Train, recordings.Params{Options: f.Options, Open: e.Open, Bins: bins})
	require.NoError(t, err)
	require.Equal(t, []int{50, 2, 1, 64}, d.Shape())
	got, label, err := d.Events(1, nil)
	require.NoError(t, err)
	require.Equal(t, 1, label)
	w, err := sound.OpenWAV(f.Train[1].Path)
	require.NoError(t, err)
	defer w.Close()
	rec, err := e.Listen(w)
	require.NoError(t, err)
	want, err := bins.Events(nil, rec)
	require.NoError(t, err)
	require.NotEmpty(t, want)
	require.Equal(t, want, got)

	e.Filters = sound.Gammatone{Channels: 2, Low: 1, High: 1e6}
	_, err = recordings.New(f.Train, recordings.Params{Open: e.Open, Bins: bins})
	require.EqualError(t, err, "sound: ear: High is 1e+06, want above 0 and at most 4000 (of "+f.Train[0].Path+")")
	_, _, err = e.Open(dir, events.Options{})
	require.ErrorContains(t, err, "it is a folder")
}
