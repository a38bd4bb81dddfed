package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// flat returns twenty intervals in which nothing grows but the history, with a first
// one before the first epoch.
func flat() []interval {
	is := make([]interval, 20)
	for i := range is {
		is[i] = interval{steps: 100, epochs: 10 * i, quick: time.Millisecond, heap: 10_000_000 + uint64(10_000*i), goroutines: 3, files: 9}
	}
	is[0].heap, is[0].goroutines = 1_000_000, 1
	return is
}

func TestJudge(t *testing.T) {
	for want, change := range map[string]func(i int, v *interval){
		"": func(int, *interval) {},
		"the heap grew from 10050000 to 14420000":              func(i int, v *interval) { v.heap += uint64(i) * 1_000_000 / 4 * uint64(min(i/10, 1)) },
		"the number of goroutines grew from 3 to 4":            func(i int, v *interval) { v.goroutines += i / 12 },
		"the number of open files grew from 9 to 10":           func(i int, v *interval) { v.files += i / 12 },
		"the time of a step (ns) grew from 1000000 to 1060000": func(i int, v *interval) { v.quick += time.Duration(i/12) * 60 * time.Microsecond },
	} {
		w := &watch{intervals: flat()}
		for i := range w.intervals {
			change(i, &w.intervals[i])
		}
		err := w.judge(0.05)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
	}
	slow := &watch{intervals: flat()}
	for i := range slow.intervals {
		slow.intervals[i].quick += time.Duration(i) * time.Second
	}
	require.NoError(t, slow.judge(0), "the time of a step is not to be judged")
	require.EqualError(t, (&watch{intervals: flat()[:6]}).judge(0), "6 intervals were measured, 5 of them behind the first epoch, want at least 6; take a longer time")
}
