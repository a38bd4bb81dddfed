package train_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/train"
)

func TestSchedules(t *testing.T) {
	cosine := train.Cosine{Floor: 0.1}
	for _, c := range []struct {
		s           train.Schedule
		step, total int
		want        float64
	}{
		{train.Constant{}, 0, 0, 1},
		{train.Constant{}, 20, 10, 1},

		{train.StepDecay{Every: 10, Factor: 0.5}, 0, 100, 1},
		{train.StepDecay{Every: 10, Factor: 0.5}, 9, 100, 1},
		{train.StepDecay{Every: 10, Factor: 0.5}, 10, 100, 0.5},
		{train.StepDecay{Every: 10, Factor: 0.5}, 39, 0, 0.125},
		{train.StepDecay{Every: 10, Factor: 0.5}, -11, 0, 1},
		{train.StepDecay{Every: 1, Factor: 0.9}, 3, 0, 0.729},

		{cosine, 0, 90, 1},
		{cosine, 30, 90, 0.1 + 0.9*0.75}, // cos 60° = 1/2
		{cosine, 45, 90, 0.1 + 0.9*0.5},
		{cosine, 60, 90, 0.1 + 0.9*0.25},
		{cosine, 90, 90, 0.1},
		{cosine, 91, 90, 0.1},
		{cosine, math.MaxInt, 90, 0.1},
		{cosine, -1, 90, 1},
		{cosine, 5, 0, 1},
		{cosine, 5, -3, 1},
		{cosine, 0, 1, 1},
		{train.Cosine{}, 90, 90, 0},

		{train.Warmup{Steps: 4}, 0, 10, 0.25},
		{train.Warmup{Steps: 4}, 3, 10, 1},
		{train.Warmup{Steps: 4}, 4, 10, 1},
		{train.Warmup{Steps: 4}, -1, 0, 0.25},
		{train.Warmup{Steps: 0}, 0, 0, 1},
		{train.Warmup{Steps: 10, Then: cosine}, 4, 100, 0.5},
		{train.Warmup{Steps: 10, Then: cosine}, 10, 100, 1},
		{train.Warmup{Steps: 10, Then: cosine}, 40, 100, 0.1 + 0.9*0.75},
		{train.Warmup{Steps: 10, Then: cosine}, 100, 100, 0.1},
		{train.Warmup{Steps: 10, Then: cosine}, 200, 100, 0.1},
		{train.Warmup{Steps: 10, Then: cosine}, 4, 5, 0.5},  // the ramp is longer than
		{train.Warmup{Steps: 10, Then: cosine}, 11, 5, 0.1}, // the training
		{train.Warmup{Steps: 10, Then: cosine}, 50, 0, 1},
		{train.Warmup{Steps: 2, Then: train.Warmup{Steps: 2}}, 1, 0, 0.5},
		{train.Warmup{Steps: 2, Then: train.StepDecay{Every: 3, Factor: 0.5}}, 5, 0, 0.5},
	} {
		t.Run(fmt.Sprintf("%T%v/%d of %d", c.s, c.s, c.step, c.total), func(t *testing.T) {
			require.InDelta(t, c.want, c.s.Rate(c.step, c.total), 1e-15)
		})
	}
}

func TestSchedulesNeverLeaveTheirRange(t *testing.T) {
	s := train.Warmup{Steps: 7, Then: train.Cosine{Floor: 0.2}}
	for total := -1; total < 40; total++ {
		previous := 0.0
		for step := range 60 {
			rate := s.Rate(step, total)
			require.True(t, rate > 0 && rate <= 1, "step %d of %d: %v", step, total, rate)
			if step >= s.Steps {
				require.LessOrEqual(t, rate, previous)
			} else {
				require.Greater(t, rate, previous)
			}
			previous = rate
		}
	}
}

// plain is a schedule of a user's, without Validate.
type plain struct{}

func (plain) Rate(step, total int) float64 { return 0.5 }

func TestScheduleErrors(t *testing.T) {
	type validator interface {
		train.Schedule
		Validate() error
	}
	for want, s := range map[string]validator{
		"step decay: Every is 0, want at least 1":                   train.StepDecay{Factor: 0.1},
		"step decay: Factor is 0, want a finite number above 0":     train.StepDecay{Every: 1},
		"step decay: Factor is +Inf, want a finite number above 0":  train.StepDecay{Every: 1, Factor: math.Inf(1)},
		"cosine: Floor is -0.1, want a finite number of at least 0": train.Cosine{Floor: -0.1},
		"cosine: Floor is NaN, want a finite number of at least 0":  train.Warmup{Then: train.Cosine{Floor: math.NaN()}},
		"warm-up: Steps is -1, want at least 0":                     train.Warmup{Steps: -1},
	} {
		require.EqualError(t, s.Validate(), "train: schedule: "+want)
		require.True(t, math.IsNaN(s.Rate(3, 10)))
	}
	for _, s := range []validator{
		train.StepDecay{Every: 1, Factor: 2}, train.Cosine{}, train.Warmup{}, train.Warmup{Then: plain{}},
	} {
		require.NoError(t, s.Validate())
	}
	require.Equal(t, 0.5, train.Warmup{Then: plain{}}.Rate(0, 0))
}
