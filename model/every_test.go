package model_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/blueprint"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/model"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/nir"
	"github.com/spikegrad/spikegrad/train"
)

// exported lists what a package has that makes a layer or a step: types with the method Apply, constants of
// such types, and functions that return one or the other.
func exported(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	var decls []ast.Decl
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		p, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		decls = append(decls, p.Decls...)
	}
	text := func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.Ident:
			return e.Name
		case *ast.StarExpr:
			if id, ok := e.X.(*ast.Ident); ok {
				return id.Name
			}
		case *ast.IndexListExpr:
			if s, ok := e.X.(*ast.SelectorExpr); ok {
				return s.Sel.Name
			}
		}
		return ""
	}
	found, applies := map[string]bool{}, map[string]bool{}
	for _, d := range decls {
		f, ok := d.(*ast.FuncDecl)
		switch {
		case !ok:
		case f.Recv != nil && f.Name.Name == "Apply":
			applies[text(f.Recv.List[0].Type)] = true
		case f.Recv == nil && f.Type.Results != nil && slices.ContainsFunc(f.Type.Results.List, func(r *ast.Field) bool {
			return text(r.Type) == "Layer" || text(r.Type) == "Step"
		}):
			found[f.Name.Name] = true
		}
	}
	for _, d := range decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST && g.Tok != token.VAR {
			continue
		}
		of := ""
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			if v.Type != nil || len(v.Values) > 0 {
				of = text(v.Type)
			}
			for _, name := range v.Names {
				found[name.Name] = found[name.Name] || of != "" && applies[of]
			}
		}
	}
	for name := range applies {
		found[name] = true
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(found)), func(name string) bool { return !ast.IsExported(name) || !found[name] })
}

// doubled is a function as a layer.
var doubled = layers.Func(func(x *G.Node) (*G.Node, error) { return G.Add(x, x) })

// either is a join of one's own.
var either = layers.Join(func(body, shortcut *G.Node) (*G.Node, error) { return G.Add(body, shortcut) })

func init() {
	for _, err := range []error{blueprint.RegisterFunc("doubled", doubled), blueprint.RegisterFunc("either", either)} {
		if err != nil {
			panic(err)
		}
	}
}

// A refusal says that there is no description, and what the error has to say.
type refusal struct {
	layer layers.Layer
	want  string
}

// every is each layer of package layers between two maps, or behind them where it is a readout.
func every() map[string]any {
	lif, box := neurons.DefaultLIFParams(), neurons.DefaultLIFBoxParams()
	lif.VTh, box.VTh = graph.Const(0.1), graph.Const(0.1)
	spread := lif // whose constants are not those of the neurons
	spread.VTh, spread.VReset, spread.TauMemInv = graph.Const(0), graph.Const(0.05), graph.Const(0)
	lively := layers.Lift(neurons.LIFBoxStep, box)
	image := func(l ...layers.Layer) layers.Layer { // of samples [2 3 4]
		return append(append(layers.Sequential{layers.Conv2D{Out: 2, Kernel: 1}, lively}, l...), layers.Flatten)
	}
	line := func(l layers.Layer) layers.Layer { return append(flat(), l) }
	reads := map[string]any{}
	for _, name := range []layers.Readout{layers.Last, layers.MeanOverTime, layers.MaxOverTime, layers.SumOverTime, layers.SpikeCount} {
		reads[name.String()] = layers.Sequential{layers.Flatten, layers.Linear{Out: 2}, name}
	}
	all := map[string]any{
		"Linear": line(layers.Linear{Out: 3, Pattern: layers.Chance(0.5)}), "Delay": line(layers.Delay{Max: 3, Over: 5}), "DelayedLinear": line(layers.DelayedLinear{Out: 3, Delay: layers.Delay{Max: 3, Interpolate: true}}),
		"Conv2D": image(layers.Conv2D{Out: 3, Kernel: 3}), "Conv1D": image(tokens(layers.Conv1D{Out: 3, Kernel: 3})...), "ConvTranspose2D": image(layers.ConvTranspose2D{Out: 3, Kernel: 2}),
		"Pool": image(layers.Pool{Size: 2}), "AdaptivePool": image(layers.AdaptivePool{Height: 2, Width: 2}), "Upsample": image(layers.Upsample{By: 2}),
		"BatchNorm": image(layers.BatchNorm{}), "GroupNorm": image(layers.GroupNorm{Groups: 2}), "LayerNorm": image(layers.LayerNorm{}), "Dropout": line(layers.Dropout{P: 0.5}), "Noise": line(layers.Noise{Std: 1}),
		"Residual": line(layers.Residual{Body: layers.Linear{Out: 3}, Shortcut: layers.Linear{Out: 3}, Join: either}), "SelfAttention": image(tokens(layers.SelfAttention{Neurons: lively})...),
		"Quantise": line(layers.Quantise{Bits: 4, Layer: layers.Linear{Out: 3}}), "Sequential": line(layers.Sequential{layers.Linear{Out: 3}}), "Concat": line(layers.Concat{layers.Linear{Out: 3}, layers.Linear{Out: 2}}),
		"Sum": line(layers.Sum{layers.Linear{Out: 3}, layers.Linear{Out: 3}}), "Func": line(doubled), "Flatten": image(), "Identity": line(layers.Identity), "Tokens": image(tokens(layers.Identity)...),
		"Readout": reads[layers.Last.String()], "Last": reads[layers.Last.String()], "MeanOverTime": reads[layers.MeanOverTime.String()], "MaxOverTime": reads[layers.MaxOverTime.String()],
		"SumOverTime": reads[layers.SumOverTime.String()], "SpikeCount": reads[layers.SpikeCount.String()], "FirstSpike": append(flat(), layers.Linear{Out: 2}, lively, layers.FirstSpike{Latest: 8}),
		"Named": line(layers.Named("own", layers.Linear{Out: 3})), "Shared": line(layers.Sum{layers.Shared("one", layers.Linear{Out: 3})}), "Given": line(layers.Given(map[string]*tensor.Dense{}, layers.Linear{Out: 3})),
		"Lift":                         line(layers.Lift(neurons.LIFStep, lif, layers.KeepEvery(2), layers.Learn("VTh"))),
		"Lift with an Each":            line(layers.Lift(neurons.LIFStep, spread, layers.Each(layers.Values{0.1, 0.2, 0.3}, "VTh"), layers.LearnEach("TauMemInv"), layers.Each(layers.Values{90, 80, 70}, "TauMemInv"), layers.Constrain(graph.Exp, "TauMemInv"))),
		"Recurrent":                    line(layers.Recurrent(neurons.LIFStep, lif, layers.LearnEach("TauMemInv"))),
		"RecurrentThrough":             line(layers.RecurrentThrough(layers.BackOneToOne{}, neurons.LIFStep, lif, layers.Learn("VTh"))),
		"RecurrentThrough an image":    image(layers.RecurrentThrough(layers.BackConv2D{Kernel: 3, Groups: 2}, neurons.LIFStep, lif)),
		"RecurrentThrough a pattern":   line(layers.RecurrentThrough(layers.BackSparse{Pattern: layers.Chance(0.5)}, neurons.LIFStep, lif)),
		"RecurrentThrough with delays": line(layers.RecurrentThrough(layers.BackLate{Delay: layers.Delay{Max: 3, Over: 5}, Channels: true}, neurons.LIFStep, lif)),
		"RecurrentThrough refractory":  line(layers.RecurrentThrough(layers.BackOneToOne{}, wrap.Refractory(neurons.LIFStep), wrap.RefractoryParams[neurons.LIFState, neurons.LIFParams]{Inner: lif, RhoReset: graph.Const(2)})),
	}
	return all
}

// wrapped is each wrapper of package wrap.
func wrapped() map[string]any {
	lif := neurons.DefaultLIFParams()
	lif.VTh = graph.Const(0.1)
	type (
		state  = neurons.LIFState
		params = neurons.LIFParams
	)
	refractory := wrap.RefractoryParams[state, params]{Inner: lif, RhoReset: graph.Const(2)}
	w := G.NewMatrix(G.NewGraph(), tensor.Float32, G.WithShape(3, 3), G.WithName("w"), G.WithInit(G.Zeroes()))
	const node = ": a node of a graph, which a network that is built anew does not have; layers.Recurrent adds its weights itself, and a layer of one's own that does so in its Apply can be registered"
	return map[string]any{
		"Refractory":               append(flat(), layers.Lift(wrap.Refractory(neurons.LIFStep), refractory, layers.Learn("VTh", "RhoReset"))),
		"Refractory and recurrent": append(flat(), layers.Recurrent(wrap.Refractory(neurons.LIFStep), refractory, layers.Learn("VTh"))),
		"Recurrent":                refusal{layers.Lift(wrap.Recurrent(neurons.LIFStep), wrap.RecurrentParams[state, params]{Inner: lif, W: w}), "net.W" + node},
		"RecurrentThrough":         refusal{layers.Lift(wrap.RecurrentThrough[state, params, wrap.OneToOne](neurons.LIFStep), wrap.FeedbackParams[state, params, wrap.OneToOne]{Inner: lif, Through: wrap.OneToOne{W: w}}), "net.Through.W" + node},
		"RecurrentAdjoint":         refusal{layers.Lift(wrap.RecurrentAdjoint(neurons.LIFStep), wrap.RecurrentAdjointParams[state, params]{Inner: lif, W: w}), "net.W" + node},
		"RecurrentLate":            refusal{layers.Lift(wrap.RecurrentLate(neurons.LIFStep), wrap.LateParams[state, params]{Inner: lif, Through: wrap.LateBack{W: w}}), "net.Through.W" + node},
		"Coupled":                  refusal{layers.Lift(coupled, wrap.CoupledParams[state, params]{Inner: lif, Coupling: w}), "net.Coupling" + node},
		"Regularised":              refusal{layers.Lift(regularised, wrap.RegularisedParams[state, params]{Inner: lif, Accumulate: wrap.SpikeAccumulator[state]}), "net.Accumulate: the function, a wrap.Accumulator[github.com/spikegrad/spikegrad/neurons.LIFState], is registered under no name: RegisterFunc gives it one"},
	}
}

// imported is a network of another library.
func imported(t *testing.T) map[string]any {
	p := neurons.DefaultLIFParams()
	p.VTh = graph.Const(0.1)
	g, err := nir.Export(layers.Sequential{layers.Recurrent(neurons.LIFStep, p)}, []int{3}, nil, nir.ExportOptions{})
	require.NoError(t, err)
	n, err := nir.Import(g, p.Dt, nir.Options{})
	require.NoError(t, err)
	return map[string]any{"Network": append(flat(), n)}
}

var (
	coupled     = wrap.Coupled(neurons.LIFStep)
	regularised = wrap.Regularised(neurons.LIFStep)
)

func flat() layers.Sequential { return layers.Sequential{layers.Flatten, layers.Linear{Out: 3}} }

// tokens is a layer between images and images.
func tokens(l layers.Layer) []layers.Layer { return []layers.Layer{layers.Tokens, l} }

// Every layer and every wrapper of steps comes back from a file as the same bits, or is refused with what to do. Who
// adds one enters it into the tables above.
func TestEvery(t *testing.T) {
	require.NoError(t, blueprint.RegisterNeurons("coupled", coupled))
	require.NoError(t, blueprint.RegisterNeurons("regularised", regularised))
	for dir, of := range map[string]map[string]any{"../layers": every(), "../neurons/wrap": wrapped(), "../nir": imported(t)} {
		names := exported(t, dir)
		require.NotEmpty(t, names)
		for _, name := range names {
			if name != "Fold" && name != "Heads" { // which makes no layer of its own; TestHeads
				require.True(t, of[name] != nil, "%s of %s has no network to hold it to", name, dir)
			}
		}
		for name, l := range of {
			t.Run(filepath.Base(dir)+"/"+name, func(t *testing.T) {
				if no, ok := l.(refusal); ok {
					_, err := blueprint.Write(no.layer)
					require.ErrorContains(t, err, no.want)
					return
				}
				net := l.(layers.Layer)
				if s := net.(layers.Sequential); !readsOut(s[len(s)-1]) {
					net = append(slices.Clip(s), layers.Flatten, layers.Linear{Out: 2}, layers.MeanOverTime)
				}
				n := train.Network{Net: net, Shape: []int{2, 3, 4}, Steps: 4, Batch: 4, Seed: 3}
				if name == "FirstSpike" {
					n.Loss = loss.FirstSpike{}
				}
				back(t, n)
				if n.Dtype = tensor.Float64; long.Tests() {
					back(t, n)
				}
			})
		}
	}
}

func readsOut(l layers.Layer) bool {
	switch l.(type) {
	case layers.Readout, layers.FirstSpike:
		return true
	}
	return false
}

// A function comes back as the value that has the name, and not as another one of the same code.
func TestRegisterFunc(t *testing.T) {
	times := func(k float64) layers.Func {
		return func(x *G.Node) (*G.Node, error) { var b graph.Builder; return b.Scale(x, graph.Const(k)), b.Err() }
	}
	two, three := times(2), times(3)
	require.NoError(t, blueprint.RegisterFunc("two", two))
	text, err := blueprint.Write(layers.Sequential{two})
	require.NoError(t, err)
	require.Equal(t, `{"net":{"layers":[{"type":"two"}],"type":"Sequential"},"version":1}`, string(text))
	_, err = blueprint.Write(layers.Sequential{layers.Flatten, three})
	require.EqualError(t, err, "blueprint: net.1: the function, a layers.Func, is registered under no name: RegisterFunc gives it one")
	require.EqualError(t, blueprint.RegisterFunc("zwei", two), `blueprint: register function "zwei": it is registered as "two"`)
	require.ErrorContains(t, blueprint.RegisterFunc("two", three), `the name is empty or taken, or the value layers.Func is nil or no function`)
	require.ErrorContains(t, blueprint.RegisterFunc("3", 3), `the value int is nil or no function`)
	require.ErrorContains(t, blueprint.RegisterFunc[layers.Func]("nil", nil), `the value layers.Func is nil or no function`)
	require.NoError(t, blueprint.RegisterFunc("three", three))
	path := filepath.Join(t.TempDir(), "m.safetensors")
	m, err := train.Network{Net: layers.Sequential{layers.Linear{Out: 1, NoBias: true, Init: layers.Constant(1)}, three, layers.Last}, Shape: []int{1}, Steps: 1, Batch: 1}.Compile()
	require.NoError(t, err)
	require.NoError(t, model.Save(path, m))
	o, err := model.Load(path)
	require.NoError(t, err)
	a, err := o.Answers(t.Context(), nil, []float32{5})
	require.NoError(t, err)
	require.Equal(t, []float64{15}, a[0].Outputs)
}

// A step that nobody knows is asked what is inside it, and may be anything.
func TestStrangeSteps(t *testing.T) {
	type (
		state  = wrap.RefractoryState[neurons.BoxState]
		params = wrap.RefractoryParams[neurons.BoxState, neurons.LIFBoxParams]
	)
	own := func(x *G.Node, s state, _ params) (*G.Node, state, error) { return x, s, nil }
	_, err := blueprint.Write(layers.Lift(own, params{}))
	require.ErrorContains(t, err, "blueprint: net: the step of the neurons, with parameters wrap.RefractoryParams")
	broken := func(x *G.Node, s state, _ params) (*G.Node, state, error) { _ = x.Shape(); panic("no") }
	_, err = blueprint.Write(layers.Lift(broken, params{}))
	require.ErrorContains(t, err, "panicked")
}
