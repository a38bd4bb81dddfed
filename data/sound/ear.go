package sound

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// An Ear turns sound into the spikes of nerve fibres: a bank of gammatone filters, whose
// envelopes on a scale of loudness drive two leaky integrate-and-fire neurons for each
// channel, one by what it is and one by its onsets.
//
// Channel c filters with
//
//	g(t) = t³ exp(−2π b t) exp(2π i f t),  b = 1.019 ERB(f),  ERB(f) = 24.7 Hz + 0.108 f
//
// scaled to 1 at f, the frequencies f equally far apart on the scale of ERBs. Its
// envelope e = 2 |g ∗ s| is that of a sine of amplitude e, of which
//
//	l = max(0, 1 + 20 log₁₀(e) / Range)
//
// is the loudness: 1 at full scale, 0 at Range dB below and softer. The two neurons
//
//	τ dv/dt = −v + Gain l
//	τ dv/dt = −v + OnsetGain max(0, l − m),  TauOnset dm/dt = l − m
//
// spike where v ≥ 1, and stay at 0 for Refractory afterwards.
//
// R. D. Patterson et al., APU report 2341 (1988); B. R. Glasberg and B. C. J. Moore,
// Hearing Research 47 (1990), 103; V. Hohmann, Acta Acustica 88 (2002), 433.
type Ear struct {
	Channels   int
	Low, High  float64 // frequencies of the first and the last channel, Hz
	Range      float64 // from the softest sound to full scale, dB
	Gain       float64 // of loudness; the threshold is 1
	OnsetGain  float64
	TauOnset   float64 // s
	Tau        float64 // of the membrane, s
	Refractory float64 // s
}

// DefaultEar returns 64 channels from 100 Hz to 3.6 kHz, 60 dB, τ = 10 ms, 40 ms for
// onsets, and 2 ms without spikes after one.
func DefaultEar() Ear {
	return Ear{Channels: 64, Low: 100, High: 3600, Range: 60, Gain: 6, OnsetGain: 24, TauOnset: 40e-3, Tau: 10e-3, Refractory: 2e-3}
}

// A Source gives samples, as a WAV does.
type Source interface {
	Read(dst []float64) (int, error)
}

// Listen returns the events of a sound, of Channels × 1 pixels: the fibres of channel c
// are at X = c, ON for onsets and OFF for loudness. It reads as somebody ranges over the
// events.
func (e Ear) Listen(w *WAV) (events.Recording, error) {
	if w == nil {
		return events.Recording{}, errors.New("sound: ear: the sound is nil")
	}
	return e.ListenTo(w, w.Rate)
}

// ListenTo is Listen to samples at a rate in Hz.
func (e Ear) ListenTo(s Source, rate int) (events.Recording, error) {
	if err := e.check(s, rate); err != nil {
		return events.Recording{}, fmt.Errorf("sound: ear: %w", err)
	}
	rec := events.Recording{Width: e.Channels, Height: 1}
	rec.Events = func(yield func(events.Event, error) bool) {
		chs := e.bank(float64(rate))
		buf := make([]float64, 1024)
		for n := int64(0); ; {
			k, err := s.Read(buf)
			for _, v := range buf[:max(k, 0)] {
				t := n * 1e6 / int64(rate)
				n++
				for c := range chs {
					loud, onset := chs[c].step(v)
					if onset && !yield(events.Event{T: t, X: uint16(c), On: true}, nil) {
						return
					}
					if loud && !yield(events.Event{T: t, X: uint16(c)}, nil) {
						return
					}
				}
			}
			if err == io.EOF {
				return
			}
			if err != nil || k < 1 {
				if err == nil {
					err = io.ErrNoProgress
				}
				yield(events.Event{}, err)
				return
			}
		}
	}
	return rec, nil
}

// Open is Listen to a WAV file: what a recordings.Params opens files with. The options
// say nothing of sound.
func (e Ear) Open(path string, _ events.Options) (rec events.Recording, close func() error, err error) {
	w, err := OpenWAV(path)
	if err != nil {
		return rec, nil, err
	}
	if rec, err = e.Listen(w); err != nil {
		w.Close()
		return rec, nil, fmt.Errorf("%w (of %s)", err, path)
	}
	return rec, w.Close, nil
}

// check says what makes no sense.
func (e Ear) check(s Source, rate int) error {
	for _, p := range []struct {
		name   string
		v, max float64
	}{
		{"Low", e.Low, e.High}, {"High", e.High, float64(rate) / 2}, {"Range", e.Range, 1000}, {"Gain", e.Gain, 1e6}, {"OnsetGain", e.OnsetGain, 1e6},
		{"TauOnset", e.TauOnset, 1e3}, {"Tau", e.Tau, 1e3}, {"Refractory", e.Refractory, 1e3},
	} {
		if !(p.v > 0 && p.v <= p.max) {
			return fmt.Errorf("%s is %v, want above 0 and at most %v", p.name, p.v, p.max)
		}
	}
	if e.Channels < 1 || e.Channels > 1<<12 {
		return fmt.Errorf("there are %d channels, want 1 to 4096", e.Channels)
	}
	if guard.IsNil(s) {
		return errors.New("the sound is nil")
	}
	return nil
}

// Frequencies returns the frequencies of the channels in Hz.
func (e Ear) Frequencies() []float64 {
	const q = 24.7 / 0.108 // ERB(f) = 0.108 (f + q)
	fs := make([]float64, max(e.Channels, 0))
	for c := range fs {
		share := 0.0
		if e.Channels > 1 {
			share = float64(c) / float64(e.Channels-1)
		}
		fs[c] = (e.Low+q)*math.Pow((e.High+q)/(e.Low+q), share) - q
	}
	return fs
}

// A channel is one filter and its neurons.
type channel struct {
	turn, phase complex128 // of the frequency, a sample; and so far
	pole        float64
	z           [4]complex128
	scale       float64 // of decibels
	slow, slowA float64 // the loudness of a while ago
	loud, onset fibre
}

// A fibre is a neuron.
type fibre struct {
	v, gain, decay float64
	rest, left     int // samples without a spike after one
}

// bank returns the channels at rest. The filter is that of four poles at exp(−2π b/rate),
// once the frequency has been turned to 0.
func (e Ear) bank(rate float64) []channel {
	chs := make([]channel, e.Channels)
	neuron := func(gain float64) fibre {
		return fibre{gain: gain, decay: math.Exp(-1 / (e.Tau * rate)), rest: int(math.Round(e.Refractory * rate))}
	}
	for c, f := range e.Frequencies() {
		sin, cos := math.Sincos(-2 * math.Pi * f / rate)
		chs[c] = channel{
			turn: complex(cos, sin), phase: 1, pole: math.Exp(-2 * math.Pi * 1.019 * (24.7 + 0.108*f) / rate),
			scale: 20 / math.Ln10 / e.Range, slowA: 1 - math.Exp(-1/(e.TauOnset*rate)),
			loud: neuron(e.Gain), onset: neuron(e.OnsetGain),
		}
	}
	return chs
}

// step takes a sample and reports which fibres spike.
func (c *channel) step(s float64) (loud, onset bool) {
	z := complex(s, 0) * c.phase
	c.phase *= c.turn
	a, b := complex(c.pole, 0), complex(1-c.pole, 0)
	for i := range c.z {
		c.z[i] = a*c.z[i] + b*z
		z = c.z[i]
	}
	l := 0.0
	if p := real(z)*real(z) + imag(z)*imag(z); p > 1e-60 {
		l = max(0, 1+c.scale*math.Log(4*p)/2)
	}
	rise := max(0, l-c.slow)
	c.slow += c.slowA * (l - c.slow)
	return c.loud.step(l), c.onset.step(rise)
}

// step takes a drive and reports whether the neuron spikes.
func (f *fibre) step(x float64) bool {
	if f.left > 0 {
		f.left--
		return false
	}
	f.v = f.gain*x + f.decay*(f.v-f.gain*x)
	if f.v < 1 {
		return false
	}
	f.v, f.left = 0, f.rest
	return true
}
