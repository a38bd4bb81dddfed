package train_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/train"
)

// serve answers requests, each with the values of a sample, by the outputs of the model
// for it. A request takes a replica that no other one uses; the pool makes as many as
// there are requests at the same time.
func serve(m *train.Model) http.Handler {
	replicas := sync.Pool{New: func() any {
		r, err := m.Replica()
		if err != nil {
			return err
		}
		return r
	}}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var x []float32
		if err := json.NewDecoder(http.MaxBytesReader(w, req.Body, 1<<20)).Decode(&x); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		sample, err := data.New(m.Network().Shape, x, []int{0})
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r, ok := replicas.Get().(*train.Model)
		if !ok {
			http.Error(w, "the network cannot be built", http.StatusInternalServerError)
			return
		}
		defer replicas.Put(r)
		y, err := r.Predict(req.Context(), sample, nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if err := json.NewEncoder(w).Encode(y.Float32s()); err != nil {
			log.Print(err)
		}
	})
}

// A model answers requests over HTTP, many at the same time, each by a replica.
func ExampleModel_Replica() {
	m, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 50, Init: layers.Scaled{Gain: 4}},
			layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()),
			layers.Linear{Out: 3},
			layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 30, Batch: 1,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(serve(m))
	defer server.Close()

	resp, err := http.Post(server.URL, "application/json", bytes.NewBufferString("[0.2, 0.9, 0.8, 0.1]"))
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	var outputs []float32
	if err := json.NewDecoder(resp.Body).Decode(&outputs); err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Status, len(outputs), "outputs")
	// Output: 200 OK 3 outputs
}
