package score_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/score"
)

// Batches added one after the other, and two halves of them merged, are the means over all
// samples: (2·1 + 3·2 + 1·5)/6 of the loss. Rates are of those batches that have some.
func TestMeans(t *testing.T) {
	add := func(s *score.Sums, n int, loss, penalty float64, rates ...float64) {
		s.Add(n, loss, []float64{penalty}, rates)
		if s.Metrics["right"] == nil {
			s.Metrics["right"] = []float64{0}
		}
		s.Metrics["right"][0] += float64(n)
	}
	var whole, left, right score.Sums
	for i, s := range []*score.Sums{&left, &right, &right} {
		n, loss, penalty := []int{2, 3, 1}[i], []float64{1, 2, 5}[i], []float64{4, 0, 1}[i]
		var rates []float64
		if i > 0 {
			rates = []float64{loss / 10}
		}
		add(&whole, n, loss, penalty, rates...)
		add(s, n, loss, penalty, rates...)
	}
	got, err := whole.Summary([]string{"rate"}, []string{"hidden"}, nil, false)
	require.NoError(t, err)
	require.Equal(t, 6, got.Samples)
	require.InDelta(t, 13./6, got.Loss, 1e-15)
	require.InDelta(t, 9./6, got.Terms["rate"], 1e-15)
	require.Equal(t, "hidden", got.Rates[0].Layer)
	require.InDelta(t, (3*0.2+1*0.5)/4, got.Rates[0].Value, 1e-15)
	left.Merge(right)
	require.Equal(t, whole, left)
}
