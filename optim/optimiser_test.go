package optim_test

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/optim"
)

// weight is a parameter without a graph.
type weight struct {
	name        string
	value, grad G.Value
	err         error // of Grad
}

func (w *weight) Name() string           { return w.name }
func (w *weight) Value() G.Value         { return w.value }
func (w *weight) Grad() (G.Value, error) { return w.grad, w.err }

// nameless is a parameter that does not say its name.
type nameless struct{ G.ValueGrad }

// kinds are the values a parameter can have: what makes one, of n elements, and
// how far it may be from arithmetic in float64.
var kinds = map[string]struct {
	of        func(x []float64) G.Value
	n         int
	tolerance float64
}{
	"tensor64": {of: vector64, n: 3, tolerance: 1e-13},
	"tensor32": {of: vector32, n: 3, tolerance: 2e-6},
	"scalar64": {of: func(x []float64) G.Value { return G.NewF64(x[0]) }, n: 1, tolerance: 1e-13},
	"scalar32": {of: func(x []float64) G.Value { return G.NewF32(float32(x[0])) }, n: 1, tolerance: 2e-6},
}

func vector64(x []float64) G.Value {
	return tensor.New(tensor.WithShape(len(x)), tensor.WithBacking(append([]float64{}, x...)))
}

func vector32(x []float64) G.Value {
	y := make([]float32, len(x))
	for i := range x {
		y[i] = float32(x[i])
	}
	return tensor.New(tensor.WithShape(len(x)), tensor.WithBacking(y))
}

// elements returns the elements of v in float64.
func elements(v G.Value) []float64 {
	switch x := v.Data().(type) {
	case float64:
		return []float64{x}
	case float32:
		return []float64{float64(x)}
	case []float64:
		return append([]float64{}, x...)
	case []float32:
		y := make([]float64, len(x))
		for i := range x {
			y[i] = float64(x[i])
		}
		return y
	}
	panic(fmt.Sprintf("elements of %T", v))
}

// setGrad gives w the gradient of the quadratic Σ aᵢ (wᵢ − bᵢ)²/2.
func (w *weight) setGrad() {
	g := quadratic(elements(w.value))
	switch to := w.grad.(type) {
	case *G.F64:
		*to = G.F64(g[0])
	case *G.F32:
		*to = G.F32(g[0])
	case *tensor.Dense:
		for i := range g {
			if to.Dtype() == tensor.Float32 {
				to.Float32s()[i] = float32(g[i])
			} else {
				to.Float64s()[i] = g[i]
			}
		}
	}
}

// quadratic returns the gradient aᵢ (wᵢ − bᵢ) with aᵢ = 1 + i/2, bᵢ = 1 − i.
func quadratic(w []float64) []float64 {
	g := make([]float64, len(w))
	for i := range w {
		g[i] = (1 + float64(i)/2) * (w[i] - (1 - float64(i)))
	}
	return g
}

var start = []float64{0.3, -0.7, 2.5}

// newWeight returns a parameter of a kind at the start.
func newWeight(name, kind string) *weight {
	k := kinds[kind]
	return &weight{name: name, value: k.of(start[:k.n]), grad: k.of(make([]float64, k.n))}
}

// checkRecurrence runs ten steps for every kind of parameter and compares with
// the weights that want returns for a step. want is told the weights of the
// start.
func checkRecurrence(t *testing.T, optimiser func() optim.Optimiser, want func(w []float64, steps int) []float64) {
	t.Helper()
	for kind, k := range kinds {
		t.Run(kind, func(t *testing.T) {
			w, o := newWeight("w", kind), optimiser()
			for step := 1; step <= 10; step++ {
				w.setGrad()
				require.NoError(t, o.Step([]G.ValueGrad{w}))
				require.InDeltaSlice(t, want(append([]float64{}, start[:k.n]...), step), elements(w.value), k.tolerance, "step %d", step)
				require.Equal(t, make([]float64, k.n), elements(w.grad), "the gradient is zero after a step")
			}
		})
	}
}

// optimisers are one of each, and of each way that one can work.
var optimisers = map[string]func() optim.Optimiser{
	"sgd":      func() optim.Optimiser { return &optim.SGD{LearningRate: 0.1, WeightDecay: 0.01} },
	"momentum": func() optim.Optimiser { return &optim.SGD{LearningRate: 0.05, Momentum: 0.8} },
	"nesterov": func() optim.Optimiser { return &optim.SGD{LearningRate: 0.05, Momentum: 0.8, Nesterov: true} },
	"adam":     func() optim.Optimiser { return &optim.Adam{LearningRate: 0.05, WeightDecay: 0.01} },
	"adamw":    func() optim.Optimiser { return optim.NewAdamW(0.05, 0.01) },
	"rmsprop":  func() optim.Optimiser { return &optim.RMSProp{LearningRate: 0.01} },
	"rmsprop with momentum": func() optim.Optimiser {
		return &optim.RMSProp{LearningRate: 0.01, Momentum: 0.5}
	},
}

// The minimum of the quadratic is at 1 − i. Weight decay moves it by about 1 %
// of itself; RMSProp hovers within its rate.
func TestOptimisersConverge(t *testing.T) {
	for name, optimiser := range optimisers {
		t.Run(name, func(t *testing.T) {
			w, o := newWeight("w", "tensor32"), optimiser()
			for range 1000 {
				w.setGrad()
				require.NoError(t, o.Step([]G.ValueGrad{w}))
			}
			require.InDeltaSlice(t, []float64{1, 0, -1}, elements(w.value), 0.02)
		})
	}
}

// params returns parameters of all kinds, with and without names.
func params() []*weight {
	return []*weight{newWeight("a", "tensor32"), newWeight("b", "scalar32"), newWeight("", "tensor64"), newWeight("", "scalar64")}
}

func run(t *testing.T, o optim.Optimiser, ws []*weight, steps int) {
	t.Helper()
	ps := make([]G.ValueGrad, len(ws))
	for i, w := range ws {
		ps[i] = w
	}
	for range steps {
		for _, w := range ws {
			w.setGrad()
		}
		require.NoError(t, o.Step(ps))
	}
}

func TestRestoreContinuesBitForBit(t *testing.T) {
	for name, optimiser := range optimisers {
		t.Run(name, func(t *testing.T) {
			straight, ws := optimiser(), params()
			run(t, straight, ws, 5)

			var file bytes.Buffer
			require.NoError(t, gob.NewEncoder(&file).Encode(straight.State()))
			var state optim.State
			require.NoError(t, gob.NewDecoder(&file).Decode(&state))
			resumed := optimiser()
			require.NoError(t, resumed.Restore(state))
			require.Equal(t, 5, resumed.State().Steps)
			copies := params()
			for i := range ws {
				copies[i].value = kinds[[]string{"tensor32", "scalar32", "tensor64", "scalar64"}[i]].of(elements(ws[i].value))
			}

			run(t, straight, ws, 5)
			run(t, resumed, copies, 5)
			for i := range ws {
				require.Equal(t, elements(ws[i].value), elements(copies[i].value), "parameter %d", i)
			}
			require.Equal(t, slots(straight), slots(resumed))
		})
	}
}

// slots returns a state's steps and moments in a form that can be compared.
func slots(o optim.Optimiser) map[string]any {
	all := map[string]any{}
	for name, slot := range o.State().Slots {
		all[name] = slot.Steps
		for moment, d := range slot.Moments {
			all[name+" "+moment] = fmt.Sprint(d.Shape(), d.Dtype(), elements(d))
		}
	}
	return all
}

func TestState(t *testing.T) {
	o := &optim.Adam{Beta1: 0.5, Beta2: 0.75}
	require.Equal(t, optim.State{Slots: map[string]optim.Slot{}}, o.State())

	w := &weight{name: "w", value: vector64([]float64{1, 2}), grad: vector64([]float64{4, -8})}
	s := &weight{value: G.NewF32(1), grad: G.NewF32(2)}
	require.NoError(t, o.Step([]G.ValueGrad{w, s}))
	want := map[string]any{
		"w": 1, "w m": "(2) float64 [2 -4]", "w v": "(2) float64 [4 16]",
		"#1": 1, "#1 m": "(1) float32 [1]", "#1 v": "(1) float32 [1]",
	}
	require.Equal(t, want, slots(o))

	// A state is a copy, both ways.
	state := o.State()
	state.Slots["w"].Moments["v"].Float64s()[0] = 99
	require.Equal(t, want, slots(o))
	state = o.State()
	require.NoError(t, o.Restore(state))
	state.Slots["w"].Moments["m"].Float64s()[0] = 99
	require.Equal(t, want, slots(o))
}

// A parameter that comes later starts at its own first step: Adam moves it by
// the learning rate, whatever its gradient.
func TestStepsArePerParameter(t *testing.T) {
	o := &optim.Adam{LearningRate: 0.1}
	early := newWeight("early", "tensor64")
	run(t, o, []*weight{early}, 20)
	late := &weight{name: "late", value: G.NewF64(1), grad: G.NewF64(7)}
	require.NoError(t, o.Step([]G.ValueGrad{late}))
	require.InDelta(t, 0.9, elements(late.value)[0], 1e-9)
	state := o.State()
	require.Equal(t, []int{21, 20, 1}, []int{state.Steps, state.Slots["early"].Steps, state.Slots["late"].Steps})
}

// Without a gradient a moment shrinks, but not to a subnormal number: times 0.9
// the smallest of those stays what it is, and computing with it is slow.
func TestMomentsDoNotStaySubnormal(t *testing.T) {
	for name, optimiser := range optimisers {
		t.Run(name, func(t *testing.T) {
			for kind, smallest := range map[string]float64{"tensor32": 0x1p-126, "scalar64": 0x1p-1022} {
				o, w := optimiser(), newWeight("w", kind)
				w.setGrad()
				for range 10_000 {
					require.NoError(t, o.Step([]G.ValueGrad{w}))
					if a, ok := o.(*optim.Adam); ok {
						a.WeightDecay, a.Beta2 = 0, 0.9
					}
				}
				for moment, d := range o.State().Slots["w"].Moments {
					for _, x := range elements(d) {
						require.True(t, x == 0 || math.Abs(x) >= smallest, "%s: %s is %v", kind, moment, x)
					}
				}
			}
		})
	}
}

func TestRateFactor(t *testing.T) {
	for _, o := range []optim.Optimiser{&optim.SGD{LearningRate: 1e-3}, &optim.Adam{}, &optim.RMSProp{}} {
		require.Equal(t, 1e-3, o.Rate())
		o.SetRateFactor(0.5)
		o.SetRateFactor(0.25)
		require.Equal(t, 0.25e-3, o.Rate())

		w := newWeight("w", "tensor32")
		o.SetRateFactor(0)
		run(t, o, []*weight{w}, 1)
		require.Equal(t, elements(newWeight("w", "tensor32").value), elements(w.value))
	}
}

func TestMomentumCanChange(t *testing.T) {
	o, w := &optim.SGD{LearningRate: 0.125}, &weight{name: "w", value: G.NewF64(1), grad: G.NewF64(0)}
	step := func(momentum float64) float64 {
		o.Momentum = momentum
		*w.grad.(*G.F64) = 1
		require.NoError(t, o.Step([]G.ValueGrad{w}))
		return elements(w.value)[0]
	}
	require.Equal(t, 1-0.125, step(0))                  // v = 1, not kept
	require.Equal(t, 1-2*0.125, step(0.5))              // v = 1
	require.Equal(t, 1-3.5*0.125, step(0.5))            // v = 1.5
	require.Len(t, o.State().Slots["w"].Moments, 1)     // velocity
	require.Equal(t, 1-4.5*0.125, step(0))              // v = 1, not kept
	require.Empty(t, o.State().Slots["w"].Moments, "w") // none
	require.Equal(t, 1-5.5*0.125, step(0.5))            // v = 1

	// A parameter that was left out since momentum was turned on.
	other := newWeight("other", "tensor32")
	o.Momentum = 0
	require.NoError(t, o.Step([]G.ValueGrad{w, other}))
	step(0.5)
	require.Equal(t, "(3) float32 [0 0 0]", slots(o)["other velocity"])
}

func big(n int) *weight {
	x, g := make([]float32, n), make([]float32, n)
	for i := range x {
		x[i], g[i] = float32(math.Sin(float64(i))), float32(math.Cos(float64(i)*0.7))
	}
	return &weight{
		name:  "big",
		value: tensor.New(tensor.WithShape(n), tensor.WithBacking(x)),
		grad:  tensor.New(tensor.WithShape(n), tensor.WithBacking(g)),
	}
}

func TestBitsDoNotDependOnGOMAXPROCS(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for name, optimiser := range optimisers {
		t.Run(name, func(t *testing.T) {
			var want []float32
			for _, procs := range []int{1, 2, 5} {
				runtime.GOMAXPROCS(procs)
				o, w := optimiser(), big(100_003)
				gs := append([]float32{}, w.grad.(*tensor.Dense).Float32s()...)
				for range 3 {
					copy(w.grad.(*tensor.Dense).Float32s(), gs)
					_, err := optim.ClipNorm([]G.ValueGrad{w}, 10)
					require.NoError(t, err)
					require.NoError(t, o.Step([]G.ValueGrad{w}))
				}
				got := w.value.(*tensor.Dense).Float32s()
				if want == nil {
					want = got
				}
				require.True(t, equalBits(want, got), "GOMAXPROCS %d", procs)
			}
		})
	}
}

func equalBits(a, b []float32) bool {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

func TestStepDoesNotAllocate(t *testing.T) {
	for name, optimiser := range optimisers {
		t.Run(name, func(t *testing.T) {
			o := optimiser()
			ps := []G.ValueGrad{newWeight("a", "tensor32"), newWeight("b", "tensor64"), newWeight("c", "scalar32"), nameless{newWeight("d", "scalar64")}}
			require.Zero(t, testing.AllocsPerRun(100, func() {
				if o.Step(ps) != nil {
					t.Fail()
				}
			}))
		})
	}
}

// A goroutine is an allocation until the runtime has enough dead ones to use
// again. AllocsPerRun would set GOMAXPROCS to 1 and see none.
func TestParallelStepDoesNotAllocate(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	o, ps := &optim.Adam{}, []G.ValueGrad{big(33_000)}
	require.NoError(t, o.Step(ps))
	const steps = 2000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range steps {
		if o.Step(ps) != nil {
			t.Fail()
		}
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.Mallocs-before.Mallocs, uint64(steps))
}

func TestStepErrors(t *testing.T) {
	matrix := func(rows, cols int) *tensor.Dense {
		return tensor.New(tensor.WithShape(rows, cols), tensor.Of(tensor.Float32))
	}
	transposed := matrix(2, 3)
	require.NoError(t, transposed.T())
	column, err := matrix(2, 3).Slice(nil, G.S(1))
	require.NoError(t, err)
	oblique, err := transposed.Slice(G.S(1)) // which tensor takes for contiguous
	require.NoError(t, err)
	one := matrix(2, 3)
	g := G.NewGraph()
	bare := G.NewMatrix(g, tensor.Float32, G.WithName("bare"), G.WithShape(2, 3), G.WithInit(G.Zeroes()))
	var node *G.Node
	var none *tensor.Dense

	for want, ps := range map[string][]G.ValueGrad{
		"parameter #1 is nil":          {newWeight("w", "tensor32"), nil},
		"parameter #0 is nil":          {node},
		"parameter w: value is nil":    {&weight{name: "w"}},
		"parameter #0: value is nil":   {&weight{value: none}},
		"parameter w: gradient is nil": {&weight{name: "w", value: matrix(2, 3)}},
		"parameter w: no gradient: lost": {
			&weight{name: "w", value: matrix(2, 3), err: errors.New("lost")},
		},
		"parameter bare: no gradient: No Gradient node/value found for *gorgonia.Node": {bare},
		"parameter w: value is a *gorgonia.I, want a *tensor.Dense, *gorgonia.F32 or *gorgonia.F64": {
			&weight{name: "w", value: G.NewI(1), grad: G.NewI(1)},
		},
		"parameter w: value is of int, want float32 or float64": {
			&weight{name: "w", value: tensor.New(tensor.WithShape(2), tensor.Of(tensor.Int)), grad: matrix(1, 2)},
		},
		"parameter w: value of shape (3, 2) has strides [1 3], want it contiguous and row-major": {
			&weight{name: "w", value: transposed, grad: matrix(3, 2)},
		},
		"parameter w: gradient of shape (2) has strides [3], want it contiguous and row-major": {
			&weight{name: "w", value: vector32([]float64{1, 2}), grad: column},
		},
		"parameter u: gradient of shape (2) has strides [3], want it contiguous and row-major": {
			&weight{name: "u", value: vector32([]float64{1, 2}), grad: oblique},
		},
		"parameter w: gradient has shape (3, 2), want (2, 3)": {
			&weight{name: "w", value: matrix(2, 3), grad: matrix(3, 2)},
		},
		"parameter w: gradient has shape (), want (2, 3)": {
			&weight{name: "w", value: matrix(2, 3), grad: G.NewF32(1)},
		},
		"parameter w: gradient is of float64, want float32": {
			&weight{name: "w", value: G.NewF32(1), grad: G.NewF64(1)},
		},
		"parameter w: another parameter has this name": {
			newWeight("w", "tensor32"), newWeight("v", "tensor32"), newWeight("w", "scalar64"),
		},
		"parameter v: value shares its memory with that of w": {
			&weight{name: "w", value: one, grad: matrix(2, 3)}, &weight{name: "v", value: one, grad: matrix(2, 3)},
		},
	} {
		t.Run(want, func(t *testing.T) {
			for kind, o := range map[string]optim.Optimiser{
				"sgd": &optim.SGD{LearningRate: 1}, "adam": &optim.Adam{}, "rmsprop": &optim.RMSProp{},
			} {
				require.EqualError(t, o.Step(ps), "optim: "+kind+": "+want)
				require.Equal(t, optim.State{Slots: map[string]optim.Slot{}}, o.State())
				// What a failed step has seen does not bind the next one.
				require.NoError(t, o.Step([]G.ValueGrad{&weight{name: "w", value: matrix(5, 1), grad: matrix(5, 1)}}))
			}
		})
	}
}

// The stride of an axis of length 1 means nothing: this one is 1, not 3.
func TestStepOnTransposedColumn(t *testing.T) {
	row := tensor.New(tensor.WithShape(3, 1), tensor.WithBacking([]float32{1, 2, 3}))
	require.NoError(t, row.T())
	require.Equal(t, []int{1, 1}, row.Strides())
	w := &weight{name: "w", value: row, grad: tensor.New(tensor.WithShape(1, 3), tensor.WithBacking([]float32{1, 1, 2}))}
	require.NoError(t, (&optim.SGD{LearningRate: 1}).Step([]G.ValueGrad{w}))
	require.Equal(t, []float64{0, 1, 1}, elements(row))
}

func TestShapeAndTypeStay(t *testing.T) {
	o := &optim.Adam{}
	w := newWeight("w", "tensor32")
	run(t, o, []*weight{w}, 1)
	before, state := elements(w.value), slots(o)

	was := *w
	w.value, w.grad = vector32(make([]float64, 4)), vector32(make([]float64, 4))
	require.EqualError(t, o.Step([]G.ValueGrad{w}), "optim: adam: parameter w: value has shape (4), want (3) as before")
	w.value, w.grad = vector64(make([]float64, 3)), vector64(make([]float64, 3))
	require.EqualError(t, o.Step([]G.ValueGrad{w}), "optim: adam: parameter w: value is of float64, want float32 as before")
	*w = was
	w.setGrad()
	require.EqualError(t, o.Step([]G.ValueGrad{w, nil}), "optim: adam: parameter #1 is nil")

	require.Equal(t, before, elements(w.value), "a step that fails changes nothing")
	require.Equal(t, state, slots(o))
}

func TestRestoreErrors(t *testing.T) {
	f32 := func(shape ...int) *tensor.Dense {
		return tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Float32))
	}
	f64 := tensor.New(tensor.WithShape(2), tensor.Of(tensor.Float64))
	type moments = map[string]*tensor.Dense
	for want, s := range map[string]optim.State{
		"state has -1 steps, want at least 0":                       {Steps: -1},
		`parameter "w": slot has 0 steps, want at least 1`:          {Slots: map[string]optim.Slot{"w": {}}},
		`parameter "w": slot has moments none, want "m", "v"`:       {Slots: map[string]optim.Slot{"w": {Steps: 1}}},
		`parameter "w": slot has moments "velocity", want "m", "v"`: {Slots: map[string]optim.Slot{"w": {1, moments{"velocity": f32(2)}}}},
		`parameter "w": moment v is nil`:                            {Slots: map[string]optim.Slot{"w": {1, moments{"m": f32(2), "v": nil}}}},
		`parameter "w": moment v has shape (3), want (2)`:           {Slots: map[string]optim.Slot{"w": {1, moments{"m": f32(2), "v": f32(3)}}}},
		`parameter "w": moment v is of float64, want float32`:       {Slots: map[string]optim.Slot{"w": {1, moments{"m": f32(2), "v": f64}}}},
		`parameter "a": slot has 0 steps, want at least 1`:          {Slots: map[string]optim.Slot{"a": {}, "b": {}, "c": {}}},
	} {
		o, w := &optim.Adam{}, newWeight("w", "tensor32")
		run(t, o, []*weight{w}, 1)
		before := slots(o)
		require.EqualError(t, o.Restore(s), "optim: adam: restore: "+want)
		require.Equal(t, before, slots(o))
	}
	one := optim.State{Steps: 1, Slots: map[string]optim.Slot{"w": {1, moments{"m": f32(2), "v": f32(2)}}}}
	require.EqualError(t, (&optim.SGD{}).Restore(one), `optim: sgd: restore: parameter "w": slot has moments "m", "v", want none`)
	require.EqualError(t, (&optim.RMSProp{Momentum: 0.5}).Restore(one), `optim: rmsprop: restore: parameter "w": slot has moments "m", "v", want "square", "velocity"`)

	o := &optim.Adam{}
	require.NoError(t, o.Restore(one))
	require.EqualError(t, o.Step([]G.ValueGrad{newWeight("w", "tensor32")}), "optim: adam: parameter w: value has shape (3), want (2) as before")
}

func TestHyperParameterErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for want, o := range map[string]optim.Optimiser{
		"sgd: LearningRate is 0, want a finite number above 0":          &optim.SGD{},
		"sgd: LearningRate is NaN, want a finite number above 0":        &optim.SGD{LearningRate: nan},
		"sgd: Momentum is 1, want a number in [0, 1)":                   &optim.SGD{LearningRate: 1, Momentum: 1},
		"sgd: Momentum is -0.5, want a number in [0, 1)":                &optim.SGD{LearningRate: 1, Momentum: -0.5},
		"sgd: WeightDecay is -1, want a finite number of at least 0":    &optim.SGD{LearningRate: 1, WeightDecay: -1},
		"sgd: with Nesterov, Momentum is 0, want it above 0":            &optim.SGD{LearningRate: 1, Nesterov: true},
		"adam: LearningRate is -0.1, want a finite number above 0":      &optim.Adam{LearningRate: -0.1},
		"adam: Beta1 is NaN, want a number in [0, 1)":                   &optim.Adam{Beta1: nan},
		"adam: Beta2 is 1.5, want a number in [0, 1)":                   &optim.Adam{Beta2: 1.5},
		"adam: Epsilon is -1e-08, want a finite number above 0":         &optim.Adam{Epsilon: -1e-8},
		"adam: WeightDecay is +Inf, want a finite number of at least 0": optim.NewAdamW(0, inf),
		"rmsprop: LearningRate is +Inf, want a finite number above 0":   &optim.RMSProp{LearningRate: inf},
		"rmsprop: Decay is -1, want a number in [0, 1)":                 &optim.RMSProp{Decay: -1},
		"rmsprop: Epsilon is NaN, want a finite number above 0":         &optim.RMSProp{Epsilon: nan},
		"rmsprop: Momentum is +Inf, want a number in [0, 1)":            &optim.RMSProp{Momentum: inf},
	} {
		require.EqualError(t, o.Step(nil), "optim: "+want)
	}
	o := &optim.Adam{}
	o.SetRateFactor(nan)
	require.EqualError(t, o.Step(nil), "optim: adam: rate factor is NaN, want a finite number of at least 0")
	o.SetRateFactor(-1)
	require.EqualError(t, o.Step(nil), "optim: adam: rate factor is -1, want a finite number of at least 0")
}

// In a graph of Gorgonia's with BindDualValues, gradients add up over runs
// unless a solver sets them to zero. The loss (w₀ + 2w₁ − 1)² s² has the
// gradients below; s is a scalar.
func TestStepInGorgoniaGraph(t *testing.T) {
	for name, o := range map[string]optim.Optimiser{
		"plain": &optim.SGD{LearningRate: 0.01}, "momentum": &optim.SGD{LearningRate: 0.01, Momentum: 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			g := G.NewGraph()
			w := G.NewVector(g, tensor.Float64, G.WithShape(2), G.WithValue(vector64([]float64{3, -2}))) // without a name
			s := G.NewScalar(g, tensor.Float64, G.WithName("s"), G.WithValue(2.0))
			x := G.NewVector(g, tensor.Float64, G.WithName("x"), G.WithShape(2), G.WithValue(vector64([]float64{1, 2})))
			off := G.Must(G.Sub(G.Must(G.Mul(w, x)), G.NewConstant(1.0)))
			loss := G.Must(G.Square(G.Must(G.Mul(off, s))))
			_, err := G.Grad(loss, w, s)
			require.NoError(t, err)
			vm := G.NewTapeMachine(g, G.BindDualValues(w, s))
			defer vm.Close()

			a, b, c := 3.0, -2.0, 2.0
			var va, vb, vc, mu float64
			if name == "momentum" {
				mu = 0.5
			}
			for range 5 {
				require.NoError(t, vm.RunAll())
				require.NoError(t, o.Step(G.NodesToValueGrads(G.Nodes{w, s})))
				vm.Reset()
				r := a + 2*b - 1
				va, vb, vc = mu*va+2*r*c*c, mu*vb+4*r*c*c, mu*vc+2*r*r*c
				a, b, c = a-0.01*va, b-0.01*vb, c-0.01*vc
				require.InDeltaSlice(t, []float64{a, b}, elements(w.Value()), 1e-12)
				require.InDelta(t, c, elements(s.Value())[0], 1e-12)
			}
			require.Contains(t, o.State().Slots, "#0")
			require.Contains(t, o.State().Slots, "s")
		})
	}
}

// sum runs the loss Σ(a+b)²/2 at a = 1, b = 2 without BindDualValues. Gorgonia
// then gives a and b the same tensor for a gradient, of threes.
func sum(t *testing.T) (a, b *G.Node) {
	t.Helper()
	g := G.NewGraph()
	a = G.NewVector(g, tensor.Float64, G.WithName("a"), G.WithShape(2), G.WithValue(vector64([]float64{1, 1})))
	b = G.NewVector(g, tensor.Float64, G.WithName("b"), G.WithShape(2), G.WithValue(vector64([]float64{2, 2})))
	loss := G.Must(G.Mul(G.Must(G.Sum(G.Must(G.Square(G.Must(G.Add(a, b)))))), G.NewConstant(0.5)))
	_, err := G.Grad(loss, a, b)
	require.NoError(t, err)
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	require.NoError(t, vm.RunAll())
	ga, err := a.Grad()
	require.NoError(t, err)
	gb, err := b.Grad()
	require.NoError(t, err)
	require.Equal(t, ga.Uintptr(), gb.Uintptr(), "gradients are no longer shared: the care taken of it can go")
	return a, b
}

func TestSharedGradient(t *testing.T) {
	a, b := sum(t)
	require.NoError(t, (&optim.SGD{LearningRate: 0.25}).Step([]G.ValueGrad{a, b}))
	require.Equal(t, []float64{0.25, 0.25}, elements(a.Value()))
	require.Equal(t, []float64{1.25, 1.25}, elements(b.Value()))
}

// One group would have cleared or clipped the gradient that another one still has to use.
// What is frozen changes nothing.
func TestSharedGradientOfGroups(t *testing.T) {
	a, b := sum(t)
	groups := &optim.Groups{Default: &optim.SGD{LearningRate: 0.25}, Of: []optim.Group{{Match: "b", Optimiser: &optim.SGD{LearningRate: 0.5}}}}
	require.EqualError(t, groups.Step([]G.ValueGrad{a, b}), `optim: groups: parameter "b" shares the tensor of its gradient with one of another group, which would change it first: gorgonia.BindDualValues gives each its own`)
	require.Equal(t, []float64{1, 1}, elements(a.Value()))
	require.Equal(t, []float64{2, 2}, elements(b.Value()))
	groups.Of[0] = optim.Group{Match: "b", Frozen: true}
	require.NoError(t, groups.Step([]G.ValueGrad{a, b}))
	require.Equal(t, []float64{0.25, 0.25}, elements(a.Value()))
	require.Equal(t, []float64{2, 2}, elements(b.Value()))
}

// The parameters are those of the network 784-512-512-10.
func BenchmarkOptimiser(b *testing.B) {
	for name, optimiser := range optimisers {
		b.Run(name, func(b *testing.B) {
			o, n := optimiser(), 0
			var ps []G.ValueGrad
			var gs [][]float32
			for i, size := range []int{784 * 512, 512 * 512, 512 * 10} {
				w := big(size)
				w.name = fmt.Sprint("w", i)
				ps = append(ps, w)
				gs = append(gs, append([]float32{}, w.grad.(*tensor.Dense).Float32s()...))
				n += size
			}
			require.NoError(b, o.Step(ps))
			b.ReportAllocs()
			for b.Loop() {
				for i, p := range ps { // the step has set it to zero
					g, _ := p.Grad()
					copy(g.(*tensor.Dense).Float32s(), gs[i])
				}
				if err := o.Step(ps); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/weight")
		})
	}
}
