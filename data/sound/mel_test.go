package sound_test

import (
	"io"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/sound"
)

// The scales have published values, and their inverses.
func TestMelScale(t *testing.T) {
	require.InDelta(t, 1000, sound.HTK.Mel(1000), 0.02) // by definition of the unit
	require.InDelta(t, 2595*math.Log10(2), sound.HTK.Mel(700), 1e-9)
	require.InDelta(t, 15, sound.Slaney.Mel(1000), 1e-12)
	require.InDelta(t, 42, sound.Slaney.Mel(6400), 1e-12)
	require.InDelta(t, 1.5, sound.Slaney.Mel(100), 1e-12)
	for _, scale := range []sound.MelScale{sound.HTK, sound.Slaney} {
		last := math.Inf(-1)
		for hz := 0.0; hz < 20000; hz += 13.7 {
			mel := scale.Mel(hz)
			require.InDelta(t, hz, scale.Hz(mel), 1e-8*(1+hz))
			require.Greater(t, mel, last)
			last = mel
		}
	}
}

// parts gives samples in pieces of changing lengths.
type parts struct {
	samples []float64
	r       *rand.Rand
}

func (s *parts) Read(dst []float64) (int, error) {
	if len(s.samples) == 0 {
		return 0, io.EOF
	}
	n := copy(dst[:min(len(dst), 1+s.r.IntN(700))], s.samples)
	s.samples = s.samples[n:]
	return n, nil
}

// frames returns all frames of samples.
func frames(t *testing.T, m sound.Mel, s sound.Source, rate int) (out [][]float64) {
	t.Helper()
	seq, err := m.Frames(s, rate)
	require.NoError(t, err)
	for f, err := range seq {
		require.NoError(t, err)
		out = append(out, append([]float64(nil), f...))
	}
	return out
}

func noise(n int) []float64 {
	r := rand.New(rand.NewPCG(3, 4))
	out := make([]float64, n)
	for i := range out {
		out[i] = 0.2 * r.NormFloat64()
	}
	return out
}

// Frames are what their definition says, taken word by word: windows of the whole sound,
// sums of a Fourier transform, triangles between middles that are equally far apart in mel.
// In which pieces the sound comes does not matter, to the last bit.
func TestMelFrames(t *testing.T) {
	const rate, n = 8000, 1234
	for _, m := range []sound.Mel{
		{Channels: 7, Low: 50, High: 3900, Scale: sound.HTK, Window: 0.025, Hop: 0.01},
		{Channels: 5, Low: 300, High: 4000, Scale: sound.Slaney, Window: 0.016, Hop: 0.02},
	} {
		s := noise(n)
		got := frames(t, m, &parts{s, rand.New(rand.NewPCG(1, 1))}, rate)
		require.Equal(t, got, frames(t, m, &parts{s, rand.New(rand.NewPCG(2, 2))}, rate))
		w, hop := int(m.Window*rate+0.5), int(m.Hop*rate+0.5)
		require.Len(t, got, n/hop)
		points := 1
		for points < w {
			points *= 2
		}
		low, high := m.Scale.Mel(m.Low), m.Scale.Mel(m.High)
		middle := func(c int) float64 { return m.Scale.Hz(low + (high-low)*float64(c+1)/float64(m.Channels+1)) }
		for c, f := range m.Frequencies() {
			require.InDelta(t, middle(c), f, 1e-9*f)
		}
		for k, frame := range got {
			want, power := make([]float64, m.Channels), 0.0
			for i := range w {
				hann := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(w))
				power += hann * hann
			}
			for j := 0; j <= points/2; j++ {
				x := complex(0, 0)
				for i := range w {
					if at := (k+1)*hop - w + i; at >= 0 {
						hann := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(w))
						x += complex(hann*s[at], 0) * cmplx.Exp(complex(0, -2*math.Pi*float64(i*j)/float64(points)))
					}
				}
				f := float64(j) * rate / float64(points)
				for c := range want {
					h := 0.0
					switch a, b, d := middle(c-1), middle(c), middle(c+1); {
					case f > a && f <= b:
						h = (f - a) / (b - a)
					case f > b && f < d:
						h = (d - f) / (d - b)
					}
					want[c] += 4 / (float64(points) * power) * h * (real(x)*real(x) + imag(x)*imag(x))
				}
			}
			require.InDeltaSlice(t, want, frame, 1e-12)
		}
	}
}

// A sine is where it should be, and its amplitude is that of all channels together.
func TestMelTone(t *testing.T) {
	const rate, amp = 8000, 0.3
	m := sound.DefaultMel()
	fs := m.Frequencies()
	for _, c := range []int{12, 25, 35} {
		for _, frame := range frames(t, m, &tone{f: fs[c], rate: rate, amp: amp, end: rate / 2}, rate)[3:] {
			sum, best := 0.0, 0
			for i, v := range frame {
				if sum += v; v > frame[best] {
					best = i
				}
			}
			require.Equal(t, c, best)
			require.InEpsilon(t, amp*amp, sum, 2e-3)
		}
	}

	// Its neurons fire as loudness says.
	e := sound.DefaultEar()
	e.Filters = m
	rec, err := e.ListenTo(&tone{f: fs[35], rate: rate, amp: amp, end: rate}, rate)
	require.NoError(t, err)
	require.Equal(t, 40, rec.Width)
	frame := frames(t, m, &tone{f: fs[35], rate: rate, amp: amp, end: rate}, rate)[50]
	counts := make([]float64, 40)
	for ev, err := range rec.Events {
		require.NoError(t, err)
		if !ev.On && ev.T >= 200e3 {
			counts[ev.X]++
		}
	}
	for c, n := range counts {
		x := e.Gain * max(0, 1+10*math.Log10(max(frame[c], 1e-99))/e.Range)
		want := 0.0
		if x > 1.02 {
			want = 0.8 * rate / (math.Ceil(e.Tau*math.Log(x/(x-1))*rate) + math.Round(e.Refractory*rate))
		} else if x > 0.98 {
			continue
		}
		require.InDelta(t, want, n, 2+0.06*want, c)
	}
	require.Positive(t, counts[35])
}

func TestMelErrors(t *testing.T) {
	ok := sound.DefaultMel()
	for want, change := range map[string]func(m *sound.Mel){
		"there are 0 channels, want 1 to 4096":                                                       func(m *sound.Mel) { m.Channels = 0 },
		"Low is 5000, want above 0 and at most 3800":                                                 func(m *sound.Mel) { m.Low = 5000 },
		"Low is 1, want above 0 and at most NaN":                                                     func(m *sound.Mel) { m.Low, m.High = 1, math.NaN() },
		"the scale is 7, want HTK or Slaney":                                                         func(m *sound.Mel) { m.Scale = 7 },
		"the window is 0 s, want 4 to 1048576 samples at 8000 Hz":                                    func(m *sound.Mel) { m.Window = 0 },
		"the window is +Inf s, want 4 to 1048576 samples at 8000 Hz":                                 func(m *sound.Mel) { m.Window = math.Inf(1) },
		"the hop is -1 s, want 1 to 1048576 samples at 8000 Hz":                                      func(m *sound.Mel) { m.Hop = -1 },
		"has none of the frequencies that are 31.2 Hz apart: want fewer Channels or a longer Window": func(m *sound.Mel) { m.Channels = 200 },
	} {
		m := ok
		change(&m)
		_, err := m.Frames(failing{}, 8000)
		require.ErrorContains(t, err, "sound: mel: ")
		require.ErrorContains(t, err, want)
		e := sound.DefaultEar()
		e.Filters = m
		_, err = e.ListenTo(failing{}, 8000)
		require.ErrorContains(t, err, "sound: ear: ")
	}
	_, err := ok.Frames(nil, 8000)
	require.EqualError(t, err, "sound: mel: the sound is nil")
	_, err = ok.Frames(failing{}, -1)
	require.EqualError(t, err, "sound: mel: the rate is -1 Hz, want 1 to 4194304")
	seq, err := ok.Frames(failing{io.ErrUnexpectedEOF}, 8000)
	require.NoError(t, err)
	for _, err := range seq {
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
	e := sound.DefaultEar()
	e.Filters = ok
	rec, err := e.ListenTo(failing{}, 8000)
	require.NoError(t, err)
	_, err = events.Collect(rec, nil)
	require.ErrorIs(t, err, io.ErrNoProgress)
}
