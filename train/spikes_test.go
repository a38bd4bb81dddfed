package train_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/train"
)

// unread is a data set of events whose samples nobody may make dense.
type unread struct{ data.Spiking }

func (u unread) Sample(int, []float32) (int, error) { panic("a sample was made dense") }

// ended is one whose samples have different lengths.
type ended struct{ data.Spiking }

func (e ended) Steps(i int) int { return 4 + i%6 }

// randman returns samples of 10 steps of 4 inputs, of 3 classes.
func randman(t testing.TB, n int) data.Spiking {
	t.Helper()
	p := data.DefaultRandmanParams()
	p.Classes, p.Units, p.Steps, p.Spikes = 3, 4, 10, 2
	d, err := data.NewRandman(p, n, 1)
	require.NoError(t, err)
	return d
}

// graded returns events with values, some of one element.
func gradedEvents(t testing.TB) data.Spiking {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	samples, labels := make([][]data.Event, 9), make([]int, 9)
	for i := range samples {
		for range r.IntN(20) {
			samples[i] = append(samples[i], data.Event{Step: r.IntN(10), Index: r.IntN(4), Value: float32(r.IntN(4) - 1)})
		}
		labels[i] = i % 3
	}
	d, err := data.NewEvents([]int{10, 4}, samples, labels)
	require.NoError(t, err)
	return d
}

// Lists train to the same bits as the dense input, whoever makes them, in one piece
// and in segments.
func TestSpikeInput(t *testing.T) {
	poisson := encode.PoissonParams{FMax: 300, Dt: 1e-3}
	signed := encode.PoissonParams{FMax: 300, Dt: 1e-3, Signed: true}
	function := encode.Func(poisson.Encode)
	sets := map[string]struct {
		d   data.Dataset
		enc encode.Encoder
	}{
		"events": {randman(t, 23), nil}, "values": {gradedEvents(t), nil}, "lengths": {ended{randman(t, 23)}, nil},
		"poisson": {yinyang(t, 23), poisson}, "signed": {currents(23, 4), signed}, "lengths of poisson": {varied{yinyang(t, 7), []int{3, 10, 4, 1, 9, 6, 2}}, poisson},
		"stationary": {yinyang(t, 23), encode.Stationary(poisson)}, "function": {yinyang(t, 23), function},
		"stationary function": {yinyang(t, 23), encode.Stationary(function)}, "constant": {yinyang(t, 5), nil},
	}
	for name, s := range sets {
		for how, m := range map[string]train.Network{"whole": {}, "segments": {Segment: 4}, "windows": {Window: 4, Stride: 2}} {
			for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
				t.Run(fmt.Sprintf("%s/%s/%v", name, how, dt), func(t *testing.T) {
					run := func(lists bool) ([][]float64, metric.Summary) {
						m := m
						m.Net, m.Shape, m.Steps, m.Batch, m.Seed, m.Dtype, m.SpikeInput = small(), []int{4}, 10, 6, 3, dt, lists
						model := newModel(t, m)
						d := s.d
						if e, ok := d.(data.Spiking); ok && lists {
							if _, ok := d.(ended); ok {
								d = ended{unread{e}}
							} else {
								d = unread{e}
							}
						}
						_, err := (&train.Trainer{Model: model, Data: d, Encoder: s.enc, Epochs: 2, Seed: 5}).Run(background)
						require.NoError(t, err)
						v, err := model.Evaluate(background, d, s.enc)
						require.NoError(t, err)
						return bits(model), v
					}
					want, dense := run(false)
					got, lists := run(true)
					require.Equal(t, want, got)
					require.Equal(t, dense, lists)
				})
			}
		}
	}
}

// What else a model does, it does with lists too.
func TestSpikeInputElsewhere(t *testing.T) {
	d := randman(t, 9)
	dense := newModel(t, train.Network{Net: small(), Shape: []int{4}, Steps: 10, Batch: 6, Seed: 3})
	lists := newModel(t, train.Network{Net: small(), Shape: []int{4}, Steps: 10, Batch: 6, Seed: 3, SpikeInput: true})
	want, err := dense.Cost(background, d, nil)
	require.NoError(t, err)
	got, err := lists.Cost(background, d, nil)
	require.NoError(t, err)
	require.Equal(t, want, got)
	r1, err := dense.Record(background, d, nil, []int{2, 0})
	require.NoError(t, err)
	r2, err := lists.Record(background, d, nil, []int{2, 0})
	require.NoError(t, err)
	require.Equal(t, r1, r2)
	f1, err := train.Diagnose(background, dense, d, nil)
	require.NoError(t, err)
	f2, err := train.Diagnose(background, lists, d, nil)
	require.NoError(t, err)
	require.Equal(t, f1, f2)
}

// wrongSpikes is an encoder that is not finite, or fails.
type wrongSpikes struct {
	encode.Encoder
	err error
}

func (w wrongSpikes) EncodeSpikes(dst *connect.Spikes, _ []float32, _ *rand.Rand) error {
	if w.err != nil {
		return w.err
	}
	dst.Clear()
	return dst.Add(1, 2, 3, math.NaN())
}

// events is a data set with one sample, which is as it is.
type events []data.Event

func (events) Len() int                                              { return 1 }
func (events) Shape() []int                                          { return []int{10, 4} }
func (events) Sample(int, []float32) (int, error)                    { return 0, nil }
func (e events) Events(int, []data.Event) ([]data.Event, int, error) { return e, 0, nil }

func TestSpikeInputErrors(t *testing.T) {
	m := newModel(t, train.Network{Net: small(), Shape: []int{4}, Steps: 10, Batch: 6, Seed: 3, SpikeInput: true})
	for _, c := range []struct {
		d    data.Dataset
		enc  encode.Encoder
		want string
	}{
		{events{{Step: 3}, {Step: 10}}, nil, "sample 0: event 1: connect: spikes of shape [10 6 4]: time step is 10, want 0 to 9"},
		{events{{Index: -1}}, nil, "sample 0: event 0: connect: spikes of shape [10 6 4]: element is -1, want 0 to 3"},
		{events{{Value: float32(math.Inf(1))}}, nil, "sample 0: event 0 has the value +Inf, want a finite number"},
		{yinyang(t, 6), wrongSpikes{encode.Repeat, nil}, "encoder: a spike of element 3 of the sample in place 2 has the value NaN, want a finite number"},
		{yinyang(t, 6), wrongSpikes{encode.Repeat, fmt.Errorf("no")}, "encoder: no"},
	} {
		_, err := m.Evaluate(background, c.d, c.enc)
		require.EqualError(t, err, "train: evaluate: "+c.want)
	}
}
