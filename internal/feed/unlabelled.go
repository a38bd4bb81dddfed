package feed

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
)

// Unlabelled returns samples without labels and targets as a data set: nil if there are none. Each
// is one time step of the given shape, or a sequence of 1 to most such.
func Unlabelled(samples [][]float32, shape []int, most int) (data.Dataset, error) {
	if len(samples) == 0 {
		return nil, nil
	}
	n := tensor.Shape(shape).TotalSize()
	d := sequences{unlabelled: unlabelled{samples, shape}}
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
	d.shape = append([]int{most}, shape...)
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
