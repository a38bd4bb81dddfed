package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/internal/safetensors"
	"github.com/spikegrad/spikegrad/internal/tensorfile"
)

// Version is the version of the library, which every checkpoint names.
const Version = "0.1.0"

// format is the version of what a checkpoint holds. It rises when an older library
// could not make sense of a newer file.
const format = 1

// ErrNewer is the error of a checkpoint that a newer version of the library has
// written, in a way that this one does not know.
var ErrNewer = errors.New("written by a newer version of the library")

// A Checkpoint is the state of a training between two batches. A Trainer with
// Checkpoints writes it, and one whose Resume it is goes on from there as if
// nothing had been: weights, optimiser and history become the same, bit for bit.
//
// A file has the safetensors layout. Its tensors are
//
//	NAME                    the parameter NAME as it is learnt, or a value for each neuron that is not learnt
//	best/NAME               with KeepBest: as it was after the best epoch
//	last/NAME               in the final file with KeepBest, where NAME is the best: as it was last
//	optimiser/MOMENT/NAME   what the optimiser remembers of it
//	carried/ID/STATE        the state STATE in which sequence ID goes on, where samples are parts of sequences
//
// and all else is JSON among its metadata: the fields below and the sums of the
// present epoch under "spikegrad", durations under "clock".
//
// No generator of random numbers is saved, since none outlives a batch: the order
// of the samples depends on Seed and the epoch, encoders and dropout masks on
// Seed, the epoch and the batch.
type Checkpoint struct {
	Path string `json:"-"` // the file it was read from

	Version string   `json:"version"` // of the library that wrote it
	Network string   `json:"network"` // SHA-256 of Layers
	Layers  []string `json:"layers"`  // the structure of the network, in words

	Seed      uint64            `json:"seed"`      // Trainer.Seed
	ModelSeed uint64            `json:"modelSeed"` // Network.Seed
	Settings  map[string]string `json:"settings"`  // of the training, by name

	Epoch   int  `json:"epoch"`   // of the next batch, counted from 0; all before are in History
	Batch   int  `json:"batch"`   // that comes next, counted from 0; Batches if only the validation is missing
	Batches int  `json:"batches"` // in an epoch
	Size    int  `json:"size"`    // of a batch
	Samples int  `json:"samples"` // in an epoch
	Final   bool `json:"final"`   // the training was over; parameters are those it ended with

	Best    int     `json:"best"`    // as in Result
	History []Epoch `json:"history"` // as in Result

	state   map[string]json.RawMessage // what else a training goes on from, see stateful
	clock   clock
	tensors []safetensors.Tensor
}

// clock is what no two runs have alike.
type clock struct {
	Epochs []time.Duration `json:"epochs"` // of History
	Epoch  time.Duration   `json:"epoch"`  // the present one so far
}

// document is the JSON of a checkpoint.
type document struct {
	Format int `json:"format"`
	*Checkpoint
	State *map[string]json.RawMessage `json:"state"`
}

// The names of our metadata.
const (
	documentName = "spikegrad"
	clockName    = "clock"
)

// Steps returns how many batches the training has had.
func (c *Checkpoint) Steps() int { return c.Epoch*c.Batches + c.Batch }

// seen returns how many samples the training has seen: it counts batches of any
// size alike.
func (c *Checkpoint) seen() int { return c.Epoch*c.Samples + min(c.Batch*c.Size, c.Samples) }

// write writes c. The final file has no durations: the same training ends with
// the same bytes.
func (c *Checkpoint) write(w io.Writer) error {
	doc, err := json.Marshal(document{format, c, &c.state})
	if err != nil {
		return err
	}
	f := safetensors.File{Tensors: c.tensors, Metadata: map[string]string{documentName: string(doc)}}
	if !c.Final {
		times, err := json.Marshal(c.clock)
		if err != nil {
			return err
		}
		f.Metadata[clockName] = string(times)
	}
	return f.Write(w)
}

// ReadCheckpoint reads a checkpoint, or the final file of a training. An error
// says what is wrong with the file: it is damaged, no checkpoint, or, as
// errors.Is(err, ErrNewer) tells, of a newer version of the library.
func ReadCheckpoint(path string) (*Checkpoint, error) {
	f, err := tensorfile.Read(path)
	if err == nil {
		var c *Checkpoint
		if c, err = decode(f); err == nil {
			c.Path = path
			return c, nil
		}
	}
	return nil, fmt.Errorf("train: checkpoint %s: %w", path, err)
}

// decode returns the checkpoint in a file.
func decode(f *safetensors.File) (*Checkpoint, error) {
	doc, ok := f.Metadata[documentName]
	switch {
	case !ok:
		return nil, errors.New("the file is no checkpoint: it has weights only, which Model.LoadWeights reads")
	case !f.Checked:
		return nil, errors.New("the file is damaged: it has lost its checksum")
	}
	var head struct {
		Format  int    `json:"format"`
		Version string `json:"version"`
	}
	if err := json.Unmarshal([]byte(doc), &head); err != nil {
		return nil, fmt.Errorf("its state makes no sense: %w", describe.Short(err))
	}
	if head.Format > format {
		return nil, fmt.Errorf("%w: by %s in format %d, want a format up to %d; update the library", ErrNewer, describe.Text(head.Version), head.Format, format)
	}
	c := &Checkpoint{tensors: f.Tensors}
	if err := json.Unmarshal([]byte(doc), &document{Checkpoint: c, State: &c.state}); err != nil {
		return nil, fmt.Errorf("its state makes no sense: %w", describe.Short(err))
	}
	if times, ok := f.Metadata[clockName]; ok {
		if err := json.Unmarshal([]byte(times), &c.clock); err != nil {
			return nil, fmt.Errorf("its durations make no sense: %w", describe.Short(err))
		}
	}
	for i := range c.History[:min(len(c.History), len(c.clock.Epochs))] {
		c.History[i].Duration = c.clock.Epochs[i]
	}
	return c, c.check()
}

// check returns an error unless the numbers in c fit each other.
func (c *Checkpoint) check() error {
	s, err := c.progress()
	if err != nil {
		return err
	}
	w, err := c.weights()
	if err != nil {
		return err
	}
	switch {
	case c.Epoch < 0 || c.Epoch > math.MaxInt32 || c.Size < 1 || c.Size > math.MaxInt32 || c.Samples < 1 ||
		c.Batches < 1 || c.Batches > min(c.Samples, math.MaxInt32) || c.Batch < 0 || c.Batch > c.Batches:
		return fmt.Errorf("its state makes no sense: batch %d of %d in epoch %d, with %d samples in batches of %d", c.Batch, c.Batches, c.Epoch, c.Samples, c.Size)
	case len(c.History) != c.Epoch:
		return fmt.Errorf("its state makes no sense: it has a history of %d epochs, want %d", len(c.History), c.Epoch)
	case c.Best < -1 || c.Best >= max(c.Epoch, 0) || s.Lowest < 0 || s.Lowest > c.Epoch || w.Kept && c.Best < 0:
		return fmt.Errorf("its state makes no sense: the best of %d epochs is %d, the one of lowest loss %d", c.Epoch, c.Best, s.Lowest)
	case c.Network != describe.Hash(c.Layers):
		return errors.New("its state makes no sense: the hash is not that of the network")
	}
	for i, e := range c.History {
		if e.Epoch != i {
			return fmt.Errorf("its state makes no sense: epoch %d stands in the place of %d", e.Epoch, i)
		}
	}
	return nil
}

// tensor returns the tensor of a name.
func (c *Checkpoint) tensor(name string) (*tensor.Dense, error) {
	i := slices.IndexFunc(c.tensors, func(t safetensors.Tensor) bool { return t.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("tensor %s is missing", describe.Quote(name))
	}
	return tensorfile.Dense(c.tensors[i])
}
