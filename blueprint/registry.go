package blueprint

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/surrogate"
)

// registered is what files may name.
var registered = struct {
	sync.RWMutex
	types   map[string]reflect.Type
	names   map[reflect.Type]string
	values  map[string]any // functions and constants
	neurons map[string]model
}{types: map[string]reflect.Type{}, names: map[reflect.Type]string{}, values: map[string]any{}, neurons: map[string]model{}}

// Register enters the type of a value under a name: that of a layer, a spike function, a
// regulariser or a loss of one's own. Its exported fields are written and read, or what it
// says itself by MarshalJSON and UnmarshalJSON. It is for
// func init; a name or a type that is there already is an error.
func Register(name string, v any) error {
	t := reflect.TypeOf(v)
	registered.Lock()
	defer registered.Unlock()
	switch {
	case name == "" || t == nil:
		return fmt.Errorf("blueprint: register %q: the name is empty or the value is nil", name)
	case taken(name):
		return fmt.Errorf("blueprint: register %q: there is one of this name already", name)
	case registered.names[t] != "":
		return fmt.Errorf("blueprint: register %q: the type %v is registered as %q", name, t, registered.names[t])
	}
	registered.types[name], registered.names[t] = t, name
	return nil
}

func taken(name string) bool {
	_, ok := registered.values[name]
	_, ok2 := registered.neurons[name]
	return ok || ok2 || registered.types[name] != nil
}

// must is for what is registered here.
func must(err error) {
	if err != nil {
		panic(err) // at start, in this package alone
	}
}

func init() {
	for _, v := range []any{
		layers.Linear{}, layers.Delay{}, layers.DelayedLinear{}, layers.Conv2D{}, layers.Conv1D{}, layers.ConvTranspose2D{}, layers.Pool{}, layers.AdaptivePool{}, layers.Upsample{},
		layers.BatchNorm{}, layers.GroupNorm{}, layers.LayerNorm{}, layers.Dropout{}, layers.Noise{}, layers.Residual{}, layers.FirstSpike{}, layers.SelfAttention{}, layers.Quantise{},
		layers.BackOneToOne{}, layers.BackConv2D{}, layers.BackSparse{}, layers.BackLate{}, layers.Rate{}, layers.Voltage{}, layers.Only{}, layers.Chance(0), layers.FanIn(0),
		surrogate.Arctan{}, surrogate.Boxcar{}, surrogate.Circ{}, surrogate.CircDist{}, surrogate.Erfc{}, surrogate.Gaussian{},
		surrogate.Heaviside{}, surrogate.Logistic{}, surrogate.MultiGaussian{}, surrogate.PiecewiseLinear{}, surrogate.Sigmoid{},
		surrogate.SuperSpike{}, surrogate.Tanh{}, surrogate.Triangle{},
	} {
		must(Register(reflect.TypeOf(v).Name(), v))
	}
	for _, v := range []any{
		loss.BinaryCrossEntropy{}, loss.CrossEntropy{}, loss.FirstSpike{}, loss.MeanSquared{}, loss.NegativeLogLikelihood{},
		loss.SpikeCount{}, loss.TET{}, loss.VanRossum{},
	} {
		must(Register("loss."+reflect.TypeOf(v).Name(), v))
	}
	registered.values["Flatten"], registered.values["Identity"], registered.values["Tokens"] = layers.Flatten, layers.Identity, layers.Tokens
	for r := layers.Last; r <= layers.SpikeCount; r++ {
		registered.values[r.String()] = r
	}
	registered.values["JoinAdd"], registered.values["JoinAnd"], registered.values["JoinIAnd"] = layers.Join(layers.JoinAdd), layers.Join(layers.JoinAnd), layers.Join(layers.JoinIAnd)
	must(RegisterNeurons("LIFStep", neurons.LIFStep))
	must(RegisterNeurons("LIFBoxStep", neurons.LIFBoxStep))
	must(RegisterNeurons("LIStep", neurons.LIStep))
	must(RegisterNeurons("LIBoxStep", neurons.LIBoxStep))
	must(RegisterNeurons("IAFStep", neurons.IAFStep))
	must(RegisterNeurons("LIFExStep", neurons.LIFExStep))
	must(RegisterNeurons("LIFExBoxStep", neurons.LIFExBoxStep))
	must(RegisterNeurons("LIFAlphaStep", neurons.LIFAlphaStep))
	must(RegisterNeurons("PLIFStep", neurons.PLIFStep))
	must(RegisterNeurons("GLIF3Step", neurons.GLIF3Step))
	must(RegisterNeurons("QIFStep", neurons.QIFStep))
	must(RegisterNeurons("ResonateStep", neurons.ResonateStep))
	must(RegisterNeurons("SigmaDeltaStep", neurons.SigmaDeltaStep))
	must(RegisterNeurons("AdExStep", neurons.AdExStep))
	must(RegisterNeurons("AdExBoxStep", neurons.AdExBoxStep))
	must(RegisterNeurons("AdaLIFStep", neurons.AdaLIFStep))
	must(RegisterNeurons("LSNNStep", neurons.LSNNStep))
	must(RegisterNeurons("IzhikevichStep", neurons.IzhikevichStep))
	must(RegisterNeurons("CobaLIFStep", neurons.CobaLIFStep))
	must(RegisterNeurons("LIFMCRefracStep", neurons.LIFMCRefracStep))
	must(RegisterNeurons("LIFAdjointStep", neurons.LIFAdjointStep))
	must(RegisterNeurons("LSNNAdjointStep", neurons.LSNNAdjointStep))
	must(RegisterNeurons("LIFRefracAdjointStep", neurons.LIFRefracAdjointStep))
}
