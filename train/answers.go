package train

import (
	"context"
	"fmt"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/flat"
)

// An Answer is what a network says of a sample.
type Answer struct {
	Class   int       // with the largest output, of the first head that has classes; −1 where none has
	Name    string    // of the class, in Network.Classes; "" without
	Outputs []float64 // all of them: of a sequence its time steps one after the other
	Heads   []HeadAnswer
}

// A HeadAnswer is that of one head.
type HeadAnswer struct {
	Output  string
	Class   int // −1 where the head has none
	Outputs []float64
}

// Answers returns what the network says of samples, one or many, that have neither labels nor
// targets. A sample is one time step, which is encoded or repeated, or a sequence of 1 to Steps
// of them, [T, …] in a row. Errors are those of Predict.
//
//	a, err := model.Answers(ctx, encoder, x)
//	fmt.Println(a[0].Name)
func (m *Model) Answers(ctx context.Context, enc encode.Encoder, samples ...[]float32) ([]Answer, error) {
	var all []Answer
	err := m.within(func() error {
		d, err := feed.Unlabelled(samples, m.net.Shape, m.net.Steps)
		if err != nil || d == nil {
			return err
		}
		all = make([]Answer, len(samples))
		_, err = m.each(ctx, d, enc, nil, func(_ int, f *feed.Feeder) error { return m.answer(f, all) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("train: answers: %w", err)
	}
	return all, nil
}

// answer writes the answers to the batch that f has loaded.
func (m *Model) answer(f *feed.Feeder, all []Answer) error {
	x := flat.Float64s(m.tested.Out)
	for _, i := range f.Present {
		all[i].Class = -1
	}
	for _, h := range m.heads {
		rows, scores := h.rows(f, x), [][]float64(nil)
		if h.labels() {
			var err error
			if scores, err = m.outputs(h, f, x); err != nil {
				return err
			}
		}
		for b, i := range f.Present {
			a, class := &all[i], -1
			if scores != nil {
				class = flat.Largest(scores[b])
			}
			if a.Class < 0 {
				a.Class = class
			}
			a.Outputs = append(a.Outputs, rows[b]...)
			if h.Output != "" {
				a.Heads = append(a.Heads, HeadAnswer{h.Output, class, rows[b]})
			}
			if a.Class >= 0 && a.Class < len(m.net.Classes) {
				a.Name = m.net.Classes[a.Class]
			}
		}
	}
	return nil
}
