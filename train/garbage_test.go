package train_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/cost"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/fields"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/readout"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

type (
	lifParams = neurons.LIFParams
	lifState  = neurons.LIFState
)

// functions are those that packages export; types are types that have methods.
// A function that is missing here fails TestGarbageIsComplete.
var functions = map[string]map[string]any{
	"graph": {
		"Field": fields.Field, "Flatten": graph.Flatten,
		"Grad": graph.Grad, "Input": graph.Input,
		"Lowered": graph.Lowered, "NodeNames": fields.Nodes,
		"ParamNames": fields.Params, "Reshape": graph.Reshape,
		"NewBuilder": graph.NewBuilder, "Clip": graph.Clip, "machine.New": machine.New,
		"Const": graph.Const, "Default": fields.Default, "Learn": graph.Learn, "LearnIn": graph.LearnIn,
		"Scan": graph.Scan[lifState, lifParams], "Unroll": graph.Unroll[lifState, lifParams],
		"Rest": graph.Rest[lifState, lifParams], "MapState": graph.MapState[lifState],
	},
	"readout": {
		"Excursion": readout.Excursion, "LastStep": readout.LastStep, "MaxOverTime": readout.MaxOverTime,
		"MeanOverTime": readout.MeanOverTime, "SumOverTime": readout.SumOverTime, "OneHot": readout.OneHot, "Rate": readout.Rate,
		"SpikeStamps": readout.SpikeStamps, "Choose": readout.Choose, "Columns": readout.Columns, "Where": readout.Where, "PerStep": readout.PerStep,
		"StepWeights": readout.StepWeights,
	},
	"connect": {
		"AvgPool": connect.AvgPool, "MaxPool": connect.MaxPool, "Conv2D": connect.Conv2D, "Linear": connect.Linear,
		"Connections": connect.Connections, "NewSpikes": connect.NewSpikes, "SpikeInput": connect.SpikeInput, "LetSpikes": connect.LetSpikes,
		"SpikesOf": connect.SpikesOf, "BatchNorm": connect.BatchNorm, "MeanOverRanks": connect.MeanOverRanks, "Product": connect.Product, "Sparse": connect.Sparse, "Pool": connect.Pool, "AdaptivePool": connect.AdaptivePool, "Upsample": connect.Upsample, "ConvTranspose2D": connect.ConvTranspose2D, "GroupNorm": connect.GroupNorm, "LayerNorm": connect.LayerNorm, "Delay": connect.Delay, "DelayedLinear": connect.DelayedLinear, "Quantise": connect.Quantise, "QuantiseSparse": connect.QuantiseSparse,
	},
	"layers": {
		"Describe": layers.Describe, "NewBuild": layers.NewBuild, "InitByName": layers.InitByName, "Lift": layers.Lift[lifState, lifParams], "Named": layers.Named,
		"Recurrent": layers.Recurrent[lifState, lifParams], "Each": layers.Each, "KeepEvery": layers.KeepEvery, "Constrain": layers.Constrain,
		"Learn": layers.Learn, "LearnEach": layers.LearnEach, "RecurrentInit": layers.RecurrentInit, "Regularise": layers.Regularise,
		"Fold": layers.Fold, "Open": layers.Open, "RecurrentThrough": layers.RecurrentThrough[lifState, lifParams], "Given": layers.Given, "Shared": layers.Shared, "JoinAdd": layers.JoinAdd, "JoinAnd": layers.JoinAnd, "JoinIAnd": layers.JoinIAnd,
	},
	"train": {
		"ClipNorm": optim.ClipNorm, "NewAdamW": optim.NewAdamW, "Compile": train.Network.Compile,
		"LatestCheckpoint": train.LatestCheckpoint, "ReadCheckpoint": train.ReadCheckpoint, "Diagnose": train.Diagnose,
	},
	"surrogate": {
		"ByName": surrogate.ByName, "Check": surrogate.Check, "Draw": surrogate.Draw, "Sign": surrogate.Sign, "Smooth": surrogate.Smooth,
		"Threshold": surrogate.Threshold, "Uniform": surrogate.Uniform[float32], "DefaultMultiGaussian": surrogate.DefaultMultiGaussian,
	},
	"encode": {
		"ConstantCurrentLIF": encode.ConstantCurrentLIF, "CovarianceMatrix": encode.CovarianceMatrix, "Derivatives": encode.Derivatives,
		"GaussianKernel": encode.GaussianKernel, "GaussianRBF": encode.GaussianRBF, "LinearLatency": encode.LinearLatency[float32],
		"LogLatency": encode.LogLatency[float64], "Poisson": encode.Poisson[float32], "PoissonSpikes": encode.PoissonSpikes[float32], "Population": encode.Population,
		"SpatialParameters": encode.SpatialParameters[float32], "SpatialReceptiveField": encode.SpatialReceptiveField,
		"SpatialReceptiveFields": encode.SpatialReceptiveFields, "SpikeLatency": encode.SpikeLatency, "Sequences": encode.Sequences, "SpikeLatencyStep": encode.SpikeLatencyStep, "SpikeLatencyLIF": encode.SpikeLatencyLIF,
		"SpikeTimes": encode.SpikeTimes, "Stationary": encode.Stationary, "SquaredDistance": encode.SquaredDistance, "Sum": encode.Sum, "FilterStep": encode.FilterStep,
		"DefaultLogLatencyParams": encode.DefaultLogLatencyParams, "DefaultPoissonParams": encode.DefaultPoissonParams,
		"DefaultTemporalScales": encode.DefaultTemporalScales,
	},
	"data": {
		"Classes": data.Classes, "Order": data.Order, "ReadIDX": data.ReadIDX, "YinYangClass": data.YinYangClass, "OpenMNIST": data.OpenMNIST,
		"Subset": data.Subset, "OpenIDX": data.OpenIDX, "New": data.New, "NewYinYang": data.NewYinYang, "NewRandman": data.NewRandman, "DefaultRandmanParams": data.DefaultRandmanParams,
		"NewEvents": data.NewEvents,
	},
}

var types = []reflect.Type{
	reflect.TypeFor[*graph.Builder](), reflect.TypeFor[graph.Constraint](), reflect.TypeFor[graph.Param](), reflect.TypeFor[*machine.Machine](), reflect.TypeFor[readout.Window](), reflect.TypeFor[connect.Connection](), reflect.TypeFor[*connect.Spikes](),
	reflect.TypeFor[*layers.Build](), reflect.TypeFor[*layers.State](), reflect.TypeFor[layers.Layer](), reflect.TypeFor[layers.Init](), reflect.TypeFor[layers.Mask](), reflect.TypeFor[layers.Probe](), reflect.TypeFor[layers.Tap](), reflect.TypeFor[layers.Recording](),
	reflect.TypeFor[layers.Regulariser](), reflect.TypeFor[layers.Conv2D](), reflect.TypeFor[layers.Linear](), reflect.TypeFor[layers.Dropout](),
	reflect.TypeFor[layers.BatchNorm](), reflect.TypeFor[layers.SelfAttention](), reflect.TypeFor[layers.Only](), reflect.TypeFor[layers.Chance](), reflect.TypeFor[layers.FanIn](), reflect.TypeFor[layers.AdaptivePool](), reflect.TypeFor[layers.Upsample](), reflect.TypeFor[layers.ConvTranspose2D](), reflect.TypeFor[layers.Conv1D](), reflect.TypeFor[layers.GroupNorm](), reflect.TypeFor[layers.LayerNorm](), reflect.TypeFor[layers.Residual](), reflect.TypeFor[layers.Concat](), reflect.TypeFor[layers.Sum](), reflect.TypeFor[layers.Heads](),
	reflect.TypeFor[layers.Noise](), reflect.TypeFor[layers.Quantise](), reflect.TypeFor[layers.Delay](), reflect.TypeFor[layers.DelayedLinear](), reflect.TypeFor[layers.BackLate](), reflect.TypeFor[connect.Delays](), reflect.TypeFor[connect.Delayed](), reflect.TypeFor[*connect.Ranks](), reflect.TypeFor[*layers.Buffer](),
	reflect.TypeFor[layers.Pool](), reflect.TypeFor[layers.Scaled](), reflect.TypeFor[layers.FluctuationDriven](), reflect.TypeFor[layers.Rate](),
	reflect.TypeFor[layers.Voltage](), reflect.TypeFor[optim.Optimiser](), reflect.TypeFor[optim.Schedule](), reflect.TypeFor[loss.Loss](),
	reflect.TypeFor[loss.SpikeCount](), reflect.TypeFor[optim.StepDecay](), reflect.TypeFor[optim.Cosine](), reflect.TypeFor[optim.Warmup](),
	reflect.TypeFor[encode.Encoder](), reflect.TypeFor[*train.Model](), reflect.TypeFor[*train.Carried](), reflect.TypeFor[*train.Trainer](), reflect.TypeFor[train.Evaluator](), reflect.TypeFor[cost.Cost](), reflect.TypeFor[graph.Func](),
	reflect.TypeFor[surrogate.SuperSpike](), reflect.TypeFor[surrogate.MultiGaussian](), reflect.TypeFor[data.Dataset](),
	reflect.TypeFor[encode.FilterParams](), reflect.TypeFor[encode.TemporalScales](), reflect.TypeFor[encode.PoissonParams](),
}

// The list has every function that the packages export.
func TestGarbageIsComplete(t *testing.T) {
	for name, fns := range functions {
		files, err := filepath.Glob("../" + name + "/*.go")
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			require.NoError(t, err)
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.IsExported() {
					require.Contains(t, fns, f.Name.Name, "package %s", name)
				}
			}
		}
	}
}

// Whatever a caller passes, nothing panics: not the call, and not the graph that
// it may have made when that runs.
func TestGarbage(t *testing.T) {
	t.Chdir(t.TempDir()) // some of them write files
	const calls = 100
	seed := uint64(0)
	garbageFor := func(name string) *garbage {
		seed++
		g := newGarbage(seed)
		return g
	}
	for _, pkg := range slices.Sorted(maps.Keys(functions)) {
		fns := functions[pkg]
		for _, name := range slices.Sorted(maps.Keys(fns)) {
			name, f := pkg+"."+name, reflect.ValueOf(fns[name])
			for range calls {
				garbageFor(name).try(t, name, f)
			}
		}
	}
	for _, typ := range types {
		for range calls {
			g := garbageFor(typ.String())
			v := g.value(typ, 0)
			if isNil(v) {
				continue
			}
			if v.Kind() == reflect.Interface {
				v = v.Elem()
			}
			if strings.HasPrefix(fmt.Sprint(reflect.Indirect(v).Type()), "train_test.") {
				continue // one of these tests' own
			}
			for i := range v.NumMethod() {
				g.try(t, fmt.Sprintf("%v.%s", v.Type(), v.Type().Method(i).Name), v.Method(i))
			}
		}
	}
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Func, reflect.Slice, reflect.Map:
		return v.IsNil()
	}
	return false
}

// garbage draws arguments. The nodes of one draw are of one graph, but for some.
type garbage struct {
	*rand.Rand
	g     *G.ExprGraph
	nodes int
	seed  uint64
}

func newGarbage(seed uint64) *garbage {
	return &garbage{Rand: rand.New(rand.NewPCG(seed, 0)), g: G.NewGraph(), seed: seed}
}

func pick[T any](g *garbage, xs ...T) T { return xs[g.IntN(len(xs))] }

// try calls f, and runs the graph of the nodes that it returns.
func (g *garbage) try(t *testing.T, name string, f reflect.Value) {
	t.Helper()
	var args []reflect.Value
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s panics with %v, given %s (seed %d)\n%s", name, r, show(args), g.seed, debug.Stack())
		}
	}()
	typ := f.Type()
	for i := range typ.NumIn() {
		in := typ.In(i)
		if typ.IsVariadic() && i == typ.NumIn()-1 {
			for range g.IntN(3) {
				args = append(args, g.value(in.Elem(), 0))
			}
			break
		}
		args = append(args, g.value(in, 0))
	}
	for _, r := range f.Call(args) {
		n, ok := r.Interface().(*G.Node)
		if !ok || n == nil || n.Graph() == nil || tooBig(n.Graph()) {
			continue
		}
		m, err := machine.New(n)
		if err == nil {
			_ = m.Run()
		}
	}
}

func tooBig(g *G.ExprGraph) bool {
	total := 0
	for _, n := range g.AllNodes() {
		for _, d := range n.Shape() {
			if d > 1e4 {
				return true
			}
		}
		total += n.Shape().TotalSize()
	}
	return total > 1e5
}

func show(args []reflect.Value) string {
	var s []string
	for _, a := range args {
		if n, ok := a.Interface().(*G.Node); ok && n != nil {
			s = append(s, fmt.Sprintf("node %v %v", n.Shape(), n.Dtype()))
			continue
		}
		s = append(s, fmt.Sprintf("%#v", a.Interface()))
	}
	return strings.Join(s, ", ")
}

var (
	manyInts   = []int{0, 1, 1, 2, 2, 3, 3, 4, 5, 8, -1, -7, 1 << 40, math.MaxInt, math.MinInt}
	manyFloats = []float64{0, 1, 2, 0.5, 0.1, 3, -1, 100, 1e-300, 1e300, math.NaN(), math.Inf(1), math.Inf(-1)}
)

// value returns a value of the type.
func (g *garbage) value(t reflect.Type, depth int) reflect.Value {
	if v, ok := g.special(t, depth); ok {
		r := reflect.New(t).Elem()
		if v != nil {
			r.Set(reflect.ValueOf(v))
		}
		return r
	}
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.Bool:
		v.SetBool(g.IntN(2) == 0)
	case reflect.Int:
		v.SetInt(int64(pick(g, manyInts...)))
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(g.IntN(5) - 1))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(g.IntN(5)))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(pick(g, manyFloats...))
	case reflect.String:
		v.SetString(pick(g, "", "x", "V", "VTh", "TauMemInv", "tau_mem_inv", "\x00", "super", "he_normal", ".", "a.b"))
	case reflect.Slice:
		if g.IntN(6) > 0 {
			n := pick(g, 0, 1, 2, 3, 4, 12)
			v.Set(reflect.MakeSlice(t, n, n))
			for i := range n {
				v.Index(i).Set(g.value(t.Elem(), depth+1))
			}
		}
	case reflect.Pointer:
		if g.IntN(4) > 0 && depth < 4 {
			v.Set(reflect.New(t.Elem()))
			v.Elem().Set(g.value(t.Elem(), depth+1))
		}
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() && depth < 5 && g.IntN(4) > 0 {
				v.Field(i).Set(g.value(t.Field(i).Type, depth+1))
			}
		}
	}
	return v
}

// special returns values that make sense now and then, of types for which
// nonsense would be refused too early. ok is false for a type without any.
func (g *garbage) special(t reflect.Type, depth int) (v any, ok bool) {
	deep := depth > 3
	switch t {
	case reflect.TypeFor[*G.Node]():
		return g.node(), true
	case reflect.TypeFor[*G.ExprGraph]():
		return pick(g, nil, g.g), true
	case reflect.TypeFor[*tensor.Dense]():
		return g.tensor(), true
	case reflect.TypeFor[[]int](), reflect.TypeFor[tensor.Shape]():
		s := pick(g, nil, []int{}, []int{2}, []int{2, 3}, []int{3, 2, 4}, []int{4}, []int{5, 2, 3}, []int{0}, []int{2, -1}, []int{math.MaxInt, 4}, []int{1 << 40})
		if t == reflect.TypeFor[tensor.Shape]() {
			return tensor.Shape(s), true
		}
		return s, true
	case reflect.TypeFor[*connect.Spikes]():
		return pick(g, nil, &connect.Spikes{}, g.spikes(5, 2, 3), g.spikes(3, 2, 4)), true
	case reflect.TypeFor[tensor.Dtype]():
		return pick(g, tensor.Float32, tensor.Float64, tensor.Int, tensor.Dtype{}), true
	case reflect.TypeFor[graph.Param]():
		return pick(g, graph.Param{}, graph.Const(pick(g, manyFloats...)), graph.Learn(g.node()), graph.LearnIn(g.node(), graph.Clip(2, 1)),
			graph.LearnIn(g.node(), graph.Exp)), true
	case reflect.TypeFor[graph.Constraint]():
		return pick(g, graph.Constraint{}, graph.Exp, graph.Softplus, graph.Sigmoid, graph.Clip(1, 0), graph.Clip(math.NaN(), 1)), true
	case reflect.TypeFor[graph.Func]():
		return pick[any](g, nil, surrogate.SuperSpike{}, surrogate.SuperSpike{Alpha: 10}, surrogate.Triangle{Alpha: math.NaN()}, surrogate.Heaviside{},
			surrogate.Arctan{Alpha: 2}, surrogate.DefaultMultiGaussian()), true
	case reflect.TypeFor[surrogate.Smoother]():
		return pick[any](g, nil, surrogate.SuperSpike{Alpha: -1}), true
	case reflect.TypeFor[surrogate.Random]():
		return pick[any](g, nil, surrogate.Logistic{}, surrogate.CircDist{Alpha: 0.5}), true
	case reflect.TypeFor[lifParams]():
		if g.IntN(2) == 0 {
			return neurons.DefaultLIFParams(), true
		}
		return nil, false
	case reflect.TypeFor[graph.Step[lifState, lifParams]]():
		return pick(g, nil, graph.Step[lifState, lifParams](neurons.LIFStep), func(x *G.Node, s lifState, _ lifParams) (*G.Node, lifState, error) {
			return pick(g, nil, x, g.node()), pick(g, s, lifState{}, lifState{V: g.node(), I: x}), pick(g, nil, nil, errors.New("no"))
		}), true
	case reflect.TypeFor[graph.ScanOptions]():
		return graph.ScanOptions{KeepEvery: pick(g, manyInts...)}, true
	case reflect.TypeFor[*graph.Builder](): // the place of errors, which must be there
		b := &graph.Builder{}
		if g.IntN(4) == 0 {
			b.Fail(errors.New("failed before"))
		}
		return b, true
	case reflect.TypeFor[*rand.Rand]():
		return pick(g, nil, rand.New(rand.NewPCG(1, 1))), true
	case reflect.TypeFor[io.Reader]():
		return pick[any](g, nil, strings.NewReader("\x00\x00\x08\x01\x00\x00\x00\x02ab"), strings.NewReader("junk")), true
	case reflect.TypeFor[context.Context]():
		over, cancel := context.WithCancel(background)
		cancel()
		return pick[any](g, nil, background, over), true
	case reflect.TypeFor[*layers.Build]():
		return pick(g, nil, layers.NewBuild(1), &layers.Build{}, &layers.Build{SampleWeight: g.node()}), true
	case reflect.TypeFor[layers.Init]():
		return pick[any](g, nil, layers.Constant(pick(g, manyFloats...)), g.value(reflect.TypeFor[layers.Scaled](), 0).Interface(),
			g.value(reflect.TypeFor[layers.FluctuationDriven](), 0).Interface()), true
	case reflect.TypeFor[layers.LiftOption]():
		name := pick(g, "VTh", "V", "TauMemInv")
		return pick(g, nil, layers.Learn(name), layers.LearnEach(name), layers.Regularise(g.value(reflect.TypeFor[layers.Rate](), 0).Interface().(layers.Rate)),
			layers.KeepEvery(pick(g, manyInts...)), layers.RecurrentInit(nil), layers.Constrain(graph.Exp, name),
			layers.Each(pick[layers.Init](g, nil, layers.Constant(pick(g, manyFloats...)), layers.Values{1, 2}), name)), true
	case reflect.TypeFor[layers.Regulariser]():
		return pick[any](g, nil, g.value(reflect.TypeFor[layers.Rate](), 0).Interface(), g.value(reflect.TypeFor[layers.Voltage](), 0).Interface()), true
	case reflect.TypeFor[layers.Layer]():
		if deep {
			return layers.Flatten, true
		}
		return pick[any](g, nil, g.value(reflect.TypeFor[layers.Linear](), depth+1).Interface(), g.value(reflect.TypeFor[layers.Conv2D](), depth+1).Interface(),
			g.value(reflect.TypeFor[layers.Pool](), depth+1).Interface(), g.value(reflect.TypeFor[layers.Dropout](), depth+1).Interface(),
			layers.Sequential{layers.Linear{Out: 3}, lif(), layers.SpikeCount}, layers.Last, layers.Func(nil), lif(), small(),
			layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams(), layers.Learn("VTh")),
			g.value(reflect.TypeFor[layers.Sequential](), depth+2).Interface(),
			layers.Named(pick(g, "", "a"), g.value(reflect.TypeFor[layers.Linear](), depth+1).Interface().(layers.Linear))), true
	case reflect.TypeFor[optim.Optimiser]():
		return pick[any](g, nil, &optim.Adam{LearningRate: pick(g, manyFloats...)}, &optim.SGD{LearningRate: 0.1, Momentum: pick(g, manyFloats...)},
			&optim.RMSProp{}, optim.NewAdamW(0.1, math.NaN())), true
	case reflect.TypeFor[optim.Schedule]():
		return pick[any](g, nil, optim.Constant{}, optim.StepDecay{Every: pick(g, manyInts...), Factor: 0.5}, optim.Cosine{}, optim.Warmup{Steps: pick(g, manyInts...)}), true
	case reflect.TypeFor[loss.Loss]():
		return pick[any](g, nil, loss.CrossEntropy{}, loss.MeanSquared{}, loss.MeanSquared{Sequence: true},
			g.value(reflect.TypeFor[loss.SpikeCount](), 0).Interface(), strange{[]int{2}}), true
	case reflect.TypeFor[encode.Encoder]():
		return pick[any](g, nil, encode.Repeat, encode.Sequences(pick(g, manyInts...)), encode.Func(nil),
			g.value(reflect.TypeFor[encode.PoissonParams](), 0).Interface()), true
	case reflect.TypeFor[train.Network]():
		m := train.Network{Net: small(), Shape: []int{4}, Steps: 3, Batch: 2}
		if g.IntN(3) == 0 {
			m, _ = g.value(reflect.TypeFor[modelSettings](), depth).Interface().(modelSettings).model(), 0
		}
		return m, true
	case reflect.TypeFor[*train.Model]():
		m, _ := train.Network{Net: small(), Shape: []int{4}, Steps: 3, Batch: 2, Seed: g.seed, Window: pick(g, 0, 0, 2, 3), SpikeInput: g.IntN(4) == 0}.Compile()
		return pick(g, nil, &train.Model{}, m, m), true
	case reflect.TypeFor[*train.Trainer]():
		v := g.value(reflect.TypeFor[train.Trainer](), depth)
		tr := v.Addr().Interface().(*train.Trainer)
		tr.Epochs = pick(g, -1, 0, 1, 2, math.MinInt)
		return tr, true
	case reflect.TypeFor[data.Dataset]():
		d, _ := data.NewYinYang(5, 1)
		events, _ := data.NewEvents([]int{3, 4}, [][]data.Event{{{Step: 1}}, nil}, []int{0, 2})
		return pick[any](g, nil, d, list{}, list{shape: []int{-1}, x: make([][]float32, 2)}, list{shape: []int{4}, x: [][]float32{{1}, nil}, labels: []int{7, -1}},
			list{shape: []int{math.MaxInt, math.MaxInt}, x: make([][]float32, 1)}, regression{list{shape: []int{4}, x: make([][]float32, 1), targets: [][]float32{{1, 2, 3}}}},
			varied{d, []int{3, 1, 0, -1, 4}}, varied{d, []int{1, 2, 3, 1, 2}}, newCutUp(3, 4, 7, 2), cutUp{steps: 3, in: 4, parts: [][2]int{{0, 1}}}, events), true
	case reflect.TypeFor[G.ValueGrad]():
		return pick[any](g, nil, g.node(), &weight{name: "w", value: G.NewF64(1), grad: G.NewF64(math.NaN())}, &weight{name: "w"}), true
	case reflect.TypeFor[G.Op]():
		return nil, true
	}
	return nil, false
}

// weight is a parameter without a graph.
type weight struct {
	name        string
	value, grad G.Value
}

func (w *weight) Name() string           { return w.name }
func (w *weight) Value() G.Value         { return w.value }
func (w *weight) Grad() (G.Value, error) { return w.grad, nil }

// modelSettings are the exported fields of a Model.
type modelSettings struct {
	Net          layers.Layer
	Shape        []int
	Steps, Batch int
	Loss         loss.Loss
	Dtype        tensor.Dtype

	Segment, Window, Stride int
	SpikeInput              bool
}

func (s modelSettings) model() train.Network {
	return train.Network{Net: s.Net, Shape: s.Shape, Steps: s.Steps, Batch: s.Batch, Loss: s.Loss, Dtype: s.Dtype,
		Segment: s.Segment, Window: s.Window, Stride: s.Stride, SpikeInput: s.SpikeInput}
}

// node returns an input: mostly of float32 with a value, on the common graph.
func (g *garbage) node() *G.Node {
	if g.IntN(10) == 0 {
		return nil
	}
	gr := g.g
	if g.IntN(12) == 0 {
		gr = G.NewGraph()
	}
	g.nodes++
	name := fmt.Sprint("node ", g.nodes)
	dt := pick(g, tensor.Float32, tensor.Float32, tensor.Float32, tensor.Float64, tensor.Int)
	shape := pick(g, []int{}, []int{1}, []int{2}, []int{3}, []int{2, 3}, []int{3, 3}, []int{3, 4}, []int{5, 2, 3}, []int{5, 2, 3}, []int{2, 2, 1, 6, 6}, []int{1, 1, 1},
		[]int{2, 1, 3, 3})
	if len(shape) == 0 {
		return G.NewScalar(gr, dt, G.WithName(name))
	}
	if g.IntN(5) == 0 && len(shape) > 2 && dt != tensor.Int {
		x, err := connect.SpikeInput(gr, name, dt, g.spikes(shape...))
		if err != nil {
			panic(err)
		}
		return x
	}
	if g.IntN(5) == 0 || dt == tensor.Int {
		return G.NewTensor(gr, dt, len(shape), G.WithName(name), G.WithShape(shape...))
	}
	v := tensor.New(tensor.Of(dt), tensor.WithShape(shape...))
	for i := range v.Shape().TotalSize() {
		x := g.NormFloat64()
		if g.IntN(20) == 0 {
			x = pick(g, manyFloats...)
		}
		if dt == tensor.Float32 {
			v.Set(i, float32(x))
		} else {
			v.Set(i, x)
		}
	}
	return G.NewTensor(gr, dt, len(shape), G.WithName(name), G.WithShape(shape...), G.WithValue(v))
}

func (g *garbage) tensor() *tensor.Dense {
	return pick(g, nil, tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(2, 3)), tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(4)),
		tensor.New(tensor.Of(tensor.Int), tensor.WithShape(4)), tensor.New(tensor.FromScalar(float32(1))))
}

// spikes returns lists with some spikes.
func (g *garbage) spikes(shape ...int) *connect.Spikes {
	s, err := connect.NewSpikes(shape...)
	if err != nil {
		panic(err)
	}
	for range g.IntN(4) {
		_ = s.Add(g.IntN(shape[0]), g.IntN(shape[1]), g.IntN(shape[2]), pick(g, 1, pick(g, manyFloats...)))
	}
	return s
}
