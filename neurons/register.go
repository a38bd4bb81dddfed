package neurons

import (
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons/models"
)

// register enters a model of this package into every test and benchmark of
// models, under the name by which reference cases find it.
func register[S any, P graph.Params[S]](name string, step graph.Step[S, P], p P) {
	must(models.Register(name, step, p))
}

// alias makes a registered model known under another name too.
func alias(name, of string) { must(models.Alias(name, of)) }

// must is for what is registered here.
func must(err error) {
	if err != nil {
		panic(err) // at start, in this package alone
	}
}
