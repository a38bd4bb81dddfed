package runlog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
	"github.com/spikegrad/spikegrad/train/runlog"
)

var background = context.Background()

func yinyang(t testing.TB, n int, seed uint64) *data.Memory {
	d, err := data.NewYinYang(n, seed)
	require.NoError(t, err)
	return d
}

// trainer returns a training of a small network with a penalty: batches of 20
// samples of 90, so that the fifth of an epoch has half as many.
func trainer(t testing.TB, epochs int, observers ...train.Observer) *train.Trainer {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	m, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 30, Init: layers.Scaled{Gain: 4}},
			layers.Named("hidden", layers.Lift(neurons.LIFStep, p, layers.Regularise(layers.Rate{Upper: 0.05, Weight: 0.1}))),
			layers.Linear{Out: 3},
			layers.Named("readout", layers.Lift(neurons.LIStep, neurons.DefaultLIParams())),
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 20, Batch: 20, Seed: 1,
	}.Compile()
	require.NoError(t, err)
	return &train.Trainer{
		Model: m, Data: yinyang(t, 90, 42), Validation: yinyang(t, 40, 41), Epochs: epochs, Seed: 1,
		Optimiser: &optim.Adam{LearningRate: 0.01}, ClipNorm: 1, Observers: observers,
		OnWarning: func(err error) { t.Error("warning:", err) },
	}
}

// A tape is an Observer that can be played again.
type tape struct {
	session train.Session
	calls   []any // train.Batch, train.Epoch or exam
	result  train.Result
}

// An exam is a call of Diagnosis.
type exam struct {
	epochs int
	found  []diagnose.Finding
}

func (c *tape) Begin(s train.Session) error   { c.session = s; return nil }
func (c *tape) Batch(b train.Batch)           { c.calls = append(c.calls, b) }
func (c *tape) Epoch(e train.Epoch)           { c.calls = append(c.calls, e) }
func (c *tape) Sync()                         {}
func (c *tape) End(r train.Result, err error) { c.result = r }
func (c *tape) Diagnosis(epochs int, fs []diagnose.Finding) {
	c.calls = append(c.calls, exam{epochs, fs})
}

// play tells o the calls from one to another, in a session that begins there.
func (c *tape) play(t testing.TB, o train.Observer, from, to int) {
	s := c.session
	for _, call := range c.calls[:from] {
		switch call.(type) {
		case train.Batch:
			s.Step++
		case train.Epoch:
			s.Epoch++
		}
	}
	require.NoError(t, o.Begin(s))
	for _, call := range c.calls[from:to] {
		switch call := call.(type) {
		case train.Batch:
			o.Batch(call)
		case train.Epoch:
			o.Epoch(call)
		case exam:
			o.Diagnosis(call.epochs, call.found)
		}
	}
	o.Sync()
}

var clock = regexp.MustCompile(`,"clock":\{"time":"[0-9TZ:.-]+","seconds":[0-9.e-]+,"memory":[0-9]+\}`)

// lines returns the log in dir without what differs between two runs.
func lines(t testing.TB, dir string) string {
	b, err := os.ReadFile(filepath.Join(dir, "log.jsonl"))
	require.NoError(t, err)
	require.Len(t, clock.FindAll(b, -1), bytes.Count(b, []byte("\n")))
	return string(clock.ReplaceAll(b, nil))
}

// The log has a line for each batch and each epoch, with what the trainer told.
func TestLog(t *testing.T) {
	var c tape
	dir := t.TempDir()
	f := &runlog.Folder{Dir: filepath.Join(dir, "a", "b")}
	r, err := trainer(t, 2, &c, f).Run(background)
	require.NoError(t, err)
	l, err := runlog.Read(filepath.Join(f.Dir, "log.jsonl"))
	require.NoError(t, err)
	require.Len(t, l.Batches, 10)
	require.Len(t, l.Epochs, 2)
	i := 0
	for _, call := range c.calls {
		b, ok := call.(train.Batch)
		if !ok {
			continue
		}
		got := l.Batches[i]
		require.Equal(t, []int{i, i / 5, i % 5}, []int{got.Step, got.Epoch, got.Batch})
		require.Equal(t, []int{20, 20, 20, 20, 10}[i%5], got.Samples)
		require.Equal(t, b.Loss, got.Loss)
		require.Equal(t, b.Accuracy, *got.Accuracy)
		require.Equal(t, map[string]float64{"hidden.rate": b.Terms["hidden.rate"]}, got.Penalties)
		require.Equal(t, 0.01, got.LearningRate)
		require.Equal(t, b.GradNorm, got.GradNorm)
		require.Equal(t, map[string]float64{"hidden": b.Rates[0].Value}, got.Rates)
		require.Positive(t, got.Rates["hidden"])
		require.Positive(t, got.Clock.Memory)
		require.False(t, got.Clock.Time.IsZero())
		i++
	}
	for e, ep := range l.Epochs {
		require.Equal(t, []int{e, 5*e + 5, 90, 40}, []int{ep.Epoch, ep.Steps, ep.Train.Samples, ep.Validation.Samples})
		require.Equal(t, r.History[e].Validation.Accuracy, *ep.Validation.Accuracy)
		require.Equal(t, r.History[e].Train.Loss, ep.Train.Loss)
		require.Equal(t, r.History[e].GradNorm, ep.GradNorm)
		require.Equal(t, r.History[e].Train.Rates[0].Value, ep.Train.Rates["hidden"])
	}

	// In plain text, with one line in four.
	f = &runlog.Folder{Dir: dir, Every: 4}
	c.play(t, f, 0, 6)
	f.End(train.Result{}, nil)
	b, e := c.calls[4].(train.Batch), c.calls[5].(train.Epoch)
	want := fmt.Sprintf(`{"kind":"batch","step":4,"epoch":0,"batch":4,"samples":10,"loss":%v,"penalties":{"hidden.rate":%v},"accuracy":%v,"learning_rate":0.01,"grad_norm":%v,"rates":{"hidden":%v}}
{"kind":"epoch","epoch":0,"steps":5,"train":{"samples":90,"loss":%v,"penalties":{"hidden.rate":%v},"accuracy":%v,"rates":{"hidden":%v}},"validation":{"samples":40,"loss":%v,"penalties":{"hidden.rate":%v},"accuracy":%v,"rates":{"hidden":%v}},"learning_rate":0.01,"grad_norm":%v}
`, b.Loss, b.Terms["hidden.rate"], b.Accuracy, b.GradNorm, b.Rates[0].Value,
		e.Train.Loss, e.Train.Terms["hidden.rate"], e.Train.Accuracy, e.Train.Rates[0].Value,
		e.Validation.Loss, e.Validation.Terms["hidden.rate"], e.Validation.Accuracy, e.Validation.Rates[0].Value, e.GradNorm)
	got := lines(t, dir)
	require.Contains(t, got, `{"kind":"batch","step":0,`)
	require.Equal(t, want, got[bytes.IndexByte([]byte(got), '\n')+1:])
}

// sick returns a training as trainer does, of neurons that never spike, which a
// Doctor sees.
func sick(t testing.TB, epochs int, observers ...train.Observer) *train.Trainer {
	tr := trainer(t, epochs, observers...)
	clear(tr.Model.Params()[0].Value().Data().([]float32))
	tr.Optimiser = &optim.Adam{LearningRate: 1e-6}
	tr.Doctor, tr.OnFinding = true, func(diagnose.Finding) {}
	return tr
}

// What the Doctor finds has a line for each examination.
func TestDiagnosis(t *testing.T) {
	dir := t.TempDir()
	var told []diagnose.Finding
	tr := sick(t, 2, &runlog.Folder{Dir: dir})
	tr.OnFinding = func(f diagnose.Finding) { told = append(told, f) }
	_, err := tr.Run(background)
	require.NoError(t, err)
	require.Len(t, told, 1)
	require.Equal(t, diagnose.SilentLayer, told[0].Kind)
	l, err := runlog.Read(filepath.Join(dir, "log.jsonl"))
	require.NoError(t, err)
	require.Len(t, l.Diagnoses, 3)
	zero, limit := 0.0, told[0].Limit
	for i, d := range l.Diagnoses {
		require.Equal(t, i, d.Epochs)
		require.Len(t, d.Findings, 1)
		f := d.Findings[0]
		require.Equal(t, runlog.Finding{Kind: "silent layer", Layer: "hidden", Neurons: f.Neurons, Value: &zero, Limit: &limit, Message: f.Message, Cure: f.Cure}, f)
		require.Contains(t, f.Message, "hidden: none of 30 neurons spikes in ")
	}
	require.Equal(t, told[0].Message, l.Diagnoses[0].Findings[0].Message)
	report := read(t, dir, "report.html")
	require.Contains(t, report, "<p class=\"soft\">Found in 3 examinations, the last after epoch 2.</p>")
	require.Equal(t, 1, strings.Count(report, `<h3 class="bad">Silent layer: hidden</h3><p class="soft">found before the first batch, and still there</p><p>hidden: none of 30 `))

	// A healthy network.
	dir = t.TempDir()
	tr = trainer(t, 1, &runlog.Folder{Dir: dir})
	tr.Doctor = true
	_, err = tr.Run(background)
	require.NoError(t, err)
	require.Contains(t, read(t, dir, "report.html"), "<h2>Doctor</h2>\n<p>Nothing found in 2 examinations, the last after epoch 1.</p>")
	_, err = trainer(t, 1, &runlog.Folder{Dir: dir}).Run(background)
	require.NoError(t, err)
	require.NotContains(t, read(t, dir, "report.html"), "Doctor")

	// In plain text, and with a number that JSON does not have.
	f := &runlog.Folder{Dir: t.TempDir(), NoReport: true}
	var c tape
	_, err = trainer(t, 1, &c).Run(background)
	require.NoError(t, err)
	require.NoError(t, f.Begin(c.session))
	f.Diagnosis(0, nil)
	f.Diagnosis(1, []diagnose.Finding{{Kind: diagnose.Unstable, Layer: "a", Neurons: []int{3}, Value: math.Inf(1), Limit: 2, Message: "M.", Cure: "C."}})
	f.End(train.Result{}, nil)
	require.Equal(t, `{"kind":"diagnosis","epochs":0,"findings":[]}
{"kind":"diagnosis","epochs":1,"findings":[{"kind":"unstable","layer":"a","neurons":[3],"limit":2,"message":"M.","cure":"C."}]}
`, lines(t, f.Dir))
}

// Wherever a training is interrupted, and from whatever checkpoint before that it
// goes on, the log and the events are those of one that ran through.
func TestResume(t *testing.T) {
	var c tape
	whole := t.TempDir()
	_, err := sick(t, 3, &c, &runlog.Folder{Dir: whole, NoReport: true}).Run(background)
	require.NoError(t, err)
	require.Len(t, c.calls, 22)
	want, events := lines(t, whole), steps(t, whole)
	for stop := 1; stop <= len(c.calls); stop++ {
		torn := []int{1, 0, 40}[stop%3]
		from := stop * (torn + 1) % (stop + 1) // anywhere up to the end
		if _, ok := c.calls[max(from, 1)-1].(exam); ok {
			from-- // no checkpoint is between an examination and what comes next
		}
		dir := t.TempDir()
		f := &runlog.Folder{Dir: dir, NoReport: true}
		c.play(t, f, 0, stop)
		f.Killed()
		for _, name := range []string{"log.jsonl", "events.out.tfevents.0"} {
			// As after a kill in the middle of a line that the checkpoint does not cover.
			path := filepath.Join(dir, name)
			st, err := os.Stat(path)
			require.NoError(t, err)
			lost := slices.ContainsFunc(c.calls[from:stop], func(call any) bool {
				_, ok := call.(exam) // has no event
				return !ok || name == "log.jsonl"
			})
			if lost {
				require.NoError(t, os.Truncate(path, st.Size()-int64(torn)))
			}
		}
		again := &runlog.Folder{Dir: dir, NoReport: true}
		c.play(t, again, from, len(c.calls))
		again.End(c.result, nil)
		require.Equal(t, want, lines(t, dir), "stopped after %d, went on after %d", stop, from)
		require.Equal(t, events, steps(t, dir), "stopped after %d, went on after %d", stop, from)
	}
}

// A training that begins anew keeps the files of the one before, and no more.
func TestBeginAnew(t *testing.T) {
	var c tape
	dir := t.TempDir()
	for range 3 {
		_, err := trainer(t, 1, &c, &runlog.Folder{Dir: dir}).Run(background)
		require.NoError(t, err)
	}
	l, err := runlog.Read(filepath.Join(dir, "log.jsonl"))
	require.NoError(t, err)
	require.Len(t, l.Batches, 5)
	l, err = runlog.Read(filepath.Join(dir, "earlier", "log.jsonl"))
	require.NoError(t, err)
	require.Len(t, l.Batches, 5)
	for _, name := range []string{"events.out.tfevents.0", "run.json", "report.html"} {
		require.FileExists(t, filepath.Join(dir, "earlier", name))
	}
	require.Len(t, steps(t, dir), 7) // the version, five batches, the epoch
}

// What cannot be gone on with is said, and the training goes on.
func TestResumeWarns(t *testing.T) {
	var c tape
	_, err := trainer(t, 1, &c).Run(background)
	require.NoError(t, err)
	for _, tc := range []struct{ name, text, want string }{
		{"missing", "", `runlog: the training goes on after 3 batches, and there is no DIR/log.jsonl of them`},
		{"short", `{"kind":"batch","step":0,"epoch":0,"batch":0}` + "\n", `runlog: DIR/log.jsonl ends before batch 1, and the training goes on at 3`},
		{"foreign", "# notes\n", `runlog: DIR/log.jsonl is damaged and cut off there: line 1: invalid character '#' looking for beginning of value`},
		{"kind", `{"kind":"poem"}` + "\n", `runlog: DIR/log.jsonl is damaged and cut off there: line 1: kind is "poem", want "batch", "epoch" or "diagnosis"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			if tc.text != "" {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "log.jsonl"), []byte(tc.text), 0o666))
			}
			var got []string
			c.session.Warn = func(err error) { got = append(got, err.Error()) }
			f := &runlog.Folder{Dir: dir, NoReport: true}
			c.play(t, f, 3, 5)
			f.End(train.Result{}, nil)
			require.NotEmpty(t, got)
			require.Equal(t, tc.want, string(bytes.ReplaceAll([]byte(got[0]), []byte(dir), []byte("DIR"))))
			l, err := runlog.Read(filepath.Join(dir, "log.jsonl"))
			require.NoError(t, err)
			require.Equal(t, 4, l.Batches[len(l.Batches)-1].Step)
		})
	}
}

// What comes outside of a training is not written down.
func TestFolderClosed(t *testing.T) {
	f := &runlog.Folder{Dir: t.TempDir()}
	for range 2 {
		f.Batch(train.Batch{})
		f.Diagnosis(0, nil)
		f.Epoch(train.Epoch{})
		f.Sync()
		f.End(train.Result{}, nil)
	}
	require.NoFileExists(t, filepath.Join(f.Dir, "log.jsonl"))
}

func TestFolderRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	for _, c := range []struct {
		f    *runlog.Folder
		want string
	}{
		{&runlog.Folder{}, "train: runlog: the folder has no name: Dir is empty"},
		{&runlog.Folder{Dir: "x", Every: -1}, "train: runlog: a line every -1 batches, want at least 1"},
		{&runlog.Folder{Dir: "x", Dt: -1}, "train: runlog: the time step is -1 s, want a number above 0"},
		{&runlog.Folder{Dir: file}, "train: runlog: mkdir " + file + ": not a directory"},
	} {
		_, err := trainer(t, 1, c.f).Run(background)
		require.EqualError(t, err, c.want)
	}
	_, err := runlog.Read(file + "?")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// One training at a time writes to a folder; what a second one does to the same
// Folder does not end the first.
func TestOneTrainingAFolder(t *testing.T) {
	f := &runlog.Folder{Dir: t.TempDir(), NoReport: true}
	lock := filepath.Join(f.Dir, "log.lock")
	tr := trainer(t, 1, f)
	refused := 0
	tr.OnBatch = func(b train.Batch) {
		if b.Step > 0 {
			return
		}
		require.FileExists(t, lock)
		other := &runlog.Folder{Dir: f.Dir + string(filepath.Separator)}
		require.EqualError(t, other.Begin(train.Session{Trainer: tr}), "runlog: a training writes to "+other.Dir+": this process holds "+lock+
			" already; end it or let it end, or write to another folder")
		require.EqualError(t, f.Begin(train.Session{Trainer: tr}), "runlog: the Folder of "+f.Dir+" serves a training already: give each one of its own")
		refused++
	}
	for range 2 { // one after the other is fine
		_, err := tr.Run(background)
		require.NoError(t, err)
		require.NoFileExists(t, lock)
		l, err := runlog.Read(filepath.Join(f.Dir, "log.jsonl"))
		require.NoError(t, err)
		require.Len(t, l.Epochs, 1)
	}
	require.Equal(t, 2, refused)
}

// What no Trainer would say is an error.
func TestFolderSession(t *testing.T) {
	f := &runlog.Folder{Dir: t.TempDir()}
	require.EqualError(t, f.Begin(train.Session{}), "runlog: the session has no trainer with a model")
	require.EqualError(t, f.Begin(train.Session{Trainer: &train.Trainer{}}), "runlog: the session has no trainer with a model")
	f = nil
	require.EqualError(t, f.Begin(train.Session{}), "runlog: the folder is nil")
	f.Batch(train.Batch{})
	f.Sync()
	f.End(train.Result{}, nil)
}

// run.json says how the training ended, over all sessions.
func TestInfo(t *testing.T) {
	dir := t.TempDir()
	text := func() string {
		b, err := os.ReadFile(filepath.Join(dir, "run.json"))
		require.NoError(t, err)
		return string(b)
	}
	var c tape
	f := &runlog.Folder{Dir: dir, Title: "Points", Config: map[string]any{"colour": "blue"}, NoReport: true}
	_, err := trainer(t, 1, &c, f).Run(background)
	require.NoError(t, err)
	for _, want := range []string{
		`"title": "Points"`, `"colour": "blue"`, `"outcome": "finished"`, `"Adam{LearningRate: 0.01}"`,
		`"LIF{TauSynInv: 200, TauMemInv: 100, Dt: 0.001, VTh: 1, Spike: SuperSpike{Alpha: 10}, regularised by Rate{Upper: 0.05, Weight: 0.1}}"`,
	} {
		require.Contains(t, text(), want)
	}
	c.play(t, f, 0, 2)
	f.Killed()
	require.Contains(t, text(), `"outcome": "running"`)
	c.play(t, f, 2, 4)
	require.Contains(t, text(), `"outcome": "interrupted"`)
	f.End(train.Result{}, context.Canceled)
	require.Contains(t, text(), `"outcome": "stopped"`)
	c.play(t, f, 4, 5)
	f.End(train.Result{}, errors.New("no power"))
	require.Contains(t, text(), `"outcome": "failed: no power"`)
	c.play(t, f, 5, 6)
	f.End(train.Result{Stopped: true}, nil)
	require.Contains(t, text(), `"outcome": "out of patience"`)
}
