package neurons_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/neurons/neurontest"
)

func TestOwnNeuron(t *testing.T) {
	neurontest.Test(t, models.Of("QIF", QIFStep, DefaultQIFParams()))
}

func TestPlainGorgonia(t *testing.T) {
	neurontest.Test(t, models.Of("QIF", PlainQIFStep, DefaultQIFParams()))
	xs := graphtest.Random(300, 1)
	for i := range xs {
		xs[i] = 3 + xs[i]
	}
	built := neurontest.Simulate(t, QIFStep, DefaultQIFParams(), xs, "V")
	plain := neurontest.Simulate(t, PlainQIFStep, DefaultQIFParams(), xs, "V")
	require.NotEmpty(t, times(built[0]))
	require.Equal(t, built[0], plain[0])
	graphtest.Close(t, "v", built[1], plain[1], 1e-12)
}
