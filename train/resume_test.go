package train_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/safetensors"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// half trains two of four epochs, and two batches more, and returns the folder, with
// checkpoints after 9 and 10 batches.
func half(t testing.TB, c course) string {
	t.Helper()
	dir := t.TempDir()
	tr := c.trainer(t, dir)
	tr.Checkpoints.EverySteps = 1
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	tr.OnBatch = func(b train.Batch) {
		if b.Step == 9 {
			cancel()
		}
	}
	_, err := tr.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"best.safetensors", "step-000000009.safetensors", "step-000000010.safetensors"}, fileNames(t, dir))
	return dir
}

// fileNames returns the names of the files in a folder, apart from that of the lock.
func fileNames(t testing.TB, dir string) []string {
	t.Helper()
	found, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range found {
		if e.Name() != "checkpoints.lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

// A file that is damaged is an error that says so, and the one before is the latest.
func TestDamagedCheckpoint(t *testing.T) {
	c := courses()["adam, best, patience"]
	dir := half(t, c)
	newest := filepath.Join(dir, "step-000000010.safetensors")
	good := read(t, newest)
	flip := func(i int) []byte {
		b := bytes.Clone(good)
		b[i] ^= 0x10
		return b
	}
	for want, b := range map[string][]byte{
		"the file has 0 bytes, want at least 8: it is truncated or no safetensors file": {},
		"bytes are missing":                                      good[:len(good)-1],
		"it is truncated or no safetensors file":                 good[:1000],
		"bytes follow the last tensor":                           append(bytes.Clone(good), 0),
		"the file is damaged: its checksum is ":                  flip(len(good) - 100),
		"the header should have 9223372036854775808 bytes, the ": append(binary.LittleEndian.AppendUint64(nil, 1<<63), good[8:]...),
		"the file is damaged: its checksum":                      flip(bytes.Index(good, []byte("lowestLoss"))),
		"the file is damaged: it has lost its checksum":          flip(bytes.Index(good, []byte("crc32c"))),
	} {
		require.NoError(t, os.WriteFile(newest, b, 0o666))
		_, err := train.ReadCheckpoint(newest)
		require.ErrorContains(t, err, "train: checkpoint "+newest+": ")
		require.ErrorContains(t, err, want)
		latest, passed, err := train.LatestCheckpoint(dir)
		require.NoError(t, err)
		require.Equal(t, 9, latest.Steps())
		require.Len(t, passed, 1)
		require.ErrorContains(t, passed[0], want)
	}

	// A training goes on from the good one; the damaged one is set aside.
	tr := c.trainer(t, dir)
	tr.Resume = checkpoint(t, dir, "step-000000009.safetensors")
	_, err := tr.Run(background)
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(dir, "earlier", "step-000000010.safetensors"))
	whole := c.trainer(t, t.TempDir())
	_, err = whole.Run(background)
	require.NoError(t, err)
	require.Equal(t, read(t, whole.Checkpoints.Dir, "final.safetensors"), read(t, dir, "final.safetensors"))

	// The best epoch is better than nothing.
	for _, name := range fileNames(t, dir) {
		if strings.HasPrefix(name, "step-") {
			require.NoError(t, os.Truncate(filepath.Join(dir, name), 7))
		}
	}
	latest, passed, err := train.LatestCheckpoint(dir)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "best.safetensors"), latest.Path)
	require.Len(t, passed, 2)

	// With none left that is good, it is for the user to say what is to be done.
	require.NoError(t, os.Truncate(filepath.Join(dir, "best.safetensors"), 7))
	_, passed, err = train.LatestCheckpoint(dir)
	require.ErrorContains(t, err, "can be read")
	require.ErrorContains(t, err, "remove them to begin anew")
	require.False(t, errors.Is(err, fs.ErrNotExist))
	require.Len(t, passed, 3)

	for _, dir := range []string{t.TempDir(), filepath.Join(dir, "none"), filepath.Join(dir, "earlier", "none")} {
		_, _, err = train.LatestCheckpoint(dir)
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
}

// edit writes a checkpoint again, with a good checksum, after a change.
func edit(t testing.TB, path string, change func(f *safetensors.File, doc map[string]any)) {
	t.Helper()
	b := read(t, path)
	f, err := safetensors.Read(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	doc := map[string]any{}
	d := json.NewDecoder(strings.NewReader(f.Metadata["spikegrad"]))
	d.UseNumber()
	require.NoError(t, d.Decode(&doc))
	change(f, doc)
	j, err := json.Marshal(doc)
	require.NoError(t, err)
	f.Metadata["spikegrad"] = string(j)
	var w bytes.Buffer
	require.NoError(t, f.Write(&w))
	require.NoError(t, os.WriteFile(path, w.Bytes(), 0o666))
}

// What does not belong to a training is an error that says what differs, and
// changes nothing.
func TestResumeErrors(t *testing.T) {
	c := courses()["adam, best, patience"]
	dir := half(t, c)
	path := filepath.Join(dir, "step-000000010.safetensors")
	good := read(t, path)
	type change = func(f *safetensors.File, doc map[string]any)
	state := func(doc map[string]any) map[string]any { return doc["state"].(map[string]any) }
	replace := func(name string, with func(x *safetensors.Tensor)) change {
		return func(f *safetensors.File, _ map[string]any) {
			for i := range f.Tensors {
				if f.Tensors[i].Name == name {
					with(&f.Tensors[i])
				}
			}
		}
	}
	for _, x := range []struct {
		want   string
		set    func(*train.Trainer)
		change change
	}{
		{want: `it belongs to another network: "layer 3 Linear{Out: 3}" there is "layer 3 Linear{Out: 4}" here; Model.LoadPartial loads the weights that fit`,
			set: func(tr *train.Trainer) {
				net := deep().(layers.Sequential)
				net[3] = layers.Linear{Out: 4}
				tr.Model = newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 6, Batch: 10, Seed: 3})
			}},
		{want: `it belongs to another network: "input [4] over 6 time steps of float32" there is "input [4] over 7 time steps of float32" here`,
			set: func(tr *train.Trainer) {
				tr.Model = newModel(t, train.Network{Net: deep(), Shape: []int{4}, Steps: 7, Batch: 10, Seed: 3})
			}},
		{want: `it belongs to another network: "input [4] over 6 time steps of float32" there is "input [4] over 6 time steps of float64" here`,
			set: func(tr *train.Trainer) {
				tr.Model = newModel(t, train.Network{Net: deep(), Shape: []int{4}, Steps: 6, Batch: 10, Seed: 3, Dtype: tensor.Float64})
			}},
		{want: "the seed of the model was 3, is 4: set Network.Seed to go on", set: func(tr *train.Trainer) {
			tr.Model = newModel(t, train.Network{Net: deep(), Shape: []int{4}, Steps: 6, Batch: 10, Seed: 4})
		}},
		{want: "the seed was 5, is 6: set Trainer.Seed to go on", set: func(tr *train.Trainer) { tr.Seed = 6 }},
		{want: "the data set had 34 samples, has 35: their order would be another", set: func(tr *train.Trainer) { tr.Data = yinyang(t, 35) }},
		{want: "the optimiser was Adam, is SGD", set: func(tr *train.Trainer) { tr.Optimiser = &optim.SGD{LearningRate: 1} }},
		{want: "the schedule has a state, and had none", set: func(tr *train.Trainer) { tr.Schedule = &halving{} }},

		{want: `tensor "3.linear.b" is missing`, change: replace("3.linear.b", func(x *safetensors.Tensor) { x.Name = "other" })},
		{want: `tensor "best/3.linear.b" is missing`, change: replace("best/3.linear.b", func(x *safetensors.Tensor) { x.Name = "other" })},
		{want: `tensor "optimiser/v/3.linear.b" is missing`, change: replace("optimiser/v/3.linear.b", func(x *safetensors.Tensor) { x.Name = "other" })},
		{want: "3.linear.b is F32 of shape [1 3], want F32 of shape [3]", change: replace("3.linear.b", func(x *safetensors.Tensor) { x.Shape = []int{1, 3} })},
		{want: "3.linear.b is F64 of shape [3], want F32 of shape [3]", change: replace("3.linear.b", func(x *safetensors.Tensor) { *x = safetensors.Of(x.Name, []int{3}, make([]float64, 3)) })},
		{want: "best/3.linear.b: the tensor has an element that is NaN or infinite", change: replace("best/3.linear.b", func(x *safetensors.Tensor) { x.Data.([]float32)[0] = float32(math.NaN()) })},
		{want: `"optimiser/v/3.linear.b" is F32 of shape [], want F32 or F64 of at least one axis and element`, change: replace("optimiser/v/3.linear.b", func(x *safetensors.Tensor) { x.Shape, x.Data = nil, []float32{1} })},
		{want: `optim: adam: restore: parameter "3.linear.b": slot has moments "m", want "m", "v"`, change: func(_ *safetensors.File, doc map[string]any) {
			state(doc)["optimiser"].(map[string]any)["slots"].(map[string]any)["3.linear.b"] = map[string]any{"steps": 1, "moments": []string{"m"}}
		}},
		{want: "its samples were parts of longer sequences, and are not", change: func(_ *safetensors.File, doc map[string]any) {
			state(doc)["carried"] = []int{7}
		}},
		{want: "an epoch had 5 batches of 10, has 4 of 10: ", change: func(_ *safetensors.File, doc map[string]any) { doc["batches"] = 5 }},
		{want: "the sums of its epoch make no sense", change: func(_ *safetensors.File, doc map[string]any) {
			state(doc)["sums"].(map[string]any)["terms"] = []float64{1, 2, 3}
		}},
	} {
		t.Run(x.want, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, good, 0o666))
			if x.change != nil {
				edit(t, path, x.change)
			}
			tr := c.trainer(t, t.TempDir())
			if x.set != nil {
				x.set(tr)
			}
			tr.Resume = checkpoint(t, path)
			was, memory := bits(tr.Model), tr.Optimiser.State()
			_, err := tr.Run(background)
			require.ErrorContains(t, err, "train: resume from "+path+": "+x.want)
			require.Equal(t, was, bits(tr.Model), "nothing is half loaded")
			require.Equal(t, memory, tr.Optimiser.State())
			require.Empty(t, fileNames(t, tr.Checkpoints.Dir))

			// Without the checkpoint, the trainer works.
			tr.Resume = nil
			_, err = tr.Run(background)
			require.NoError(t, err)
		})
	}
}

// Where the optimiser does not take what it remembered, an encoder stands where it
// stood.
func TestResumeErrorOfEncoder(t *testing.T) {
	c := course{net: deep, set: func(tr *train.Trainer) {
		tr.Optimiser, tr.Encoder = &optim.Adam{LearningRate: 0.01}, walk{rand.NewPCG(1, 2)}
	}}
	path := filepath.Join(half(t, c), "step-000000010.safetensors")
	edit(t, path, func(_ *safetensors.File, doc map[string]any) {
		doc["state"].(map[string]any)["optimiser"].(map[string]any)["steps"] = -1
	})
	tr := c.trainer(t, t.TempDir())
	tr.Resume = checkpoint(t, path)
	was, err := tr.Encoder.(walk).MarshalBinary()
	require.NoError(t, err)
	_, err = tr.Run(background)
	require.ErrorContains(t, err, "state has -1 steps")
	is, err := tr.Encoder.(walk).MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, was, is)
}

// A state that makes no sense, and that of a newer version, is refused when it is
// read.
func TestReadCheckpointErrors(t *testing.T) {
	dir := half(t, courses()["adam, best, patience"])
	path := filepath.Join(dir, "step-000000010.safetensors")
	good := read(t, path)
	for want, fields := range map[string]map[string]any{
		"its state makes no sense: batch 5 of 4 in epoch 2, with 34 samples in batches of 10":                        {"batch": 5},
		"its state makes no sense: batch 2 of 35 in epoch 2, with 34 samples in batches of 10":                       {"batches": 35},
		"its state makes no sense: batch 2 of 4 in epoch -1, with 34 samples in batches of 10":                       {"epoch": -1},
		"its state makes no sense: batch 2 of 4 in epoch 2, with 34 samples in batches of 0":                         {"size": 0},
		"its state makes no sense: batch 2 of 4 in epoch 2, with 34 samples in batches of 9223372036854775807":       {"size": math.MaxInt},
		"its state makes no sense: it has a history of 2 epochs, want 1":                                             {"epoch": 1},
		"its state makes no sense: the best of 2 epochs is 2, the one of lowest loss ":                               {"best": 2},
		"its state makes no sense: the hash is not that of the network":                                              {"network": "0"},
		"its state makes no sense: json: cannot unmarshal string":                                                    {"seed": "x"},
		"written by a newer version of the library: by 7.1.0 in format 2, want a format up to 1; update the library": {"format": 2, "version": "7.1.0", "epoch": "of another kind"},
	} {
		require.NoError(t, os.WriteFile(path, good, 0o666))
		edit(t, path, func(_ *safetensors.File, doc map[string]any) { maps.Copy(doc, fields) })
		_, err := train.ReadCheckpoint(path)
		require.ErrorContains(t, err, "train: checkpoint "+path+": "+want)
	}
	for want, change := range map[string]func(doc map[string]any){
		"its state makes no sense: epoch 1 stands in the place of 0": func(doc map[string]any) { slices.Reverse(doc["history"].([]any)) },
		"its state makes no sense: the best of 2 epochs is -1":       func(doc map[string]any) { doc["best"] = -1 }, // and there are its weights
		"the one of lowest loss -1":                                  func(doc map[string]any) { doc["state"].(map[string]any)["lowest"] = -1 },
		"the one of lowest loss 3":                                   func(doc map[string]any) { doc["state"].(map[string]any)["lowest"] = 3 },
	} {
		require.NoError(t, os.WriteFile(path, good, 0o666))
		edit(t, path, func(_ *safetensors.File, doc map[string]any) { change(doc) })
		_, err := train.ReadCheckpoint(path)
		require.ErrorContains(t, err, want)
	}
	// A newer version is not passed over: the training would go back.
	edit2 := func(_ *safetensors.File, doc map[string]any) { doc["format"] = 2 }
	require.NoError(t, os.WriteFile(path, good, 0o666))
	edit(t, path, edit2)
	_, _, err := train.LatestCheckpoint(dir)
	require.ErrorIs(t, err, train.ErrNewer)

	w := filepath.Join(dir, "weights.safetensors")
	require.NoError(t, smallModel(t, 5).SaveWeights(w))
	_, err = train.ReadCheckpoint(w)
	require.EqualError(t, err, "train: checkpoint "+w+": the file is no checkpoint: it has weights only, which Model.LoadWeights reads")
	_, err = train.ReadCheckpoint(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = train.ReadCheckpoint(dir)
	require.ErrorContains(t, err, "it is a folder, want a regular file")

	tr := courses()["observed"].trainer(t, t.TempDir())
	tr.Resume = &train.Checkpoint{}
	_, err = tr.Run(background)
	require.ErrorContains(t, err, "its state makes no sense")
}

// What may change is a warning, and the training goes on with what there is now.
func TestResumeOtherwise(t *testing.T) {
	c := courses()["adam, best, patience"]
	path := filepath.Join(half(t, c), "step-000000010.safetensors")
	resume := func(set func(*train.Trainer)) (*train.Trainer, train.Result, []string) {
		tr := c.trainer(t, t.TempDir())
		var warnings []string
		tr.OnWarning = func(err error) {
			warnings = append(warnings, strings.TrimPrefix(err.Error(), "train: resume from "+path+": "))
		}
		set(tr)
		tr.Resume = checkpoint(t, path)
		r, err := tr.Run(background)
		require.NoError(t, err)
		return tr, r, warnings
	}
	_, r, warnings := resume(func(tr *train.Trainer) {
		tr.Epochs, tr.Optimiser, tr.Schedule, tr.Patience = 6, &optim.Adam{LearningRate: 1e-3}, nil, 0
	})
	require.Equal(t, []string{
		"Patience was 3, is 0", "epochs was 4, is 6", "optimiser was Adam{LearningRate: 0.05}, is Adam{LearningRate: 0.001}",
		"schedule was Warmup{Steps: 3, Then: Cosine{}}, is Constant{}",
	}, warnings)
	require.Len(t, r.History, 6)
	require.Equal(t, 1e-3, r.History[5].LearningRate)

	// Batches of another size: 20 of the 34 samples of the epoch have been seen.
	for _, x := range []struct{ size, batch, samples int }{{20, 1, 34}, {7, 3, 33}, {40, 1, 20}} {
		first := -1
		var sizes []int
		_, r, warnings := resume(func(tr *train.Trainer) {
			tr.Model = newModel(t, train.Network{Net: deep(), Shape: []int{4}, Steps: 6, Batch: x.size, Seed: 3})
			tr.Patience = 0
			tr.OnBatch = func(b train.Batch) {
				if first < 0 {
					first = b.Batch
				}
				if b.Epoch == 2 {
					sizes = append(sizes, b.Samples)
				}
			}
		})
		if x.size == 40 {
			x.batch = 0 // of the next epoch
		}
		require.Equal(t, x.batch, first)
		require.Equal(t, x.samples, r.History[2].Train.Samples)
		require.Contains(t, strings.Join(warnings, "\n"), "batch size was 10, is ")
		require.Equal(t, x.samples < 34, strings.Contains(strings.Join(warnings, "\n"), "epoch 2 leaves out"), warnings)
	}

	// Without KeepBest at first, there are no best weights to go on with.
	c2 := c
	c2.set = func(tr *train.Trainer) { c.set(tr); tr.KeepBest, tr.Patience = false, 0 }
	path = filepath.Join(half(t, c2), "step-000000010.safetensors")
	_, r, warnings = resume(func(tr *train.Trainer) { tr.Patience = 0 })
	require.Contains(t, warnings, "it does not have the weights of the best epoch; the best is that of the epochs to come")
	require.GreaterOrEqual(t, r.Best, 2)
}

// Observers hear where the training goes on.
func TestResumeObserved(t *testing.T) {
	c := courses()["observed"]
	dir := half(t, c)
	tr := c.trainer(t, t.TempDir())
	tr.Resume = checkpoint(t, dir, "step-000000010.safetensors")
	_, err := tr.Run(background)
	require.NoError(t, err)
	d := tr.Observers[0].(*diary)
	require.Len(t, d.sessions, 1)
	s := d.sessions[0]
	require.Same(t, tr, s.Trainer)
	require.Equal(t, []int{16, 10, 2}, []int{s.Steps, s.Step, s.Epoch})
	require.Equal(t, 10, d.batches[0].Step)
	require.Equal(t, 2, d.epochs[0].Epoch)

	// Rates are those of the batches for which they were measured.
	tr = c.trainer(t, t.TempDir())
	tr.Observers = nil
	tr.Resume = checkpoint(t, dir, "step-000000010.safetensors")
	r, err := tr.Run(background)
	require.NoError(t, err)
	require.Len(t, r.History[2].Train.Rates, 1)
	require.True(t, r.History[2].Train.Rates[0].Value <= 1)
	require.Empty(t, r.History[3].Train.Rates)
}

// The time spent on an epoch in an earlier process counts.
func TestResumeDuration(t *testing.T) {
	c := courses()["rmsprop"]
	dir := half(t, c)
	edit(t, filepath.Join(dir, "step-000000010.safetensors"), func(f *safetensors.File, _ map[string]any) {
		f.Metadata["clock"] = `{"epochs": [3600000000000, 60000000000], "epoch": 7200000000000}`
	})
	tr := c.trainer(t, t.TempDir())
	tr.Resume = checkpoint(t, dir, "step-000000010.safetensors")
	require.Equal(t, time.Hour, tr.Resume.History[0].Duration)
	r, err := tr.Run(background)
	require.NoError(t, err)
	require.Equal(t, []time.Duration{time.Hour, time.Minute}, []time.Duration{r.History[0].Duration, r.History[1].Duration})
	require.Greater(t, r.History[2].Duration, 2*time.Hour)
	require.Less(t, r.History[3].Duration, time.Hour)
}

// merge puts the fields of a patch in the place of those of a document, of objects
// field by field.
func merge(doc, patch map[string]any) {
	for k, v := range patch {
		inner, ok := doc[k].(map[string]any)
		if p, isObject := v.(map[string]any); ok && isObject {
			merge(inner, p)
			continue
		}
		doc[k] = v
	}
}

// Whatever the state in a file says, it is an error or a training that runs; and
// an error changes nothing. The state is what a patch makes of a good one, or, after
// "=", a text of its own: small inputs are what a fuzzer is quick with.
func FuzzResume(f *testing.F) {
	c := courses()["adam, best, patience"]
	path := filepath.Join(half(f, c), "step-000000010.safetensors")
	b := read(f, path)
	good, err := safetensors.Read(bytes.NewReader(b), int64(len(b)))
	require.NoError(f, err)
	doc := func(t *testing.T, patch string) string {
		if raw, ok := strings.CutPrefix(patch, "="); ok {
			return raw
		}
		fields := func(s string) (m map[string]any) {
			d := json.NewDecoder(strings.NewReader(s))
			d.UseNumber() // seeds are larger than what float64 counts
			if d.Decode(&m) != nil {
				return nil
			}
			return m
		}
		m := fields(good.Metadata["spikegrad"])
		merge(m, fields(patch))
		text, err := json.Marshal(m)
		require.NoError(t, err)
		return string(text)
	}
	f.Add(`{}`, good.Metadata["clock"])
	f.Add(`{"size":7}`, `{"epochs":[1]}`)
	f.Add(`={"format":1}`, ``)
	f.Add(`{"epoch":1,"batch":2,"history":[{}],"samples":34,"best":0}`, ``)
	f.Add(`{"state":{"kept":false,"lowest":1,"rateFactor":0.5,"sums":{"n":3}}}`, ``)
	f.Add(`{"state":{"optimiser":{"steps":2,"slots":{"1.linear.w":{"moments":["m"]}}}}}`, ``)

	tr := c.trainer(f, "") // one for all: a model takes longer to make than to train
	tr.Checkpoints, tr.OnWarning = nil, func(error) {}
	first, was := tr.Model.Weights(), bits(tr.Model)
	f.Fuzz(func(t *testing.T, patch, clock string) {
		file := safetensors.File{Tensors: good.Tensors, Metadata: map[string]string{"spikegrad": doc(t, patch), "clock": clock}}
		var w bytes.Buffer
		require.NoError(t, file.Write(&w))
		ck, err := train.Decode(w.Bytes())
		if err != nil {
			return
		}
		require.NoError(t, tr.Model.SetWeights(first))
		c.set(tr) // another optimiser
		tr.Resume = ck
		ctx, cancel := context.WithCancel(background)
		defer cancel()
		batches := 0
		tr.OnBatch = func(train.Batch) {
			if batches++; batches == 5 { // one more than there are in an epoch
				cancel()
			}
		}
		if _, err := tr.Run(ctx); err != nil && strings.Contains(err.Error(), "resume from") {
			require.Equal(t, was, bits(tr.Model))
		}
	})
}
