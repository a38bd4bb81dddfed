package train
import ("testing";"github.com/stretchr/testify/require"
"github.com/spikegrad/spikegrad/layers"
"github.com/spikegrad/spikegrad/neurons")
func BenchmarkReg(b *testing.B){
 for name, opts := range map[string][]layers.LiftOption{"none":nil,"rate":{layers.Regularise(layers.Rate{Upper:0.01,Weight:1})},"voltage":{layers.Regularise(layers.Voltage{Lower:-1,Upper:1,Weight:1})}} {
 b.Run(name,func(b *testing.B){
	w:=feedForward(100,64)
	lif:=layers.Lift(neurons.LIFStep,neurons.DefaultLIFParams(),opts...)
	w.net=layers.Sequential{linear(512), lif, linear(512), lif, linear(10), lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime}
	m:=w.model(b,100,64)
	w.calibrate(b,m)
	opt:=&Adam{}
	b.ReportAllocs()
	for b.Loop(){
		_,err:=m.backpropagate(0); require.NoError(b,err); require.NoError(b,opt.Step(m.valueGrads()))
	}
 })}
}
