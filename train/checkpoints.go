package train

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/series"
	"github.com/spikegrad/spikegrad/internal/tensorfile"
)

// Checkpoints says where and how often a Trainer writes its state, so that the
// training can go on after it was ended, by a power failure for example:
//
//	step-000001250.safetensors   the state after so many batches
//	best.safetensors             the state after the best epoch on the validation set so far
//	final.safetensors            the end of the training; the same training, interrupted or not, has the same bytes
//	earlier/                     files of a training before, set aside when this one began anew
//	checkpoints.lock             there while a training writes to the folder: another one is refused
//
// A file appears whole or not at all. One that cannot be written, as when the
// disk is full, is a warning and tried again when the next is due; those before
// stay until it is there. That the final one cannot be written is an error.
type Checkpoints struct {
	Dir        string        // made if need be
	Every      time.Duration // from one checkpoint to the next; 0 means ten minutes, or never if EverySteps is set
	EverySteps int           // also after every so many batches; 0 means not
	Keep       int           // how many are kept, apart from the best; 0 means 2

	through func(io.Writer) io.Writer // what files are written through, in tests
}

// steps are the files of the state after so many batches.
var steps = series.Series{Prefix: "step-", Ext: tensorfile.Ext}

const (
	bestFile   = "best" + tensorfile.Ext
	finalFile  = "final" + tensorfile.Ext
	earlierDir = "earlier"
	lockFile   = "checkpoints.lock"
)

// A keeper knows what was written.
type keeper struct {
	epoch, batch int       // where the training was at the last checkpoint
	at           time.Time // of it, or of the last attempt
	failing      bool      // the last attempt failed
	lock         *files.Lock
}

// prepare goes to where the training goes on from, and makes the folder ready.
func (r *trainRun) prepare() error {
	c := r.Checkpoints
	if c != nil {
		switch {
		case c.Dir == "":
			return errors.New("train: checkpoints: Dir is empty, want the name of a folder")
		case c.Every < 0 || c.EverySteps < 0 || c.Keep < 0:
			return fmt.Errorf("train: checkpoints: Every is %v, EverySteps %d, Keep %d, want at least 0", c.Every, c.EverySteps, c.Keep)
		}
	}
	if err := r.lock(); err != nil {
		return err
	}
	if c != nil || r.Resume != nil {
		r.layers = r.Model.structure()
	}
	if r.Resume != nil {
		if err := r.resume(r.Resume); err != nil {
			return err
		}
	}
	if c == nil {
		return nil
	}
	r.keeper.epoch, r.keeper.batch, r.keeper.at = r.at.epoch, r.at.batch, time.Now()
	if err := files.Sweep(c.Dir, tensorfile.Ext); err != nil {
		return fmt.Errorf("train: checkpoints: %w", err)
	}
	if err := r.anchor(); err != nil {
		return fmt.Errorf("train: checkpoints: %w", err)
	}
	if err := r.setAside(); err != nil {
		return fmt.Errorf("train: checkpoints: %w", err)
	}
	return nil
}

// lock makes the folder and keeps other trainings away from it.
func (r *trainRun) lock() (err error) {
	if r.Checkpoints == nil {
		return nil
	}
	dir := r.Checkpoints.Dir
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("train: checkpoints: %w", err)
	}
	if r.keeper.lock, err = files.Acquire(filepath.Join(dir, lockFile)); err != nil {
		return fmt.Errorf("train: checkpoints: a training writes to %s: %w; end it or let it end, or write to another folder", dir, err)
	}
	return nil
}

// anchor sees to it that the folder has the checkpoint that the training goes on
// from, before others are set aside: it may come from elsewhere, or count batches
// of another size.
func (r *trainRun) anchor() error {
	if r.Resume == nil {
		return nil
	}
	name := steps.Name(r.step())
	if filepath.Clean(r.Resume.Path) == filepath.Join(r.Checkpoints.Dir, name) {
		return nil
	}
	return r.write(name, nil)
}

// saveIfDue writes a checkpoint if it is time to.
func (r *trainRun) saveIfDue() {
	c := r.Checkpoints
	if c == nil {
		return
	}
	every := c.Every
	if every == 0 && c.EverySteps == 0 {
		every = 10 * time.Minute
	}
	n := c.EverySteps
	// Ranks take several batches at a time.
	passed := n > 0 && r.ranks != nil && r.step()/n > (r.keeper.epoch*r.batches+r.keeper.batch)/n
	if n > 0 && r.step()%n == 0 || passed || every > 0 && time.Since(r.keeper.at) >= every {
		r.save()
	}
}

// save writes a checkpoint, if there is none of where the training is, and
// removes old ones.
func (r *trainRun) save() {
	k := &r.keeper
	if r.Checkpoints == nil || r.torn || k.epoch == r.at.epoch && k.batch == r.at.batch {
		return
	}
	err := r.write(steps.Name(r.step()), nil)
	k.at = time.Now()
	if err != nil {
		if !k.failing && r.fault() == nil {
			r.warn(fmt.Errorf("train: checkpoint after %d batches: %w; the training goes on, and the next one is tried when it is due", r.step(), err))
		}
		k.failing = true
		return
	}
	if k.failing {
		r.warn(fmt.Errorf("train: checkpoint after %d batches: can be written again", r.step()))
	}
	k.epoch, k.batch, k.failing = r.at.epoch, r.at.batch, false
	keep := r.Checkpoints.Keep
	if keep == 0 {
		keep = 2
	}
	if err := steps.Prune(r.Checkpoints.Dir, keep); err != nil {
		r.warn(fmt.Errorf("train: checkpoints: an old one cannot be removed: %w", err))
	}
}

// saveBest writes the state after the best epoch so far.
func (r *trainRun) saveBest() {
	if r.Checkpoints == nil {
		return
	}
	if err := r.write(bestFile, nil); err != nil && !r.keeper.failing {
		r.warn(fmt.Errorf("train: checkpoint of the best epoch: %w; the training goes on", err))
	}
}

// saveFinal writes what the training ended with; last are the last weights, where
// the model has the best.
func (r *trainRun) saveFinal(last []*tensor.Dense) error {
	if r.Checkpoints == nil {
		return nil
	}
	if err := r.write(finalFile, &final{last}); err != nil {
		return fmt.Errorf("train: %s: %w", finalFile, err)
	}
	return nil
}

// write writes the state of the training to a file of the folder.
func (r *trainRun) write(name string, end *final) error {
	c, err := r.snapshot(end)
	if err != nil {
		var p *PanicError
		if errors.As(err, &p) {
			r.keep(err) // the disk may get better, this does not
		}
		return err
	}
	if r.begun {
		r.observe("Sync", Observer.Sync)
	}
	return files.Replace(filepath.Join(r.Checkpoints.Dir, name), func(w io.Writer) error {
		if r.Checkpoints.through != nil {
			w = r.Checkpoints.through(w)
		}
		return c.write(w)
	})
}
