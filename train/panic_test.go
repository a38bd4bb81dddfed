package train_test

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// A bomb goes off when it has ticked so often.
type bomb struct{ left atomic.Int64 }

func (b *bomb) tick() {
	if b.left.Add(-1) == 0 {
		panic("boom")
	}
}

// What others have written, with a bomb in one of its methods.

type shakyData struct {
	data.Dataset
	in   string
	tick func()
}

func (d shakyData) Len() int {
	if d.in == "Len" {
		d.tick()
	}
	return d.Dataset.Len()
}

func (d shakyData) Sample(i int, x []float32) (int, error) {
	if d.in == "Sample" {
		d.tick()
	}
	return d.Dataset.Sample(i, x)
}

func (d shakyData) Steps(int) int {
	if d.in == "Steps" {
		d.tick()
	}
	return 6
}

type shakyOptimiser struct {
	*optim.Adam
	in   string
	tick func()
}

func (o shakyOptimiser) at(method string) {
	if o.in == method {
		o.tick()
	}
}
func (o shakyOptimiser) Rate() float64           { o.at("Rate"); return o.Adam.Rate() }
func (o shakyOptimiser) SetRateFactor(f float64) { o.at("SetRateFactor"); o.Adam.SetRateFactor(f) }
func (o shakyOptimiser) State() optim.State      { o.at("State"); return o.Adam.State() }
func (o shakyOptimiser) Step(ps []G.ValueGrad) error {
	if o.in == "Step" { // in the midst of it
		ps[0].Value().(*tensor.Dense).Zero()
		o.tick()
	}
	return o.Adam.Step(ps)
}

type shakySchedule struct {
	halving
	in   string
	tick func()
}

func (s *shakySchedule) Rate(step, total int) float64 {
	f := s.halving.Rate(step, total)
	if s.in == "Rate" {
		s.tick()
	}
	return f
}

func (s *shakySchedule) MarshalBinary() ([]byte, error) {
	if s.in == "MarshalBinary" {
		s.tick()
	}
	return s.halving.MarshalBinary()
}

type shakyObserver struct {
	in   string
	tick func()
}

func (o shakyObserver) at(method string) {
	if o.in == method {
		o.tick()
	}
}
func (o shakyObserver) Begin(train.Session) error         { o.at("Begin"); return nil }
func (o shakyObserver) Batch(train.Batch)                 { o.at("Batch") }
func (o shakyObserver) Diagnosis(int, []diagnose.Finding) { o.at("Diagnosis") }
func (o shakyObserver) Epoch(train.Epoch)                 { o.at("Epoch") }
func (o shakyObserver) Sync()                             { o.at("Sync") }
func (o shakyObserver) End(train.Result, error)           { o.at("End") }

// sparks is a spike function that is asked on several goroutines at once.
type sparks struct {
	surrogate.SuperSpike
	tick func()
}

func (f sparks) Heaviside(int) {} // not the promise of surrogate.Step
func (f sparks) Slope(int)     {}
func (f sparks) Eval(x float64) float64 {
	f.tick()
	return f.SuperSpike.Eval(x)
}

// Wherever somebody's code panics in a training, Run returns an error that says whose and
// has the calls, the weights are those after a whole batch, and from the last checkpoint
// the training goes on to the same end, bit for bit, as if nothing had happened.
func TestPanicInATraining(t *testing.T) {
	long.Test(t)
	none := func() {}
	type setting struct {
		who   string
		ticks int64
		set   func(tr *train.Trainer, tick func())
	}
	of := func(method string, ticks int64) setting {
		return setting{method + " of the observer train_test.shakyObserver", ticks, func(tr *train.Trainer, tick func()) {
			tr.Observers = []train.Observer{&diary{}, shakyObserver{method, tick}}
		}}
	}
	optimiser := func(method string, ticks int64) setting {
		return setting{method + " of the optimiser train_test.shakyOptimiser", ticks, func(tr *train.Trainer, tick func()) {
			tr.Optimiser = shakyOptimiser{&optim.Adam{LearningRate: 0.01}, method, tick}
		}}
	}
	dataset := func(method string, ticks int64) setting {
		return setting{method + " of the data set train_test.shakyData", ticks, func(tr *train.Trainer, tick func()) {
			tr.Data = shakyData{tr.Data, method, tick}
		}}
	}
	net := func(tick func()) layers.Layer {
		p := neurons.DefaultLIFParams()
		p.Spike = sparks{surrogate.SuperSpike{Alpha: 100}, tick}
		return layers.Sequential{
			layers.Linear{Out: 300, Init: layers.Scaled{Gain: 4}}, layers.Lift(neurons.LIFStep, p), layers.Dropout{P: 0.1},
			layers.Linear{Out: 3}, li(), layers.MaxOverTime,
		}
	}
	rebuild := func(tr *train.Trainer, set func(m *train.Network)) {
		m := train.Network{Net: deep(), Shape: []int{4}, Steps: 6, Batch: 10, Seed: 3}
		set(&m)
		var err error
		tr.Model, err = m.Compile()
		require.NoError(t, err)
	}
	for name, c := range map[string]setting{
		"Sample": dataset("Sample", 55), "Len": dataset("Len", 3), "Steps": dataset("Steps", 55),
		"Step": optimiser("Step", 6), "State": optimiser("State", 6), "Rate": optimiser("Rate", 2), "SetRateFactor": optimiser("SetRateFactor", 6),
		"Batch": of("Batch", 6), "Epoch": of("Epoch", 2), "Sync": of("Sync", 6), "End": of("End", 1), "Diagnosis": of("Diagnosis", 2),
		"schedule": {"Rate of the schedule *train_test.shakySchedule", 6, func(tr *train.Trainer, tick func()) {
			tr.Schedule = &shakySchedule{in: "Rate", tick: tick}
		}},
		"state of the schedule": {"MarshalBinary of the schedule *train_test.shakySchedule", 6, func(tr *train.Trainer, tick func()) {
			tr.Schedule = &shakySchedule{in: "MarshalBinary", tick: tick}
		}},
		"encoder": {"Encode of the encoder encode.Func", 7, func(tr *train.Trainer, tick func()) {
			tr.Encoder = encode.Func(func(dst, x []float32, steps int, r *rand.Rand) error {
				tick()
				return noisy(dst, x, steps, r)
			})
		}},
		"encoder of segments": {"EncodeSegment of the encoder train_test.segmentEncoder", 20, func(tr *train.Trainer, tick func()) {
			rebuild(tr, func(m *train.Network) { m.Window, m.Stride = 4, 2 })
			tr.Encoder = segmentEncoder(tick)
		}},
		"OnBatch": {"OnBatch", 6, func(tr *train.Trainer, tick func()) { tr.OnBatch = func(train.Batch) { tick() } }},
		"OnEpoch": {"OnEpoch", 2, func(tr *train.Trainer, tick func()) { tr.OnEpoch = func(train.Epoch) error { tick(); return nil } }},
		"spikes":  {"Eval of the spike function train_test.sparks", 100_000, func(tr *train.Trainer, tick func()) { rebuild(tr, func(m *train.Network) { m.Net = net(tick) }) }},
	} {
		trainer := func(dir string, tick func()) *train.Trainer {
			tr := (course{net: deep, set: func(*train.Trainer) {}}).trainer(t, dir)
			tr.Checkpoints.EverySteps, tr.Checkpoints.Keep, tr.Epochs = 1, 100, 2
			tr.Doctor, tr.OnFinding = name == "Diagnosis", func(diagnose.Finding) {}
			tr.OnWarning = func(error) {}
			c.set(tr, tick)
			return tr
		}
		whole := trainer(t.TempDir(), none)
		after := map[string][][]float64{} // the weights by checkpoint
		result, err := whole.Run(background)
		require.NoError(t, err, name)
		for _, file := range fileNames(t, whole.Checkpoints.Dir) {
			if strings.HasPrefix(file, "step-") {
				m := trainer(t.TempDir(), none).Model
				require.NoError(t, m.LoadWeights(filepath.Join(whole.Checkpoints.Dir, file)))
				after[file] = bits(m)
			}
		}

		var b bomb
		b.left.Store(c.ticks)
		tr := trainer(t.TempDir(), b.tick)
		_, err = tr.Run(background)
		require.ErrorContains(t, err, c.who+" panicked: boom\n\t", name)
		var p *train.PanicError
		require.ErrorAs(t, err, &p, name)
		require.Equal(t, "boom", p.Value)
		require.Contains(t, p.Stack, "panic_test.go:")
		if name != "encoder of segments" { // there it is after a stride
			require.Contains(t, values(after), bits(tr.Model), "%s: the weights are not those after a batch", name)
		}
		for _, o := range tr.Observers {
			if d, ok := o.(*diary); ok {
				require.NotEmpty(t, *d, "%s: the others are told", name)
			}
		}

		last, _, err := train.LatestCheckpoint(tr.Checkpoints.Dir)
		require.NoError(t, err, name)
		again := trainer(tr.Checkpoints.Dir, none)
		again.Resume = last
		resumed, err := again.Run(background)
		require.NoError(t, err, name)
		require.Equal(t, timeless(result).History, timeless(resumed).History, name)
		require.Equal(t, read(t, whole.Checkpoints.Dir, "final.safetensors"), read(t, again.Checkpoints.Dir, "final.safetensors"), name)

		_, err = tr.Model.Evaluate(background, tr.Validation, nil) // and the model is free
		require.NoError(t, err, name)
	}
}

func values(m map[string][][]float64) (all [][][]float64) {
	for _, v := range m {
		all = append(all, v)
	}
	return all
}

// What panics before a training has begun, or where nothing can be trained, is an error
// too.
func TestPanicBeforeATraining(t *testing.T) {
	var b bomb
	for name, set := range map[string]func(tr *train.Trainer){
		"Begin of the observer train_test.shakyObserver": func(tr *train.Trainer) { tr.Observers = []train.Observer{shakyObserver{"Begin", b.tick}} },
		"Len of the data set train_test.shakyData":       func(tr *train.Trainer) { tr.Data = shakyData{tr.Data, "Len", b.tick} },
		"Validate of the schedule train_test.invalid":    func(tr *train.Trainer) { tr.Schedule = invalid{} },
	} {
		b.left.Store(1)
		tr := (course{net: small0, set: func(*train.Trainer) {}}).trainer(t, t.TempDir())
		before := bits(tr.Model)
		set(tr)
		_, err := tr.Run(background)
		require.ErrorContains(t, err, name+" panicked: boom\n\t")
		require.Equal(t, before, bits(tr.Model))
	}
}

type invalid struct{}

func (invalid) Rate(int, int) float64 { return 1 }
func (invalid) Validate() error       { panic("boom") }

// An OnWarning that panics ends the training after the present batch.
func TestPanicInAWarning(t *testing.T) {
	tr := (course{net: small0, set: func(*train.Trainer) {}}).trainer(t, t.TempDir())
	var b bomb
	b.left.Store(1)
	tr.OnWarning = func(error) { b.tick() }
	tr.OnBatch = func(train.Batch) {}
	tr.Observers = []train.Observer{warns{}}
	_, err := tr.Run(background)
	require.ErrorContains(t, err, "OnWarning panicked: boom\n\t")
	require.ErrorContains(t, err, "train: epoch 0, batch 0: ")
	require.Equal(t, []string{"step-000000001.safetensors"}, fileNames(t, tr.Checkpoints.Dir))
}

type warns struct{ shakyObserver }

func (warns) Begin(s train.Session) error { s.Warn(errFull); return nil }

// What a network is made of says who it is when it panics.
func TestPanicInANetwork(t *testing.T) {
	d := yinyang(t, 10)
	for who, m := range map[string]train.Network{
		"Apply of the layer train_test.badLayer":            {Net: layers.Sequential{layers.Named("bad", badLayer{})}},
		"Draw of the initialiser train_test.badInit":        {Net: layers.Linear{Out: 3, Init: badInit{}}},
		"the step train_test.badStep":                       {Net: layers.Lift(badStep, neurons.DefaultLIFParams())},
		"Penalise of the regulariser train_test.badPenalty": {Net: layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(), layers.Regularise(badPenalty{}))},
		"Target of the loss train_test.badLoss":             {Net: small(), Loss: badLoss{in: "Target"}},
		"Cost of the loss train_test.badLoss":               {Net: small(), Loss: badLoss{in: "Cost"}},
		"OverTime of the loss train_test.badLoss":           {Net: small(), Loss: badLoss{in: "OverTime"}},
	} {
		m.Shape, m.Steps, m.Batch = []int{4}, 3, 2
		_, err := m.Compile()
		require.ErrorContains(t, err, "train: ")
		require.ErrorContains(t, err, who+" panicked: boom\n\t")
	}
	m := newModel(t, train.Network{Net: small(), Shape: []int{4}, Steps: 3, Batch: 5})
	for _, method := range []string{"Len", "Shape", "Sample"} {
		_, err := m.Predict(background, badData{d, method}, nil)
		require.ErrorContains(t, err, "train: predict: ")
		require.ErrorContains(t, err, method+" of the data set train_test.badData panicked: boom\n\t")
	}
}

type badLayer struct{}

func (badLayer) Apply(*layers.Build, *G.Node) (*G.Node, error) { panic("boom") }

func badStep(*G.Node, neurons.LIFState, neurons.LIFParams) (*G.Node, neurons.LIFState, error) {
	panic("boom")
}

type badInit struct{}

func (badInit) Draw(*rand.Rand, []int, []float64) error { panic("boom") }

type badPenalty struct{}

func (badPenalty) Penalise(*layers.Build, layers.Activity) (layers.Penalty, error) { panic("boom") }

type badLoss struct {
	loss.CrossEntropy
	in string
}

func (l badLoss) OverTime() bool {
	if l.in == "OverTime" {
		panic("boom")
	}
	return false
}

func (l badLoss) Target(out tensor.Shape) ([]int, error) {
	if l.in == "Target" {
		panic("boom")
	}
	return l.CrossEntropy.Target(out)
}

func (l badLoss) Cost(out, target, weight *G.Node) (*G.Node, error) {
	if l.in == "Cost" {
		panic("boom")
	}
	return l.CrossEntropy.Cost(out, target, weight)
}

type badData struct {
	data.Dataset
	in string
}

func (d badData) Len() int {
	if d.in == "Len" {
		panic("boom")
	}
	return d.Dataset.Len()
}

func (d badData) Shape() []int {
	if d.in == "Shape" {
		panic("boom")
	}
	return d.Dataset.Shape()
}

func (d badData) Sample(i int, x []float32) (int, error) {
	if d.in == "Sample" {
		panic("boom")
	}
	return d.Dataset.Sample(i, x)
}
