package diagnose

import "fmt"

// A Finding is something that is wrong with a network, its data or its training.
type Finding struct {
	Kind    Kind
	Layer   string  // of neurons, or the name of a parameter; "" for data and training
	Neurons []int   // which of the layer; nil means that it is about all of them
	Value   float64 // what was measured, as Kind says
	Limit   float64 // what it was held against
	Epoch   int     // epochs that a Trainer had trained for; 0 before the first
	Message string  // what is wrong, a sentence with the numbers
	Cure    string  // what to try, in the order of promise
}

// String returns the kind, the message and the cure.
func (f Finding) String() string {
	return fmt.Sprintf("%v: %s %s", f.Kind, f.Message, f.Cure)
}

// A Kind says what a Finding is about, and so what its Value is.
type Kind uint8

const (
	ZeroInput         Kind = iota // all inputs are zero. Value: the largest size of an input
	ConstantLabels                // all samples have one label. Value: the label
	SilentLayer                   // nearly no neuron of a layer spikes. Value: the share of those that do
	SaturatedLayer                // neurons spike at nearly every step, or are driven far beyond the threshold. Value: the share of the former, or the typical distance from the threshold in thresholds
	DeadNeurons                   // neurons never spike and get no gradient that could change that, or are nearly all. Value: their share
	TimeConstant                  // a time constant left its range. Value: that time constant, or a decay per step
	Unstable                      // Euler's method is unstable, or a voltage has grown beyond bounds. Value: dt/τ, or the voltage
	NarrowSurrogate               // voltages are hardly ever where the surrogate has a slope. Value: the share of the moments at which they are
	WideSurrogate                 // the surrogate has its full slope wherever the voltage is. Value: the share of the moments at which it has more than half of it
	VanishingGradient             // nearly no gradient reaches a layer. Value: the effect of its currents on the loss, relative to it
	ExplodingGradient             // as above, for one that is too large
	VanishingInTime               // the gradient does not reach the early time steps. Value: its size there, relative to the largest
	ExplodingInTime               // the gradient grows on its way back in time. Value: as of VanishingGradient
	LossStuck                     // the loss does not fall. Value: the loss
	lastKind
)

var kindNames = [lastKind]string{
	"zero input", "constant labels", "silent layer", "saturated layer", "dead neurons", "time constant", "unstable",
	"narrow surrogate", "wide surrogate", "vanishing gradient", "exploding gradient", "gradient vanishes in time",
	"gradient explodes in time", "loss does not fall",
}

// String returns the kind in words.
func (k Kind) String() string {
	if k < lastKind {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}
