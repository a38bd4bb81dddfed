package hostile_test

import (
	"context"
	"errors"
	"math"
	"os"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/blueprint"
	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/export/c"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/fields"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/logic"
	"github.com/spikegrad/spikegrad/machine"
	modelfile "github.com/spikegrad/spikegrad/model"
	"github.com/spikegrad/spikegrad/mpi"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/nir"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plasticity"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/readout"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
	"github.com/spikegrad/spikegrad/train/runlog"
)

func graphCalls() []call {
	p := neurons.DefaultLIFParams()
	return []call{
		{"readout.OneHot(x, 1<<40)", func() any { return fails(readout.OneHot(node(5), 1<<40)) }},
		{"readout.OneHot(nil, 3)", func() any { return fails(readout.OneHot(nil, 3)) }},
		{"connect.Linear(nil, nil, nil)", func() any { return fails(connect.Linear(nil, nil, nil)) }},
		{"connect.Conv2D(x, x, nil, connect.Conv{Stride: -1})", func() any {
			x := node(2, 2, 1, 5, 5)
			return fails(connect.Conv2D(x, x, nil, connect.Conv{Stride: -1}))
		}},
		{"connect.AvgPool(x, 0, 0)", func() any { return fails(connect.AvgPool(node(2, 2, 1, 5, 5), 0, 0)) }},
		{"connect.MaxPool(x, math.MaxInt, math.MaxInt)", func() any { return fails(connect.MaxPool(node(2, 2, 1, 5, 5), math.MaxInt, math.MaxInt)) }},
		{"graph.Reshape(x, -7, 1<<40)", func() any { return fails(graph.Reshape(node(2, 3), -7, 1<<40)) }},
		{"graph.Unroll of 2⁴⁰ time steps", func() any { return fails(graph.Unroll(neurons.LIFStep, node(1<<40, 1, 1), nil, p)) }},
		{"graph.Scan(nil, xs, nil, p)", func() any { return fails(graph.Scan[neurons.LIFState](nil, node(2, 3, 4), nil, p)) }},
		{"graph.Scan(neurons.LIFStep, nil, nil, p)", func() any { return fails(graph.Scan(neurons.LIFStep, nil, nil, p)) }},
		{"graph.Scan(neurons.LIFStep, xs, nil, neurons.LIFParams{})", func() any { return fails(graph.Scan(neurons.LIFStep, node(2, 3, 4), nil, neurons.LIFParams{})) }},
		{"graph.Scan(neurons.LIFStep, xs, &neurons.LIFState{}, p)", func() any { return fails(graph.Scan(neurons.LIFStep, node(2, 3, 4), &neurons.LIFState{}, p)) }},
		{"graph.Scan(…, graph.ScanOptions{KeepEvery: math.MinInt})", func() any {
			return fails(graph.Scan(neurons.LIFStep, node(2, 3, 4), nil, p, graph.ScanOptions{KeepEvery: math.MinInt}))
		}},
		{"graph.Scan(…) with 1/τ = NaN", func() any {
			p := p
			p.TauMemInv = graph.Const(nan)
			return fails(graph.Scan(neurons.LIFStep, node(2, 3, 4), nil, p))
		}},
		{"graph.Scan(…) with a surrogate that is a typed nil", func() any {
			p := p
			p.Spike = (*surrogate.SuperSpike)(nil)
			return fails(graph.Scan(neurons.LIFStep, node(2, 3, 4), nil, p))
		}},
		{"new(graph.Run[neurons.LIFState]).Final()", func() any { return fails(new(graph.Run[neurons.LIFState]).Final()) }},
		{`new(graph.Run[neurons.LIFState]).Trace("V")`, func() any { return fails(new(graph.Run[neurons.LIFState]).Trace("V")) }},
		{`(*graph.Run[neurons.LIFState])(nil).Trace("V")`, func() any { return fails((*graph.Run[neurons.LIFState])(nil).Trace("V")) }},
		{"(*graph.Run[neurons.LIFState])(nil).Final()", func() any { return fails((*graph.Run[neurons.LIFState])(nil).Final()) }},
		{"machine.New()", func() any { return fails(machine.New()) }},
		{"machine.New(nil)", func() any { return fails(machine.New(nil)) }},
		{"new(machine.Machine).Run()", func() any { return errOf(new(machine.Machine).Run()) }},
		{"(*machine.Machine)(nil).Run()", func() any { return errOf((*machine.Machine)(nil).Run()) }},
		{"machine.New of a node of 2⁴⁰ elements", func() any {
			x := node(1 << 20)
			y, err := G.OuterProd(x, x)
			if err != nil {
				return err
			}
			return fails(machine.New(y))
		}},
		{"graph.Grad(nil)", func() any { _, _, err := graph.Grad(nil); return errOf(err) }},
		{"graph.Grad(x, nil)", func() any { _, _, err := graph.Grad(node(2), nil); return errOf(err) }},
		{`graph.Input(nil, "", nil)`, func() any { return fails(graph.Input(nil, "", nil)) }},
		{"connect.NewSpikes(1<<40, 1, 1)", func() any { return fails(connect.NewSpikes(1<<40, 1, 1)) }},
		{"new(connect.Spikes).Add(0, 0, 0, 1)", func() any { return errOf(new(connect.Spikes).Add(0, 0, 0, 1)) }},
		{"connect.LetSpikes(nil, nil)", func() any { return errOf(connect.LetSpikes(nil, nil)) }},
		{"Builder.Add(nil, nil)", func() any { return errOf(built(func(b *graph.Builder) { b.Add(nil, nil) })) }},
		{"Builder.Expand(x, []int{1 << 40, 3})", func() any { return errOf(built(func(b *graph.Builder) { b.Expand(node(3), []int{1 << 40, 3}) })) }},
		{"Builder.At(x, math.MinInt)", func() any { return errOf(built(func(b *graph.Builder) { b.At(node(2, 3), math.MinInt) })) }},
		{"Builder.Stack()", func() any { return errOf(built(func(b *graph.Builder) { b.Stack() })) }},
		{"Builder.Spike(nil, x, graph.Const(1))", func() any { return errOf(built(func(b *graph.Builder) { b.Spike(nil, node(2, 3), graph.Const(1)) })) }},
		{"Builder.Spike((*surrogate.SuperSpike)(nil), x, graph.Const(1))", func() any {
			return errOf(built(func(b *graph.Builder) { b.Spike((*surrogate.SuperSpike)(nil), node(2, 3), graph.Const(1)) }))
		}},
		{"Builder.Apply(nil)", func() any { return errOf(built(func(b *graph.Builder) { b.Apply(nil) })) }},
		{`fields.Field(nil, "V")`, func() any { return fails(fields.Field(nil, "V")) }},
		{`fields.Field((*neurons.LIFState)(nil), "V")`, func() any { return fails(fields.Field((*neurons.LIFState)(nil), "V")) }},
	}
}

func layerCalls() []call {
	apply := func(l layers.Layer, shape ...int) any {
		return fails(layers.Sequential{l}.Apply(layers.NewBuild(1), node(shape...)))
	}
	itself := layers.Sequential{nil}
	itself[0] = itself
	return []call{
		{"layers.Sequential{nil}", func() any { return apply(nil, 2, 3, 4) }},
		{"layers.Sequential{(*layers.Linear)(nil)}", func() any { return apply((*layers.Linear)(nil), 2, 3, 4) }},
		{"a layers.Sequential that contains itself", func() any { return apply(itself, 2, 3, 4) }},
		{"layers.Describe of it", func() any { return layers.Describe(itself) }},
		{"layers.Linear{}", func() any { return apply(layers.Linear{}, 2, 3, 4) }},
		{"layers.Linear{Out: 1 << 40}", func() any { return apply(layers.Linear{Out: 1 << 40}, 2, 3, 4) }},
		{"layers.Linear{Out: 1 << 20} on 2²⁴ time steps", func() any { return apply(layers.Linear{Out: 1 << 20}, 1<<24, 1, 1) }},
		{"layers.Linear{Out: 2, Init: layers.Constant(NaN)}", func() any { return apply(layers.Linear{Out: 2, Init: layers.Constant(nan)}, 2, 3, 4) }},
		{"layers.Delay{Max: 3}", func() any { return apply(layers.Delay{Max: 3}, 2, 3, 4) }},
		{"layers.Delay{Max: 1 << 40, Fixed: true}", func() any { return apply(layers.Delay{Max: 1 << 40, Fixed: true}, 2, 3, 4) }},
		{"layers.DelayedLinear{}", func() any { return apply(layers.DelayedLinear{}, 2, 3, 4) }},
		{"layers.DelayedLinear{Out: 1 << 20, …Max: 4096} on 2²⁰ inputs", func() any {
			return apply(layers.DelayedLinear{Out: 1 << 20, Delay: layers.Delay{Max: 4096, Interpolate: true}}, 2, 3, 1<<20)
		}},
		{"connect.Delay(nil, connect.Delays{})", func() any { return fails(connect.Delay(nil, connect.Delays{})) }},
		{"connect.Delayed{}.Leave()", func() any { return fails(connect.Delayed{}.Leave()) }},
		{"layers.Conv2D{Out: 1, Kernel: -1}", func() any { return apply(layers.Conv2D{Out: 1, Kernel: -1}, 2, 3, 1, 5, 5) }},
		{"layers.Conv2D{Out: 1 << 40, Kernel: 1}", func() any { return apply(layers.Conv2D{Out: 1 << 40, Kernel: 1}, 2, 3, 1, 5, 5) }},
		{"layers.Pool{}", func() any { return apply(layers.Pool{}, 2, 3, 1, 5, 5) }},
		{"layers.Dropout{P: NaN}", func() any { return apply(layers.Dropout{P: nan}, 2, 3, 4) }},
		{`layers.Named("", layers.Flatten)`, func() any { return apply(layers.Named("", layers.Flatten), 2, 3, 4) }},
		{`layers.Named("a", nil)`, func() any { return apply(layers.Named("a", nil), 2, 3, 4) }},
		{"layers.Func(nil)", func() any { return apply(layers.Func(nil), 2, 3, 4) }},
		{"layers.Lift(neurons.LIFStep, p, nil)", func() any { return apply(layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(), nil), 2, 3, 4) }},
		{`layers.Lift(neurons.LIFStep, p, layers.Learn(""))`, func() any {
			return apply(layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(), layers.Learn("")), 2, 3, 4)
		}},
		{"layers.Recurrent(neurons.LIFStep, p) on 2¹⁶ neurons", func() any {
			return apply(layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams()), 2, 3, 1<<16)
		}},
		{`layers.InitByName("none")`, func() any { return fails(layers.InitByName("none")) }},
		{"lif.Apply(nil, nil)", func() any { return fails(lif.Apply(nil, nil)) }},
	}
}

func modelCalls() []call {
	with := func(change func(*train.Network)) any { return fails(model(change)) }
	return []call{
		{"train.Network{}.Compile()", func() any { return fails(train.Network{}.Compile()) }},
		{"Net: (*layers.Linear)(nil)", func() any { return with(func(m *train.Network) { m.Net = (*layers.Linear)(nil) }) }},
		{"Steps: 1 << 40", func() any { return with(func(m *train.Network) { m.Steps = 1 << 40 }) }},
		{"Batch: -1", func() any { return with(func(m *train.Network) { m.Batch = -1 }) }},
		{"Shape: []int{math.MaxInt, math.MaxInt}", func() any { return with(func(m *train.Network) { m.Shape = []int{math.MaxInt, math.MaxInt} }) }},
		{"Dtype: tensor.Int", func() any { return with(func(m *train.Network) { m.Dtype = tensor.Int }) }},
		{"Segment: -1", func() any { return with(func(m *train.Network) { m.Segment = -1 }) }},
		{"Window: 1, Stride: 2", func() any { return with(func(m *train.Network) { m.Window, m.Stride = 1, 2 }) }},
		{"a Net that contains itself", func() any {
			return with(func(m *train.Network) { s := layers.Sequential{nil}; s[0] = s; m.Net = s })
		}},
		{"an output of 4·10¹² elements", func() any {
			return with(func(m *train.Network) {
				m.Net = layers.Sequential{layers.Linear{Out: 1 << 20}, layers.Last}
				m.Shape, m.Steps, m.Batch = []int{1}, 1<<12, 1<<10
			})
		}},
		{"(*train.Model)(nil).Predict(ctx, nil, nil)", func() any { return fails((*train.Model)(nil).Predict(background, nil, nil)) }},
		{"new(train.Model).Evaluate(ctx, nil, nil)", func() any { return fails(new(train.Model).Evaluate(background, nil, nil)) }},
		{"Evaluate(ctx, nil, nil)", func() any {
			m, err := model(func(*train.Network) {})
			if err != nil {
				return err
			}
			return fails(m.Evaluate(background, nil, nil))
		}},
		{"Predict for 2⁴⁰ samples", func() any {
			m, err := model(func(*train.Network) {})
			if err != nil {
				return err
			}
			return fails(m.Predict(background, huge{}, nil))
		}},
		{`SaveWeights("")`, func() any {
			m, err := model(func(*train.Network) {})
			if err != nil {
				return err
			}
			return errOf(m.SaveWeights(""))
		}},
		{"LoadWeights of a device", func() any {
			m, err := model(func(*train.Network) {})
			if err != nil {
				return err
			}
			if err := os.Symlink(os.DevNull, "null.safetensors"); err != nil {
				return err
			}
			return errOf(m.LoadWeights("null.safetensors"))
		}},
		{"SetWeights(nil)", func() any {
			m, err := model(func(*train.Network) {})
			if err != nil {
				return err
			}
			return errOf(m.SetWeights(nil))
		}},
	}
}

func trainerCalls() []call {
	var none context.Context
	return []call{
		{"(*train.Trainer)(nil).Run(ctx)", func() any { return fails((*train.Trainer)(nil).Run(background)) }},
		{"new(train.Trainer).Run(ctx)", func() any { return fails(new(train.Trainer).Run(background)) }},
		{"new(train.Trainer).Run(nil)", func() any { return fails(new(train.Trainer).Run(none)) }},
		{"Data: nil", func() any { return trains(func(t *train.Trainer) { t.Data = nil }) }},
		{"Data of 2⁴⁰ samples", func() any { return trains(func(t *train.Trainer) { t.Data = huge{} }) }},
		{"Epochs: -1", func() any { return trains(func(t *train.Trainer) { t.Epochs = -1 }) }},
		{"Epochs: math.MaxInt", func() any { return trains(func(t *train.Trainer) { t.Epochs = math.MaxInt }) }},
		{"ClipNorm: NaN", func() any { return trains(func(t *train.Trainer) { t.ClipNorm = nan }) }},
		{"Optimiser: &optim.Adam{LearningRate: NaN}", func() any { return trains(func(t *train.Trainer) { t.Optimiser = &optim.Adam{LearningRate: nan} }) }},
		{"Optimiser: &optim.SGD{LearningRate: -1}", func() any { return trains(func(t *train.Trainer) { t.Optimiser = &optim.SGD{LearningRate: -1} }) }},
		{"Schedule: optim.StepDecay{}", func() any { return trains(func(t *train.Trainer) { t.Schedule = optim.StepDecay{} }) }},
		{"Observers: []train.Observer{nil}", func() any { return trains(func(t *train.Trainer) { t.Observers = []train.Observer{nil} }) }},
		{"Observers: []train.Observer{(*runlog.Folder)(nil)}", func() any {
			return trains(func(t *train.Trainer) { t.Observers = []train.Observer{(*runlog.Folder)(nil)} })
		}},
		{"Reduce: (*mpi.Comm)(nil)", func() any { return trains(func(t *train.Trainer) { t.Reduce = (*mpi.Comm)(nil) }) }},
		{"Reduce: new(mpi.Comm)", func() any { return trains(func(t *train.Trainer) { t.Reduce = new(mpi.Comm) }) }},
		{"a Reducer that is rank 3 of 2", func() any { return trains(func(t *train.Trainer) { t.Reduce = lying{3, 2} }) }},
		{"a Reducer of 2 that gathers of 1", func() any { return trains(func(t *train.Trainer) { t.Reduce, t.Accumulate = lying{0, 2}, 2 }) }},
		{"a Reducer that panics", func() any { return trains(func(t *train.Trainer) { t.Reduce = lying{0, 1} }) }},
		{"Accumulate: 4, Synchronised: true", func() any { return trains(func(t *train.Trainer) { t.Accumulate, t.Synchronised = 4, true }) }},
		{"train.Evaluator{}.Evaluate(ctx, nil, nil)", func() any { return fails(train.Evaluator{}.Evaluate(background, nil, nil)) }},
		{"new(mpi.Comm).Sum64(nil)", func() any { return errOf(new(mpi.Comm).Sum64(nil)) }},
		{"connect.MeanOverRanks(nil, nil)", func() any { return fails(connect.MeanOverRanks(nil, nil)) }},
		{"Checkpoints: &train.Checkpoints{}", func() any { return trains(func(t *train.Trainer) { t.Checkpoints = &train.Checkpoints{} }) }},
		{"Resume: &train.Checkpoint{}", func() any { return trains(func(t *train.Trainer) { t.Resume = &train.Checkpoint{} }) }},
		{"OnEpoch: an error", func() any {
			return trains(func(t *train.Trainer) { t.OnEpoch = func(train.Epoch) error { return errors.New("enough") } })
		}},
		{`train.ReadCheckpoint("")`, func() any { return fails(train.ReadCheckpoint("")) }},
		{`train.ReadCheckpoint(".")`, func() any { return fails(train.ReadCheckpoint(".")) }},
		{`train.LatestCheckpoint("none")`, func() any { _, _, err := train.LatestCheckpoint("none"); return errOf(err) }},
		{"new(runlog.Folder).Begin(train.Session{})", func() any { return errOf(new(runlog.Folder).Begin(train.Session{})) }},
		{"(*runlog.Folder)(nil).Begin(train.Session{})", func() any { return errOf((*runlog.Folder)(nil).Begin(train.Session{})) }},
		{`runlog.Read("none")`, func() any { return fails(runlog.Read("none")) }},
		{"optim.NewAdamW(NaN, NaN).Step(nil)", func() any { return errOf(optim.NewAdamW(nan, nan).Step(nil)) }},
	}
}

// delayed returns a network that delays its input.
func delayed(by float64) *nir.Graph {
	one := nir.Of([]int64{1}, 1)
	return &nir.Graph{
		Nodes: map[string]*nir.Node{
			"in": {Type: "Input", Params: map[string]nir.Array{"shape": one}}, "out": {Type: "Output", Params: map[string]nir.Array{"shape": one}},
			"delay": {Type: "Delay", Params: map[string]nir.Array{"delay": nir.Of([]float64{by}, 1)}},
		},
		Edges: []nir.Edge{{From: "in", To: "delay"}, {From: "delay", To: "out"}},
	}
}

func otherCalls() []call {
	return []call{
		{`surrogate.ByName("none", 1)`, func() any { return fails(surrogate.ByName("none", 1)) }},
		{`surrogate.ByName("super", NaN)`, func() any { return fails(surrogate.ByName("super", nan)) }},
		{"surrogate.Check(nil)", func() any { return errOf(surrogate.Check(nil)) }},
		{"surrogate.Check((*surrogate.SuperSpike)(nil))", func() any { return errOf(surrogate.Check((*surrogate.SuperSpike)(nil))) }},
		{"surrogate.Threshold(nil, nil)", func() any { return fails(surrogate.Threshold(nil, nil)) }},
		{"surrogate.Uniform(nil, nil)", func() any { return errOf(surrogate.Uniform[float32](nil, nil)) }},
		{"blueprint.Write(nil)", func() any { return fails(blueprint.Write(nil)) }},
		{"blueprint.Write(s), s a Sequential that contains itself", func() any {
			s := make(layers.Sequential, 1)
			s[0] = s
			return fails(blueprint.Write(s))
		}},
		{"blueprint.Read(nil)", func() any { return fails(blueprint.Read(nil)) }},
		{`blueprint.Read([]byte(strings.Repeat("[", 1<<20)))`, func() any { return fails(blueprint.Read([]byte(strings.Repeat("[", 1<<20)))) }},
		{`blueprint.Register("Linear", 1)`, func() any { return errOf(blueprint.Register("Linear", 1)) }},
		{"blueprint.Register(\"\", nil)", func() any { return errOf(blueprint.Register("", nil)) }},
		{`model.Save("a.safetensors", nil)`, func() any { return errOf(modelfile.Save("a.safetensors", nil)) }},
		{`model.Save("a.safetensors", new(train.Model))`, func() any { return errOf(modelfile.Save("a.safetensors", new(train.Model))) }},
		{"model.Load(os.DevNull)", func() any { return fails(modelfile.Load(os.DevNull)) }},
		{`model.Load("")`, func() any { return fails(modelfile.Load("")) }},
		{"c.Export(nil, nil, nil, c.Options{})", func() any { return fails(c.Export(nil, nil, nil, c.Options{})) }},
		{"c.Export(layers.Flatten, []int{math.MaxInt, 2}, nil, c.Options{})", func() any { return fails(c.Export(layers.Flatten, []int{math.MaxInt, 2}, nil, c.Options{})) }},
		{`c.Export(layers.Flatten, []int{2}, nil, c.Options{Prefix: "a; #include"})`, func() any { return fails(c.Export(layers.Flatten, []int{2}, nil, c.Options{Prefix: "a; #include"})) }},
		{"nir.Read(nil, 1<<60)", func() any { return fails(nir.Read(nil, 1<<60)) }},
		{`nir.Read(strings.NewReader("\x89HDF\r\n\x1a\n"), 1<<60)`, func() any { return fails(nir.Read(strings.NewReader("\x89HDF\r\n\x1a\n"), 1<<60)) }},
		{`nir.ReadFile(os.DevNull)`, func() any { return fails(nir.ReadFile(os.DevNull)) }},
		{"nir.Write(nil, nil)", func() any { return errOf(nir.Write(nil, nil)) }},
		{"nir.Import(nil, NaN, nir.Options{})", func() any { return fails(nir.Import(nil, nan, nir.Options{})) }},
		{"nir.Import(g, 1e-300, nir.Options{}), g with a delay of 1 s", func() any { return fails(nir.Import(delayed(1), 1e-300, nir.Options{})) }},
		{"(*nir.Network)(nil).Run(nil)", func() any { return fails((*nir.Network)(nil).Run(nil)) }},
		{"nir.Export(nil, nil, nil, nir.ExportOptions{})", func() any { return fails(nir.Export(nil, nil, nil, nir.ExportOptions{})) }},
		{"nir.Export(lif, []int{math.MaxInt, 2}, nil, nir.ExportOptions{})", func() any { return fails(nir.Export(lif, []int{math.MaxInt, 2}, nil, nir.ExportOptions{})) }},
		{"logic.RisingEdges(nil)", func() any { return fails(logic.RisingEdges(nil)) }},
		{"logic.MullerCs(nil, nil)", func() any { return fails(logic.MullerCs(nil, nil)) }},
		{"plasticity.Join()", func() any { return fails(plasticity.Join()) }},
		{"plasticity.Split(nil, -1)", func() any { return fails(plasticity.Split(nil, -1)) }},
		{"plasticity.Split(x, math.MaxInt, math.MaxInt)", func() any { return fails(plasticity.Split(node(2, 3), math.MaxInt, math.MaxInt)) }},
		{"plot.GridPoints(1<<40, 1<<40)", func() any { return fails(plot.GridPoints(1<<40, 1<<40)) }},
		{"plot.Curves(plot.History{})", func() any { return fails(plot.Curves(plot.History{})) }},
		{"plot.Panels(1<<40, 1<<40)", func() any { return fails(plot.Panels(1<<40, 1<<40)) }},
		{`plot.Raster("", Inf)`, func() any { return fails(plot.Raster[float32]("", inf)) }},
		{"plot.Traces(plot.Voltages[float32]{N: -1})", func() any { return fails(plot.Traces(plot.Voltages[float32]{N: -1})) }},
		{"plot.Matrix(plot.Weights[float32]{})", func() any { return fails(plot.Matrix(plot.Weights[float32]{})) }},
		{`plot.Digits("", 1<<40, 1<<40, 1)`, func() any { return fails(plot.Digits[float32]("", 1<<40, 1<<40, 1)) }},
		{`plot.Save("", "", plot.Figure{})`, func() any { return errOf(plot.Save("", "", plot.Figure{})) }},
		{`(*plot.Progress)(nil).Step(1, "")`, func() any { (*plot.Progress)(nil).Step(1, ""); return nil }},
	}
}
