package train_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// The last files and the best stay, and are the states that their names say.
func TestKeep(t *testing.T) {
	c := courses()["adam, best, patience"]
	tr := c.trainer(t, t.TempDir())
	tr.Checkpoints = &train.Checkpoints{Dir: filepath.Join(t.TempDir(), "new", "folder"), EverySteps: 3, Keep: 3}
	dir := tr.Checkpoints.Dir
	var best []float64
	tr.OnEpoch = func(e train.Epoch) error {
		if e.Epoch == 0 {
			// Not after 3 batches of 4, but then after 6.
			require.Equal(t, []string{"step-000000003.safetensors"}, fileNames(t, dir))
		}
		return nil
	}
	r, err := tr.Run(background)
	require.NoError(t, err)
	require.Len(t, r.History, 4)
	require.Equal(t, []string{"best.safetensors", "final.safetensors", "step-000000012.safetensors", "step-000000015.safetensors", "step-000000016.safetensors"}, fileNames(t, dir))

	b := checkpoint(t, dir, "best.safetensors")
	require.Equal(t, []int{r.Best + 1, 0, r.Best}, []int{b.Epoch, b.Batch, b.Best})
	require.Equal(t, 15, checkpoint(t, dir, "step-000000015.safetensors").Steps())
	end := checkpoint(t, dir, "final.safetensors")
	require.True(t, end.Final)
	require.Equal(t, train.Version, end.Version)
	require.Equal(t, timeless(r).History, end.History)

	// The plain names are the weights that the model has now: the best.
	ts, meta := readSafetensors(t, filepath.Join(dir, "final.safetensors"))
	require.NotContains(t, meta, "clock")
	for i, p := range tr.Model.Params() {
		require.Equal(t, bits(tr.Model)[i], ts[p.Name()].x)
		require.Equal(t, ts[p.Name()].Shape, ts["optimiser/m/"+p.Name()].Shape)
		require.Contains(t, ts, "last/"+p.Name())
		best = append(best, ts[p.Name()].x...)
	}
	m := c.trainer(t, dir).Model
	require.NoError(t, m.LoadWeights(filepath.Join(dir, "final.safetensors")))
	require.Equal(t, bits(tr.Model), bits(m))
	require.NoError(t, m.LoadWeights(filepath.Join(dir, "best.safetensors")))
	require.Equal(t, bits(tr.Model), bits(m), "the best weights were the present ones then")
	require.NotEmpty(t, best)
}

// A checkpoint by time comes with the first batch after it, and ten minutes are the
// default.
func TestEvery(t *testing.T) {
	c := courses()["sgd, no validation"]
	for every, want := range map[time.Duration]int{time.Nanosecond: 16, time.Hour: 1, 0: 1} {
		tr := c.trainer(t, t.TempDir())
		tr.Checkpoints.Every, tr.Checkpoints.Keep = every, 100
		_, err := tr.Run(background)
		require.NoError(t, err)
		require.Len(t, fileNames(t, tr.Checkpoints.Dir), want+1) // with the final one
	}
}

// A training that begins anew sets aside what another has left, once.
func TestSetAside(t *testing.T) {
	c := courses()["adam, best, patience"]
	dir := half(t, c)
	old := read(t, dir, "step-000000010.safetensors")
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".step-000000011.safetensors.4194304-00000000.tmp"), nil, 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o666))
	begin := func(want int) {
		tr := c.trainer(t, dir)
		var warnings []error
		tr.OnWarning = func(err error) { warnings = append(warnings, err) }
		ctx, cancel := context.WithCancel(background)
		tr.OnBatch = func(train.Batch) { cancel() }
		_, err := tr.Run(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Len(t, warnings, want)
		if want > 0 {
			require.EqualError(t, warnings[0], "train: checkpoints of an earlier training in "+dir+": moved to "+filepath.Join(dir, "earlier"))
		}
		require.Equal(t, []string{"earlier", "notes.txt", "step-000000001.safetensors"}, fileNames(t, dir))
	}
	begin(1)
	require.Equal(t, []string{"best.safetensors", "step-000000009.safetensors", "step-000000010.safetensors"}, fileNames(t, filepath.Join(dir, "earlier")))
	require.Equal(t, old, read(t, dir, "earlier", "step-000000010.safetensors"))
	begin(1)
	require.Equal(t, []string{"step-000000001.safetensors"}, fileNames(t, filepath.Join(dir, "earlier")))

	// One that goes on from a file of another folder keeps what was before.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "step-000000099.safetensors"), nil, 0o666))
	tr := c.trainer(t, dir)
	tr.Resume = checkpoint(t, dir, "step-000000001.safetensors")
	_, err := tr.Run(background)
	require.NoError(t, err)
	require.Equal(t, []string{"step-000000099.safetensors"}, fileNames(t, filepath.Join(dir, "earlier")))
}

// Where a training goes on from another file than the latest, or counts batches of
// another size, that place is the latest from then on.
func TestAnchor(t *testing.T) {
	c := courses()["adam, best, patience"]
	for name, x := range map[string]struct {
		from string
		size int
		want string
	}{
		"the best":     {"best.safetensors", 10, "step-00000000[48].safetensors"},
		"another size": {"step-000000010.safetensors", 20, "step-000000005.safetensors"}, // two epochs of two, and one
	} {
		t.Run(name, func(t *testing.T) {
			dir := half(t, c)
			tr := c.trainer(t, dir)
			tr.OnWarning = func(error) {}
			tr.Model = newModel(t, train.Network{Net: deep(), Shape: []int{4}, Steps: 6, Batch: x.size, Seed: 3})
			tr.Resume = checkpoint(t, dir, x.from)
			var d diary
			tr.Observers = []train.Observer{&d}
			over, cancel := context.WithCancel(background)
			cancel()
			_, err := tr.Run(over)
			require.ErrorIs(t, err, context.Canceled)
			latest, passed, err := train.LatestCheckpoint(dir)
			require.NoError(t, err)
			require.Empty(t, passed)
			require.Regexp(t, x.want, latest.Path)
			require.Equal(t, tr.Resume.Epoch, latest.Epoch)
			require.Equal(t, x.size, latest.Size)
			require.False(t, d.early)
		})
	}
}

// Before the first checkpoint that was due, or where the best epoch came behind it, a
// training goes on from the best epoch; and where it goes on from one before that, the
// best of what was is set aside.
func TestLatestBest(t *testing.T) {
	c := courses()["adam, best, patience"]
	whole := c.trainer(t, t.TempDir())
	_, err := whole.Run(background)
	require.NoError(t, err)
	for _, keep := range []bool{false, true} {
		dir := half(t, c)
		require.NoError(t, os.Remove(filepath.Join(dir, "step-000000009.safetensors")))
		require.NoError(t, os.Remove(filepath.Join(dir, "step-000000010.safetensors")))
		best := checkpoint(t, dir, "best.safetensors")
		if keep {
			tr := c.trainer(t, t.TempDir())
			tr.Checkpoints.EverySteps, tr.Checkpoints.Keep, tr.Epochs = 1, 1000, 1
			_, err := tr.Run(background)
			require.NoError(t, err)
			early := filepath.Join(tr.Checkpoints.Dir, "step-000000001.safetensors")
			require.NoError(t, os.Rename(early, filepath.Join(dir, "step-000000001.safetensors")))
		}
		tr := c.trainer(t, dir)
		var passed []error
		tr.Resume, passed, err = train.LatestCheckpoint(dir)
		require.NoError(t, err)
		require.Empty(t, passed)
		require.Equal(t, best, tr.Resume)
		if keep {
			tr.Resume = checkpoint(t, dir, "step-000000001.safetensors")
			tr.OnWarning = func(error) {} // the number of epochs
		}
		_, err = tr.Run(background)
		require.NoError(t, err)
		require.Equal(t, read(t, whole.Checkpoints.Dir, "final.safetensors"), read(t, dir, "final.safetensors"))
		if keep {
			require.Equal(t, []string{"best.safetensors"}, fileNames(t, filepath.Join(dir, "earlier")))
		}
	}
}

func TestCheckpointsErrors(t *testing.T) {
	c := courses()["sgd, no validation"]
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	for want, cs := range map[string]train.Checkpoints{
		"train: checkpoints: Dir is empty, want the name of a folder":             {},
		"train: checkpoints: Every is -1s, EverySteps 0, Keep 0, want at least 0": {Dir: "x", Every: -time.Second},
		"train: checkpoints: Every is 0s, EverySteps -1, Keep 0, want at least 0": {Dir: "x", EverySteps: -1},
		"train: checkpoints: Every is 0s, EverySteps 0, Keep -1, want at least 0": {Dir: "x", Keep: -1},
		"train: checkpoints: mkdir " + file + ": not a directory":                 {Dir: file},
	} {
		tr := c.trainer(t, "")
		tr.Checkpoints = &cs
		was := bits(tr.Model)
		_, err := tr.Run(background)
		require.EqualError(t, err, want)
		require.Equal(t, was, bits(tr.Model))
	}
}

// A full disk takes so many bytes more, of all files together, until there is room.
type disk struct{ room int }

var errFull = errors.New("no space left on device")

type fullWriter struct {
	d *disk
	w io.Writer
}

func (f fullWriter) Write(b []byte) (int, error) {
	n := min(f.d.room, len(b))
	f.d.room -= n
	m, err := f.w.Write(b[:n])
	if err == nil && n < len(b) {
		err = errFull
	}
	return m, err
}

// After whatever byte the disk is full, the checkpoint before stays as it is and
// nothing else: one training tries with 0 bytes after its first batch, with 1 after
// its second, and so on.
func TestFullAfterEveryByte(t *testing.T) {
	m := newModel(t, train.Network{Net: layers.Sequential{layers.Linear{Out: 3}, layers.Last}, Shape: []int{4}, Steps: 1, Batch: 1})
	dir := t.TempDir()
	tr := &train.Trainer{Model: m, Data: yinyang(t, 10_000), Epochs: 1, Checkpoints: &train.Checkpoints{Dir: dir, EverySteps: 1}}
	ctx, cancel := context.WithCancel(background)
	tr.OnBatch = func(train.Batch) { cancel() }
	_, err := tr.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	const name = "step-000000001.safetensors"
	old := read(t, dir, name)

	var d disk
	tr.Checkpoints.Through(func(w io.Writer) io.Writer { return fullWriter{&d, w} })
	tr.Resume = checkpoint(t, dir, name)
	ctx, cancel = context.WithCancel(background)
	var warnings []string
	tr.OnWarning = func(err error) {
		warnings = append(warnings, err.Error())
		if len(warnings) == 2 {
			cancel()
		}
	}
	room := 0
	tr.OnBatch = func(b train.Batch) {
		require.Equal(t, []string{name}, fileNames(t, dir))
		room = b.Step - 1
		d.room = room
	}
	_, err = tr.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, old, read(t, dir, name))
	require.Len(t, fileNames(t, dir), 2)
	// The first for which there was room; their sizes differ by some digits of the loss.
	require.InDelta(t, len(read(t, dir, fileNames(t, dir)[1])), room, 30)
	require.Greater(t, room, 1000)
	require.Equal(t, []string{
		"train: checkpoint after 2 batches: no space left on device; the training goes on, and the next one is tried when it is due",
		fmt.Sprintf("train: checkpoint after %d batches: can be written again", room+2),
	}, warnings)
}

// A training with checkpoints that fail ends as it would without.
func TestFullDisk(t *testing.T) {
	c := courses()["sgd, no validation"]
	c.net = small0
	whole := c.trainer(t, t.TempDir())
	_, err := whole.Run(background)
	require.NoError(t, err)
	final := read(t, whole.Checkpoints.Dir, "final.safetensors")

	// The checkpoint after 3 batches fails after n bytes, and those after 6 and 9;
	// then there is room.
	tr := c.trainer(t, t.TempDir())
	ctx, cancel := context.WithCancel(background)
	tr.Checkpoints.EverySteps = 2
	tr.OnBatch = func(b train.Batch) {
		if b.Step == 1 {
			cancel()
		}
	}
	_, err = tr.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	good := tr.Checkpoints.Dir
	name := "step-000000002.safetensors"
	size := len(read(t, good, name))

	model := c.trainer(t, good).Model
	for n := 0; n < size; n += size / 5 {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), read(t, good, name), 0o666))
		tr := c.trainer(t, dir)
		tr.Model, tr.Resume = model, checkpoint(t, dir, name)
		tr.Checkpoints.EverySteps = 3
		d := &disk{n}
		tr.Checkpoints.Through(func(w io.Writer) io.Writer { return fullWriter{d, w} })
		var warnings []string
		tr.OnWarning = func(err error) { warnings = append(warnings, err.Error()) }
		tr.OnBatch = func(b train.Batch) {
			switch b.Step {
			case 4, 7, 10: // after the attempts at 3, 6 and 9
				want := []string{name}
				require.Equal(t, want, fileNames(t, dir))
				require.Equal(t, read(t, good, name), read(t, dir, name))
			case 11:
				d.room = 1 << 30
			}
		}
		_, err := tr.Run(background)
		require.NoError(t, err)
		require.Equal(t, []string{
			"train: checkpoint after 3 batches: no space left on device; the training goes on, and the next one is tried when it is due",
			"train: checkpoint after 12 batches: can be written again",
		}, warnings, "%d bytes", n)
		require.Equal(t, final, read(t, dir, "final.safetensors"))
		require.Equal(t, []string{"final.safetensors", "step-000000015.safetensors", "step-000000016.safetensors"}, fileNames(t, dir))
	}

	// That the end cannot be written is an error; the model has its weights.
	tr = c.trainer(t, t.TempDir())
	tr.Checkpoints.Through(func(w io.Writer) io.Writer { return fullWriter{&disk{100}, w} })
	var warnings []string
	tr.OnWarning = func(err error) { warnings = append(warnings, err.Error()) }
	r, err := tr.Run(background)
	require.ErrorIs(t, err, errFull)
	require.EqualError(t, err, "train: final.safetensors: no space left on device")
	require.Len(t, r.History, 4)
	require.Equal(t, bits(whole.Model), bits(tr.Model))
	require.Len(t, warnings, 1)
	require.Empty(t, fileNames(t, tr.Checkpoints.Dir))
}

// failing is an optimiser that fails at one of its steps.
type failing struct {
	*optim.Adam
	at int
}

var errStep = errors.New("no step")

func (f *failing) Step(ps []G.ValueGrad) error {
	if f.at--; f.at == 0 {
		return errStep
	}
	return f.Adam.Step(ps)
}

// What ends a training between batches leaves a checkpoint; where it ends in the
// midst of one, between the strides of truncated backpropagation, there is none of
// weights that no other run would have.
func TestErrorInBatch(t *testing.T) {
	c := courses()["continued"] // three strides a batch
	for at, want := range map[int][]string{13: {"step-000000004.safetensors"}, 14: nil, 15: nil, 16: {"step-000000005.safetensors"}} {
		tr := c.trainer(t, t.TempDir())
		tr.Optimiser, tr.Validation = &failing{&optim.Adam{}, at}, nil
		_, err := tr.Run(background)
		require.ErrorIs(t, err, errStep)
		require.Equal(t, want, fileNames(t, tr.Checkpoints.Dir), "step %d", at)
	}

	tr := c.trainer(t, t.TempDir())
	stop := errors.New("enough")
	tr.OnEpoch = func(train.Epoch) error { return stop }
	_, err := tr.Run(background)
	require.ErrorIs(t, err, stop)
	require.Equal(t, []string{"best.safetensors", "step-000000004.safetensors"}, fileNames(t, tr.Checkpoints.Dir))
	require.Equal(t, 1, checkpoint(t, tr.Checkpoints.Dir, "step-000000004.safetensors").Epoch)
}
