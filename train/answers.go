package train

import (
	"context"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
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
		d, err := m.unlabelled(samples)
		if err != nil || d == nil {
			return err
		}
		all = make([]Answer, len(samples))
		return m.each(ctx, d, enc, func(f *feed.Feeder) error { return m.answer(f, all) })
	})
	if err != nil {
		return nil, fmt.Errorf("train: answers: %w", err)
	}
	return all, nil
}

// answer writes the answers to the batch that f has loaded.
func (m *Model) answer(f *feed.Feeder, all []Answer) error {
	x := flat.Float64s(m.testOut())
	for _, i := range f.Present {
		all[i].Class = -1
	}
	for _, h := range m.heads {
		rows, scores := m.rows(h, f, x), [][]float64(nil)
		if h.labels() {
			var err error
			if scores, err = m.outputs(h, f, x); err != nil {
				return err
			}
		}
		for b, i := range f.Present {
			a, class := &all[i], -1
			if scores != nil {
				class = largest(scores[b])
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

// unlabelled returns samples as a data set: nil if there are none.
func (m *Model) unlabelled(samples [][]float32) (data.Dataset, error) {
	if len(samples) == 0 {
		return nil, nil
	}
	n, most := tensor.Shape(m.net.Shape).TotalSize(), m.net.Steps
	d := sequences{unlabelled: unlabelled{samples, m.net.Shape}}
	for i, x := range samples {
		steps := len(x) / n
		if steps < 1 || steps > most || steps*n != len(x) {
			return nil, fmt.Errorf("sample %d has %d values, want %d, those of one time step, or so many times that, up to %d steps", i, len(x), n, most)
		}
		d.steps = append(d.steps, steps)
	}
	shortest, longest := slices.Min(d.steps), slices.Max(d.steps)
	switch {
	case longest == 1:
		return d.unlabelled, nil
	case shortest == 1:
		return nil, fmt.Errorf("sample %d is one time step, and sample %d a sequence; ask for them apart", slices.Index(d.steps, 1), slices.Index(d.steps, longest))
	}
	d.shape = append([]int{most}, m.net.Shape...)
	if shortest == most {
		return d.unlabelled, nil
	}
	return d, nil
}

// unlabelled are samples without labels and targets: where such are asked for, they are 0.
type unlabelled struct {
	samples [][]float32
	shape   []int
}

func (d unlabelled) Len() int     { return len(d.samples) }
func (d unlabelled) Shape() []int { return d.shape }

func (d unlabelled) Sample(i int, x []float32) (int, error) {
	clear(x[copy(x, d.samples[i]):])
	return 0, nil
}

func (d unlabelled) Target(int, []float32) error { return nil }

// sequences are such of different lengths.
type sequences struct {
	unlabelled
	steps []int
}

func (d sequences) Steps(i int) int { return d.steps[i] }
