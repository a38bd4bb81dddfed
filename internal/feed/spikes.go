package feed

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// A spikeFeed loads a model with SpikeInput: from events of the data set, from a
// SpikeEncoder, or else from dense segments.
type spikeFeed struct {
	f      *Feeder
	to     *connect.Spikes     // the input of the model
	events data.Spiking        // nil if samples are to be encoded
	enc    encode.SpikeEncoder // nil if that is done densely

	present []data.Event
	lists   map[int]*connect.Spikes // by time steps: of whole samples, or of segments that are encoded one by one
}

// newSpikeFeed returns how f loads its model, nil if that takes no lists.
func newSpikeFeed(f *Feeder) *spikeFeed {
	to := connect.SpikesOf(f.in.X)
	if to == nil {
		return nil
	}
	s := &spikeFeed{f: f, to: to, lists: map[int]*connect.Spikes{}}
	if e, ok := f.enc.(interface{ InTime() bool }); ok && e.InTime() {
		if s.events, _ = f.d.(data.Spiking); s.events != nil {
			f.bySegment = nil
			return s
		}
	}
	enc := f.enc
	if e, ok := enc.(interface{ Unwrap() encode.Encoder }); ok {
		enc = e.Unwrap()
	}
	// Another SegmentEncoder may not make of a segment what it makes of all steps.
	if f.bySegment == nil || enc != f.enc {
		s.enc, _ = enc.(encode.SpikeEncoder)
	}
	return s
}

// dense reports whether dense segments are needed.
func (s *spikeFeed) dense() bool { return s == nil || s.events == nil && s.enc == nil }

// of returns the memory for lists of so many time steps.
func (s *spikeFeed) of(steps int) (*connect.Spikes, error) {
	if s.lists[steps] == nil {
		l, err := connect.NewSpikes(append([]int{steps}, s.to.Shape()[1:]...)...)
		if err != nil {
			return nil, err
		}
		s.lists[steps] = l
	}
	return s.lists[steps], nil
}

// clear forgets the events of the last batch.
func (s *spikeFeed) clear() {
	if s != nil && s.events != nil && s.lists[s.f.in.Steps] != nil {
		s.lists[s.f.in.Steps].Clear()
	}
}

// read reads the events of sample i into place b, and returns its label. Those behind the
// length of a sample are passed over.
func (s *spikeFeed) read(b, i int) (label int, err error) {
	all, err := s.of(s.f.in.Steps)
	if err != nil {
		return 0, err
	}
	err = guard.Call("Events", "data set", s.events, func() (err error) {
		s.present, label, err = s.events.Events(i, s.present[:0])
		return err
	})
	if err != nil {
		return 0, err
	}
	for k, e := range s.present {
		if s.f.varied != nil && e.Step >= int(s.f.Steps[b]) {
			continue
		}
		v := float64(e.Value)
		if v == 0 {
			v = 1
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0, fmt.Errorf("event %d has the value %v, want a finite number", k, v)
		}
		if err := all.Add(e.Step, b, e.Index, v); err != nil {
			return 0, fmt.Errorf("event %d: %w", k, err)
		}
	}
	return label, nil
}

// encode encodes the whole samples that f has read.
func (s *spikeFeed) encode(r *rand.Rand) error {
	if s.events != nil {
		return nil
	}
	all, err := s.of(s.f.in.Steps)
	if err == nil {
		err = guard.Call("EncodeSpikes", "encoder", s.enc, func() error { return s.enc.EncodeSpikes(all, s.f.samples, r) })
	}
	if err != nil {
		return fmt.Errorf("encoder: %w", err)
	}
	return nil
}

// Put makes the input of the model segment k of the batch that f has loaded. Behind
// the length of a sample there are no spikes.
func (s *spikeFeed) put(k int) error {
	f := s.f
	from := k * f.in.Segment
	steps := min(f.in.Segment, f.in.Steps-from)
	s.to.Clear()
	if s.dense() {
		return s.to.SetDense(f.segmentIn)
	}
	n, first := f.in.Steps, from // of the lists, and where the segment is in them
	if f.bySegment != nil {
		n, first = steps, 0
	}
	lists, err := s.of(n)
	if err != nil {
		return err
	}
	if f.bySegment != nil {
		err := guard.Call("EncodeSpikes", "encoder", s.enc, func() error {
			return s.enc.EncodeSpikes(lists, f.samples, rand.New(rand.NewPCG(f.seed, uint64(k))))
		})
		if err != nil {
			return fmt.Errorf("encoder: time steps %d to %d: %w", from, from+steps-1, err)
		}
	}
	for t := range steps {
		for b, length := range f.Steps {
			if from+t < int(length) {
				if err := s.copy(lists, first+t, t, b); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// copy copies the spikes of sample b at a time step of the lists to one of the input.
func (s *spikeFeed) copy(lists *connect.Spikes, from, to, b int) error {
	idx, val := lists.Row(from, b)
	for k, i := range idx {
		v := 1.0
		if len(val) > 0 {
			v = val[k]
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("encoder: a spike of element %d of the sample in place %d has the value %v, want a finite number", i, b, v)
		}
		if err := s.to.Add(to, b, int(i), v); err != nil {
			return err
		}
	}
	return nil
}
