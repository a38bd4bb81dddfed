package neurons_test

import (
	"cmp"
	"os"
	"testing"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/neurons/neurontest"
)

func TestModels(t *testing.T) {
	for i, m := range append(models.All(), peaked(t)...) {
		if i%6 == 0 || long.Tests() {
			t.Run(m.Name(), func(t *testing.T) { neurontest.Test(t, m) })
		}
	}
}

// Norse's create_izhikevich_spiking_behavior with any arguments, of which the reference
// has one set: τ⁻¹ is the field TauInv, and u starts at b times its argument.
func TestIzhikevichOfAnyConstants(t *testing.T) {
	for seed := range uint64(20) {
		x := graphtest.Random(7, seed)
		c := graphtest.Case{Name: "drawn", Function: "create_izhikevich_spiking_behavior", Kind: "constants"}
		c.Params = map[string]graphtest.Value{
			"sq": {Any: 0.04}, "mn": {Any: 5.}, "bias": {Any: 140.}, "v_th": {Any: 30.}, "method": {Any: "super"}, "alpha": {Any: 100.},
		}
		for i, name := range []string{"a", "b", "c", "d", "v_rest", "u_rest"} {
			c.Params[name] = graphtest.Value{Any: []float64{0.1, 1, 60, 10, 60, 20}[i] * x[i]}
		}
		c.Params["tau_inv"] = graphtest.Value{Any: 300 + 100*x[6]}
		array := func(v float64) graphtest.Array { return graphtest.Array{Data: []float64{v}} }
		c.Outputs = map[string]graphtest.Array{"state.v": array(60 * x[4]), "state.u": array(20 * x[5] * x[1])}
		neurontest.Reference(t, c)
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
