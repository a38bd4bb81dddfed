package neurons_test

import (
	"cmp"
	"os"
	"testing"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/neurontest"
)

func TestModels(t *testing.T) {
	for _, m := range append(neurons.Models(), peaked(t)...) {
		t.Run(m.Name(), func(t *testing.T) { neurontest.Test(t, m) })
	}
}

func TestReference(t *testing.T) {
	dir := cmp.Or(os.Getenv("REFERENCE_DIR"), "testdata/reference")
	for _, c := range graphtest.Cases(t, dir) {
		if !neurontest.Owns(c) {
			continue // of another package
		}
		t.Run(c.Function+"/"+c.Name, func(t *testing.T) { neurontest.Reference(t, c) })
	}
}
