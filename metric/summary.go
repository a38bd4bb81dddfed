package metric

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// A Summary says how well a model does on a data set.
type Summary struct {
	Loss     float64            // mean over the samples, without penalties
	Accuracy float64            // share of samples whose largest output is their label; NaN without labels
	Values   []Value            // of each metric, those that the samples tell
	Terms    map[string]float64 // the penalties of regularisers by name, mean over batches, each as often as it has samples
	Rates    []Rate             // of the spiking layers; in training, where a Trainer has Observers
	Samples  int
}

// String returns the loss and the metrics in a line: "loss 0.4123, accuracy 0.8410".
func (s Summary) String() string { return Line(s.Loss, s.Values) }

// Line returns a loss and metrics in a line, for one of progress.
func Line(loss float64, vs []Value) string {
	parts := []string{fmt.Sprintf("loss %.4g", loss)}
	for _, v := range vs {
		if v.Table == nil {
			parts = append(parts, fmt.Sprintf("%s %.4f", v.Name, v.Value))
		}
	}
	return strings.Join(parts, ", ")
}

// MarshalJSON implements json.Marshaler: an accuracy of NaN is null.
func (m Summary) MarshalJSON() ([]byte, error) {
	type plain Summary
	j := struct {
		plain
		Accuracy *float64
	}{plain: plain(m)}
	if !math.IsNaN(m.Accuracy) {
		j.Accuracy = &m.Accuracy
	}
	return json.Marshal(j)
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Summary) UnmarshalJSON(b []byte) error {
	type plain Summary
	nan := math.NaN()
	j := struct {
		*plain
		Accuracy *float64
	}{plain: (*plain)(m)}
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	if j.Accuracy == nil {
		j.Accuracy = &nan
	}
	m.Accuracy = *j.Accuracy
	return nil
}

// A Rate is the mean activity of a layer: spikes per neuron and time step.
type Rate struct {
	Layer string
	Value float64
}
