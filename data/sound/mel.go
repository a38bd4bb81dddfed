package sound

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"math/bits"

	"gonum.org/v1/gonum/dsp/fourier"

	"github.com/spikegrad/spikegrad/internal/guard"
)

// A Mel is a bank of triangular filters on the spectrum of a sound, as in much of speech
// recognition. Every Hop it takes the W = Window·rate samples before, of which those
// before the first are 0, by Hann's window w, and their Fourier transform X of M points,
// M the next power of 2. The square of the level of channel c is
//
//	e² = 4 / (M Σ w²) Σ_k h_c(k rate/M) |X_k|²,  0 ≤ k ≤ M/2
//
// h_c rises from 0 at the middle of the channel before to 1 at its own, and falls to 0 at
// that of the next, in straight lines over Hz: a sine of amplitude e is shared among the
// channels around it, together e². The middles are equally far apart in mel, with Low and
// High as those of two more channels at the ends. A level holds until the next.
type Mel struct {
	Channels  int
	Low, High float64 // where the first filter begins and the last ends, Hz
	Scale     MelScale
	Window    float64 // s
	Hop       float64 // s
}

// A MelScale says how many mel a frequency f in Hz is.
type MelScale int

const (
	// HTK is 2595 log₁₀(1 + f/700).
	//
	// D. O'Shaughnessy, Speech communication (1987); S. Young et al., The HTK book (2006).
	HTK MelScale = iota
	// Slaney is 3f/200 below 1 kHz, and 15 + 27 ln(f/1000)/ln 6.4 above.
	//
	// M. Slaney, Auditory toolbox, Interval technical report 1998-010.
	Slaney
)

// DefaultMel returns 40 channels from 60 Hz to 3.8 kHz on HTK's scale, of windows of 25 ms
// every 10 ms.
func DefaultMel() Mel {
	return Mel{Channels: 40, Low: 60, High: 3800, Window: 25e-3, Hop: 10e-3}
}

const (
	slaneyHz  = 200.0 / 3 // of a mel below 1 kHz
	slaneyLog = 27 / 1.8562979903656263
)

// Mel returns a frequency in Hz on the scale.
func (s MelScale) Mel(hz float64) float64 {
	switch {
	case s == HTK:
		return 2595 * math.Log10(1+hz/700)
	case hz < 1000:
		return hz / slaneyHz
	}
	return 15 + slaneyLog*math.Log(hz/1000)
}

// Hz returns the frequency of so many mel.
func (s MelScale) Hz(mel float64) float64 {
	switch {
	case s == HTK:
		return 700 * (math.Pow(10, mel/2595) - 1)
	case mel < 15:
		return mel * slaneyHz
	}
	return 1000 * math.Exp((mel-15)/slaneyLog)
}

// edges returns Low, the middles, and High.
func (m Mel) edges() []float64 {
	low, high := m.Scale.Mel(m.Low), m.Scale.Mel(m.High)
	fs := make([]float64, max(m.Channels, 0)+2)
	for i := range fs {
		fs[i] = m.Scale.Hz(low + (high-low)*float64(i)/float64(len(fs)-1))
	}
	return fs
}

// Frequencies returns the middles of the channels in Hz.
func (m Mel) Frequencies() []float64 {
	fs := m.edges()
	return fs[1 : len(fs)-1]
}

// Frames returns the squares of the levels of the channels after each Hop, which hold
// until the next. It reads as somebody ranges over them.
func (m Mel) Frames(s Source, rate int) (iter.Seq2[[]float64, error], error) {
	if guard.IsNil(s) {
		return nil, errors.New("sound: mel: the sound is nil")
	}
	if rate < 1 || rate > maxRate {
		return nil, fmt.Errorf("sound: mel: the rate is %d Hz, want 1 to %d", rate, maxRate)
	}
	if _, err := m.analyser(float64(rate)); err != nil {
		return nil, fmt.Errorf("sound: mel: %w", err)
	}
	return func(yield func([]float64, error) bool) {
		a, err := m.analyser(float64(rate))
		if err == nil {
			err = each(s, func(v float64) bool { return !a.take(v) || yield(a.levels, nil) })
		}
		if err != nil {
			yield(nil, err)
		}
	}, nil
}

func (m Mel) start(rate float64) (func(s float64) []float64, error) {
	a, err := m.analyser(rate)
	if err != nil {
		return nil, err
	}
	return func(s float64) []float64 { a.take(s); return a.levels }, nil
}

// An analyser has the last samples, and what they were at the last hop.
type analyser struct {
	fft      *fourier.FFT
	hop      int
	n        int64     // samples that have come
	ring     []float64 // the last len(window) of them
	window   []float64
	padded   []float64 // the samples by the window, and zeros
	spectrum []complex128
	filters  []triangle
	levels   []float64
}

// A triangle is a filter: what the elements of a spectrum weigh, from one on.
type triangle struct {
	from    int
	weights []float64
}

// analyser returns what begins with silence.
func (m Mel) analyser(rate float64) (*analyser, error) {
	if err := band(m.Channels, m.Low, m.High, rate); err != nil {
		return nil, err
	}
	w, hop := math.Round(m.Window*rate), math.Round(m.Hop*rate)
	const most = 1 << 20
	switch {
	case m.Scale != HTK && m.Scale != Slaney:
		return nil, fmt.Errorf("the scale is %d, want HTK or Slaney", m.Scale)
	case !(w >= 4 && w <= most):
		return nil, fmt.Errorf("the window is %v s, want 4 to %d samples at %v Hz", m.Window, most, rate)
	case !(hop >= 1 && hop <= most):
		return nil, fmt.Errorf("the hop is %v s, want 1 to %d samples at %v Hz", m.Hop, most, rate)
	}
	n := int(w)
	points := 1 << bits.Len(uint(n-1))
	a := &analyser{
		fft: fourier.NewFFT(points), hop: int(hop), ring: make([]float64, n), window: make([]float64, n),
		padded: make([]float64, points), spectrum: make([]complex128, points/2+1), levels: make([]float64, m.Channels),
	}
	power := 0.0
	for i := range a.window {
		a.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(n))
		power += a.window[i] * a.window[i]
	}
	fs := m.edges()
	for c := range m.Channels {
		t := between(fs[c], fs[c+1], fs[c+2], rate/float64(points), len(a.spectrum))
		if len(t.weights) == 0 {
			return nil, fmt.Errorf("channel %d, from %.1f to %.1f Hz, has none of the frequencies that are %.1f Hz apart: want fewer Channels or a longer Window", c, fs[c], fs[c+2], rate/float64(points))
		}
		for i := range t.weights {
			t.weights[i] *= 4 / (float64(points) * power)
		}
		a.filters = append(a.filters, t)
	}
	return a, nil
}

// between returns the weights of a filter on n frequencies that are step apart.
func between(low, middle, high, step float64, n int) (t triangle) {
	for k := range n {
		f := float64(k) * step
		if h := min((f-low)/(middle-low), (high-f)/(high-middle)); h > 0 {
			if t.weights == nil {
				t.from = k
			}
			t.weights = append(t.weights, h)
		}
	}
	return t
}

// take takes a sample, and reports whether there are new levels.
func (a *analyser) take(s float64) bool {
	a.ring[a.n%int64(len(a.ring))] = s
	a.n++
	if a.n%int64(a.hop) != 0 {
		return false
	}
	for i, w := range a.window {
		a.padded[i] = w * a.ring[(a.n+int64(i))%int64(len(a.ring))]
	}
	a.fft.Coefficients(a.spectrum, a.padded)
	for c, t := range a.filters {
		sum := 0.0
		for i, w := range t.weights {
			x := a.spectrum[t.from+i]
			sum += w * (real(x)*real(x) + imag(x)*imag(x))
		}
		a.levels[c] = sum
	}
	return true
}
