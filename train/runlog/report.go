package runlog

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spikegrad/spikegrad/internal/host"
)

//go:embed report.html.tmpl
var reportText string

var reportTemplate = template.Must(template.New("report").Parse(reportText))

// A page is what the template of the report shows.
type page struct {
	Title, State, StateClass string
	Written, Began           string
	Figures                  []figure // the most important numbers
	Curves                   []picture
	Confusion                *confusionTable
	Rasters, Rates           []picture
	Weights                  []picture
	Costs                    *table
	CostFacts                []figure
	Network, Settings        table
	Machine, Sessions        table
	Warnings, Problems       []string
	Doctor                   *doctorNote // nil without one
	Resume                   string
	Files                    []figure
	Shown                    string // the data that the network was shown with
}

// A figure is a number with its name, and perhaps what is to be said about it.
type figure struct{ Name, Value, Note string }

// A table has a heading and rows of text; columns from the first one that is
// Numeric on are numbers, 0 if none is.
type table struct {
	Head    []string
	Rows    [][]string
	Numeric int
}

// IsNumber reports whether column i is one of numbers.
func (t table) IsNumber(i int) bool { return t.Numeric > 0 && i >= t.Numeric }

// report writes report.html.
func (f *Folder) report(state string) {
	began := time.Now()
	p := f.page(state)
	var b bytes.Buffer
	err := reportTemplate.Execute(&b, p)
	if err == nil {
		err = f.replace(reportFile, func(w io.Writer) error { _, err := b.WriteTo(w); return err })
	}
	if err != nil && !f.unreported {
		f.warn(err)
	}
	f.unreported = err != nil
	f.reported = time.Now()
	f.cost = f.reported.Sub(began)
}

func (f *Folder) page(state string) page {
	l := f.look()
	now := f.info.Sessions[len(f.info.Sessions)-1]
	p := page{
		Title: f.info.Title, State: state, StateClass: stateClass(state),
		Written: time.Now().Format("2 January 2006, 15:04:05 MST"), Began: f.info.Sessions[0].Began.Local().Format("2 January 2006, 15:04:05 MST"),
		Figures: f.figures(l), Curves: f.seen.curves(), Problems: l.problems, Warnings: f.info.Warnings, Resume: f.Resume,
		Shown:    f.shownName(),
		Network:  table{Head: []string{"Layer", "Settings"}},
		Settings: table{Head: []string{"Setting", "Value"}},
		Machine:  machine(now.Machine), Sessions: f.sessions(),
		Files: []figure{{logFile, "one line for each batch and epoch", ""}, {infoFile, "settings, machine and sessions", ""}},
	}
	if !f.NoEvents {
		p.Files = append(p.Files, figure{eventFile, "for TensorBoard", ""})
	}
	for _, x := range f.info.Network {
		p.Network.Rows = append(p.Network.Rows, []string{x.Name, x.Settings})
	}
	for _, x := range f.info.Settings {
		p.Settings.Rows = append(p.Settings.Rows, []string{x.Name, x.Value})
	}
	for _, name := range slices.Sorted(maps.Keys(f.Config)) {
		p.Settings.Rows = append(p.Settings.Rows, []string{name, fmt.Sprint(f.Config[name])})
	}
	if l.matrix != nil {
		p.Confusion = f.confusionTable(l)
	}
	for _, r := range l.rasters {
		p.Rasters = append(p.Rasters, r.draw(f))
	}
	for _, layer := range l.cost.Layers {
		h := newHistogram(f.hertz(layer, l.cost.Steps), 24)
		p.Rates = append(p.Rates, h.draw("Firing rates of "+named(layer.Name, "the neurons"), "Rate (Hz)", "neurons"))
	}
	if f.seen.exams > 0 {
		p.Doctor = f.seen.doctorNote()
	}
	const most = 24
	for _, w := range f.weights(40) {
		if len(p.Weights) == most {
			break
		}
		what := "Value"
		if strings.HasSuffix(w.name, "delay.at") {
			what = "Delay (time steps)"
		}
		p.Weights = append(p.Weights, w.draw(w.name, what, "values"))
	}
	if len(l.cost.Maps) > 0 {
		p.Costs, p.CostFacts = costTable(l.cost), costFacts(l.cost)
	}
	return p
}

// shownName says which data the report shows the network with.
func (f *Folder) shownName() string {
	switch {
	case f.Data != nil:
		return "of the data given for the report"
	case f.s.Trainer.Validation != nil:
		return "of the validation set"
	}
	return "of the training set"
}

func named(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}

func stateClass(state string) string {
	switch {
	case state == "finished", state == "out of patience":
		return "good"
	case state == "running":
		return "busy"
	case strings.HasPrefix(state, "failed"):
		return "bad"
	}
	return "held"
}

// figures returns the numbers at the head of the report.
func (f *Folder) figures(l look) []figure {
	var fs []figure
	add := func(name, value, note string) {
		if value != "" {
			fs = append(fs, figure{name, value, note})
		}
	}
	if b := f.seen.best; b != nil {
		at := fmt.Sprintf("best, in epoch %d", b.Epoch+1)
		add("Validation accuracy", percent(b.Validation.Accuracy), at)
		add("Validation loss", fmt.Sprintf("%.4g", b.Validation.Loss), at)
		for _, name := range sortedKeys(b.Validation.Metrics) {
			add("Validation "+name, fmt.Sprintf("%.4g", b.Validation.Metrics[name]), at)
		}
	}
	epochs, perSecond := 0, ""
	if e := f.seen.last; e != nil {
		epochs = e.Epoch + 1
		add("Training accuracy", percent(e.Train.Accuracy), fmt.Sprintf("in epoch %d", epochs))
		add("Training loss", fmt.Sprintf("%.4g", e.Train.Loss), fmt.Sprintf("in epoch %d", epochs))
		if e.Clock.Seconds > 0 {
			perSecond = count(int(float64(e.Train.Samples) / e.Clock.Seconds))
		}
	}
	add("Epochs", fmt.Sprintf("%d of %d", epochs, f.s.Trainer.Epochs), count(f.seen.steps)+" batches")
	add("Time", spaced(f.duration()), "without interruptions")
	add("Speed", perSecond, "samples a second")
	n := 0
	for _, p := range f.s.Trainer.Model.Params() {
		n += p.Value().Shape().TotalSize()
	}
	add("Parameters", count(n), "learnable")
	if len(l.cost.Maps) > 0 {
		add("Synaptic operations", count(int(l.cost.SynOps()+0.5)), "a sample")
	}
	return fs
}

// duration returns how long the sessions took.
func (f *Folder) duration() time.Duration {
	var d time.Duration
	for i, s := range f.info.Sessions {
		switch {
		case !s.Ended.IsZero():
			d += s.Ended.Sub(s.Began)
		case i == len(f.info.Sessions)-1:
			d += time.Since(s.Began)
		}
	}
	if d < 10*time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(time.Second)
}

// spaced writes a duration as "1 h 3 min 5 s".
func spaced(d time.Duration) string {
	return strings.TrimSpace(strings.NewReplacer("h", " h ", "ms", " ms", "m", " min ", "µs", " µs", "s", " s").Replace(d.String()))
}

// machine is what a session ran on.
func machine(m host.Host) table {
	return table{Head: []string{"Machine", ""}, Rows: [][]string{
		{"System", m.System}, {"Processor", m.CPU}, {"Cores", fmt.Sprintf("%d, of which Go uses %d", m.Cores, m.GoMaxProcs)},
		{"Scans", m.Scans()}, {"Matrix products", m.Products}, {"Go", m.Go}, {"Spikegrad", m.Spikegrad},
	}}
}

// sessions lists the last of them.
func (f *Folder) sessions() table {
	t := table{Head: []string{"Began", "After batch", "Ended", "How", "Command"}}
	const most = 20
	for _, s := range f.info.Sessions[max(0, len(f.info.Sessions)-most):] {
		ended := ""
		if !s.Ended.IsZero() {
			ended = s.Ended.Local().Format(time.DateTime)
		}
		t.Rows = append(t.Rows, []string{s.Began.Local().Format(time.DateTime), count(s.Step), ended, s.Outcome, strings.Join(s.Command, " ")})
	}
	return t
}
