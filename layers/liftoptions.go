package layers

import (
	"slices"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons/models"
)

// A LiftOption changes a layer of neurons.
type LiftOption func(*liftOptions)

type liftOptions struct {
	learn     []learnt
	each      []spread
	regs      []Regulariser
	scan      graph.ScanOptions
	recurrent bool
	wiring    *wiring // of RecurrentThrough
	inner     any     // the step inside, of Recurrent
	alone     func(name string, p any) models.Model
	init      Init   // of the recurrent weights
	broken    string // what is wrong with the arguments
}

type learnt struct {
	name      string
	perNeuron bool
	keep      graph.Constraint
}

// A spread is a parameter with a value of its own for each neuron.
type spread struct {
	name string
	init Init
}

// Learn makes parameters of the neurons learnable, by the names of their fields,
// one value for the whole layer. They start from the constants they had, and are
// called by the name given: "hidden.TauMemInv".
func Learn(names ...string) LiftOption {
	return func(o *liftOptions) {
		for _, n := range names {
			o.learn = append(o.learn, learnt{name: n})
		}
	}
}

// LearnEach is Learn with one value for each neuron.
func LearnEach(names ...string) LiftOption {
	return func(o *liftOptions) {
		for _, n := range names {
			o.learn = append(o.learn, learnt{name: n, perNeuron: true})
		}
	}
}

// Each gives parameters one value for each neuron, drawn by init, in the place of
// the constants they had: half of the neurons adapt, say, or their time constants
// are spread. They keep these values, which are saved with the weights, or with
// LearnEach start from them.
func Each(init Init, names ...string) LiftOption {
	return func(o *liftOptions) {
		if init == nil {
			o.broken = "the initialiser of Each is nil"
		}
		for _, n := range names {
			o.each = append(o.each, spread{name: n, init: init})
		}
	}
}

// Constrain keeps learnable parameters in the range of a constraint, such as
// graph.Exp for positive time constants. It comes after the option that makes
// them learnable.
func Constrain(c graph.Constraint, names ...string) LiftOption {
	return func(o *liftOptions) {
		for _, n := range names {
			i := slices.IndexFunc(o.learn, func(l learnt) bool { return l.name == n })
			if i < 0 {
				o.broken = n + " is constrained, but not learnt"
				continue
			}
			o.learn[i].keep = c
		}
	}
}

// Regularise adds penalties on the activity of the layer to the loss.
func Regularise(rs ...Regulariser) LiftOption {
	return func(o *liftOptions) { o.regs = append(o.regs, rs...) }
}

// KeepEvery keeps every k-th state only; see graph.ScanOptions.
func KeepEvery(k int) LiftOption {
	return func(o *liftOptions) { o.scan.KeepEvery = k }
}

// RecurrentInit sets how the weights of Recurrent are drawn; LeCun's normal
// otherwise.
func RecurrentInit(i Init) LiftOption { return func(o *liftOptions) { o.init = i } }
