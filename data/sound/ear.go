package sound

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// An Ear turns sound into the spikes of nerve fibres: a bank of filters, whose levels on a
// scale of loudness drive two leaky integrate-and-fire neurons for each channel, one by
// what it is and one by its onsets. Of the level e of a channel, the amplitude of a sine
// in its middle,
//
//	l = max(0, 1 + 20 log₁₀(e) / Range)
//
// is the loudness: 1 at full scale, 0 at Range dB below and softer. The two neurons
//
//	τ dv/dt = −v + Gain l
//	τ dv/dt = −v + OnsetGain max(0, l − m),  TauOnset dm/dt = l − m
//
// spike where v ≥ 1, and stay at 0 for Refractory afterwards.
type Ear struct {
	Filters    Filters // Gammatone or Mel
	Range      float64 // from the softest sound to full scale, dB
	Gain       float64 // of loudness; the threshold is 1
	OnsetGain  float64
	TauOnset   float64 // s
	Tau        float64 // of the membrane, s
	Refractory float64 // s
}

// Filters part a sound into channels by frequency: a [Gammatone] or a [Mel].
type Filters interface {
	// Frequencies returns the middles of the channels in Hz.
	Frequencies() []float64
	// start returns a function that takes a sample and returns the squares of the levels
	// of the channels, which hold until its next call, at a rate of samples in Hz.
	start(rate float64) (func(s float64) []float64, error)
}

// DefaultEar returns 64 gammatone filters from 100 Hz to 3.6 kHz, 60 dB, τ = 10 ms, 40 ms
// for onsets, and 2 ms without spikes after one.
func DefaultEar() Ear {
	return Ear{Filters: Gammatone{Channels: 64, Low: 100, High: 3600}, Range: 60, Gain: 6, OnsetGain: 24, TauOnset: 40e-3, Tau: 10e-3, Refractory: 2e-3}
}

// A Source gives samples, as a WAV does.
type Source interface {
	Read(dst []float64) (int, error)
}

// Listen returns the events of a sound, of as many pixels as there are channels × 1: the fibres of channel c
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
	err := e.check(s, rate)
	if err == nil {
		_, err = e.Filters.start(float64(rate)) // what is wrong with them
	}
	if err != nil {
		return events.Recording{}, fmt.Errorf("sound: ear: %w", err)
	}
	rec := events.Recording{Width: len(e.Filters.Frequencies()), Height: 1}
	rec.Events = func(yield func(events.Event, error) bool) {
		levels, err := e.Filters.start(float64(rate))
		chs := e.channels(rec.Width, float64(rate))
		n := int64(0)
		if err == nil {
			err = each(s, func(v float64) bool {
				t := n * 1e6 / int64(rate)
				n++
				for c, p := range levels(v) {
					loud, onset := chs[c].step(p)
					if onset && !yield(events.Event{T: t, X: uint16(c), On: true}, nil) || loud && !yield(events.Event{T: t, X: uint16(c)}, nil) {
						return false
					}
				}
				return true
			})
		}
		if err != nil {
			yield(events.Event{}, err)
		}
	}
	return rec, nil
}

// each calls take with every sample until it returns false, and returns the error that
// ended them.
func each(s Source, take func(v float64) bool) error {
	buf := make([]float64, 1024)
	for {
		k, err := s.Read(buf)
		for _, v := range buf[:min(max(k, 0), len(buf))] {
			if !take(v) {
				return nil
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err == nil && k < 1:
			return io.ErrNoProgress
		case err != nil:
			return err
		}
	}
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
	switch {
	case guard.IsNil(s):
		return errors.New("the sound is nil")
	case guard.IsNil(e.Filters):
		return errors.New("Filters is nil, want Gammatone or Mel")
	case rate < 1 || rate > maxRate:
		return fmt.Errorf("the rate is %d Hz, want 1 to %d", rate, maxRate)
	}
	return cmp.Or(within("Range", e.Range, 1000), within("Gain", e.Gain, 1e6), within("OnsetGain", e.OnsetGain, 1e6),
		within("TauOnset", e.TauOnset, 1e3), within("Tau", e.Tau, 1e3), within("Refractory", e.Refractory, 1e3))
}

// maxRate bounds the samples of a second.
const maxRate = 1 << 22

// band says what is wrong with channels from one frequency to another.
func band(channels int, low, high, rate float64) error {
	if channels < 1 || channels > 1<<12 {
		return fmt.Errorf("there are %d channels, want 1 to 4096", channels)
	}
	return cmp.Or(within("Low", low, high), within("High", high, rate/2))
}

// within says what is wrong with a number that should be above 0.
func within(name string, v, most float64) error {
	if !(v > 0 && v <= most) {
		return fmt.Errorf("%s is %v, want above 0 and at most %v", name, v, most)
	}
	return nil
}

// A channel is the neurons of one filter.
type channel struct {
	scale       float64 // of decibels
	slow, slowA float64 // the loudness of a while ago
	loud, onset fibre
}

// A fibre is a neuron.
type fibre struct {
	v, gain, decay float64
	rest, left     int // samples without a spike after one
}

// channels returns n channels at rest.
func (e Ear) channels(n int, rate float64) []channel {
	neuron := func(gain float64) fibre {
		return fibre{gain: gain, decay: math.Exp(-1 / (e.Tau * rate)), rest: int(math.Round(e.Refractory * rate))}
	}
	chs := make([]channel, n)
	for c := range chs {
		chs[c] = channel{scale: 20 / math.Ln10 / e.Range, slowA: 1 - math.Exp(-1/(e.TauOnset*rate)), loud: neuron(e.Gain), onset: neuron(e.OnsetGain)}
	}
	return chs
}

// step takes the square of a level and reports which fibres spike.
func (c *channel) step(p float64) (loud, onset bool) {
	l := 0.0
	if p > 4e-60 {
		l = max(0, 1+c.scale*math.Log(p)/2)
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
