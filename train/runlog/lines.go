package runlog

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/train"
)

// A Batch is a line of the log about one batch.
type Batch struct {
	Step         int                `json:"step"` // batches before it, in all epochs
	Epoch        int                `json:"epoch"`
	Batch        int                `json:"batch"` // of the epoch
	Samples      int                `json:"samples"`
	Loss         float64            `json:"loss"`                // without penalties
	Penalties    map[string]float64 `json:"penalties,omitempty"` // of regularisers, by name
	Accuracy     *float64           `json:"accuracy,omitempty"`  // of the batch; nil without labels
	Metrics      map[string]float64 `json:"metrics,omitempty"`   // other metrics of the network, by name
	LearningRate float64            `json:"learning_rate"`
	GradNorm     float64            `json:"grad_norm"`            // before clipping
	Rates        map[string]float64 `json:"rates,omitempty"`      // spikes per neuron and time step, by layer
	Validation   *Metrics           `json:"validation,omitempty"` // where it is looked at between epochs
	Clock        Clock              `json:"clock"`
}

// An Epoch is a line of the log about one epoch.
type Epoch struct {
	Epoch        int      `json:"epoch"`
	Steps        int      `json:"steps"` // batches so far
	Train        Metrics  `json:"train"`
	Validation   *Metrics `json:"validation,omitempty"`
	LearningRate float64  `json:"learning_rate"` // at the end
	GradNorm     float64  `json:"grad_norm"`     // mean, before clipping
	Clock        Clock    `json:"clock"`
}

// Metrics are those of package train.
type Metrics struct {
	Samples   int                `json:"samples"`
	Loss      float64            `json:"loss"`
	Penalties map[string]float64 `json:"penalties,omitempty"`
	Accuracy  *float64           `json:"accuracy,omitempty"`
	Metrics   map[string]float64 `json:"metrics,omitempty"` // others, by name
	Rates     map[string]float64 `json:"rates,omitempty"`
}

// A Diagnosis is a line of the log about an examination by the Doctor of a
// training.
type Diagnosis struct {
	Epochs   int       `json:"epochs"`   // before it; 0 for the one before the first batch
	Findings []Finding `json:"findings"` // all of them, also those that were found before
	Clock    Clock     `json:"clock"`
}

// A Finding is that of package train.
type Finding struct {
	Kind    string   `json:"kind"`
	Layer   string   `json:"layer,omitempty"`
	Neurons []int    `json:"neurons,omitempty"`
	Value   *float64 `json:"value,omitempty"` // nil if it is not finite
	Limit   *float64 `json:"limit,omitempty"` // too
	Message string   `json:"message"`
	Cure    string   `json:"cure"`
}

// A Clock is what differs between two runs of the same training.
type Clock struct {
	Time    time.Time `json:"time"`
	Seconds float64   `json:"seconds"` // of the batches since the last line, or of the epoch
	Memory  uint64    `json:"memory"`  // bytes that the Go runtime holds
}

// A line is one of them as it stands in the file.
type line struct {
	batch     *Batch
	epoch     *Epoch
	diagnosis *Diagnosis
}

const kindBatch, kindEpoch, kindDiagnosis = "batch", "epoch", "diagnosis"

// encode returns the line, with its end.
func (l line) encode() ([]byte, error) {
	var v any
	switch {
	case l.batch != nil:
		v = struct {
			Kind string `json:"kind"`
			*Batch
		}{kindBatch, l.batch}
	case l.epoch != nil:
		v = struct {
			Kind string `json:"kind"`
			*Epoch
		}{kindEpoch, l.epoch}
	default:
		v = struct {
			Kind string `json:"kind"`
			*Diagnosis
		}{kindDiagnosis, l.diagnosis}
	}
	b, err := json.Marshal(v)
	return append(b, '\n'), err
}

// parseLine reads a line, without its end.
func parseLine(text []byte) (l line, err error) {
	var head struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return l, err
	}
	switch head.Kind {
	case kindBatch:
		l.batch = &Batch{}
		err = json.Unmarshal(text, l.batch)
	case kindEpoch:
		l.epoch = &Epoch{}
		err = json.Unmarshal(text, l.epoch)
	case kindDiagnosis:
		l.diagnosis = &Diagnosis{}
		err = json.Unmarshal(text, l.diagnosis)
	default:
		err = fmt.Errorf("kind is %q, want %q, %q or %q", head.Kind, kindBatch, kindEpoch, kindDiagnosis)
	}
	return l, err
}

func newBatch(b train.Batch, c Clock) *Batch {
	l := &Batch{
		Step: b.Step, Epoch: b.Epoch, Batch: b.Batch, Samples: b.Samples, Loss: b.Loss, Penalties: b.Terms,
		Accuracy: orNil(b.Accuracy), Metrics: others(b.Values), LearningRate: b.LearningRate, GradNorm: b.GradNorm, Rates: byLayer(b.Rates), Clock: c,
	}
	if b.Validation != nil {
		v := metricsOf(*b.Validation)
		l.Validation = &v
	}
	return l
}

func newEpoch(e train.Epoch, steps int, c Clock) *Epoch {
	l := &Epoch{
		Epoch: e.Epoch, Steps: steps, Train: metricsOf(e.Train), LearningRate: e.LearningRate, GradNorm: e.GradNorm, Clock: c,
	}
	if e.Validation != nil {
		v := metricsOf(*e.Validation)
		l.Validation = &v
	}
	return l
}

func newDiagnosis(epochs int, fs []diagnose.Finding, c Clock) *Diagnosis {
	d := &Diagnosis{Epochs: epochs, Findings: []Finding{}, Clock: c}
	for _, f := range fs {
		d.Findings = append(d.Findings, Finding{
			Kind: f.Kind.String(), Layer: f.Layer, Neurons: f.Neurons, Value: orNil(f.Value), Limit: orNil(f.Limit), Message: f.Message, Cure: f.Cure,
		})
	}
	return d
}

func metricsOf(m metric.Summary) Metrics {
	return Metrics{Samples: m.Samples, Loss: m.Loss, Penalties: m.Terms, Accuracy: orNil(m.Accuracy), Metrics: others(m.Values), Rates: byLayer(m.Rates)}
}

// others returns the metrics that have a number, by name, but for the accuracy, which has a place
// of its own.
func others(vs []metric.Value) map[string]float64 {
	var m map[string]float64
	for _, v := range vs {
		if v.Table != nil || v.Name == (metric.Accuracy{}).Name() {
			continue
		}
		if m == nil {
			m = map[string]float64{}
		}
		m[v.Name] = v.Value
	}
	return m
}

// orNil returns nil for what is not finite, which JSON does not have.
func orNil(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// orNaN is the opposite of orNil.
func orNaN(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}

func byLayer(rs []metric.Rate) map[string]float64 {
	if len(rs) == 0 {
		return nil
	}
	m := map[string]float64{}
	for _, r := range rs {
		m[r.Layer] = r.Value
	}
	return m
}
