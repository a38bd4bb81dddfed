package train

import (
	"bytes"
	"io"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/safetensors"
)

// Through makes all files of c go through f.
func (c *Checkpoints) Through(f func(io.Writer) io.Writer) { c.through = f }

// Write writes c as it was written.
func (c *Checkpoint) Write(w io.Writer) error { return c.write(w) }

// Tensor returns a tensor of c.
func (c *Checkpoint) Tensor(name string) (*tensor.Dense, error) { return c.tensor(name) }

// Decode is ReadCheckpoint of a file that has these bytes.
func Decode(b []byte) (*Checkpoint, error) {
	f, err := safetensors.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	return decode(f)
}
