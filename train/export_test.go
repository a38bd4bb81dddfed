package train

import "io"

// Through makes all files of c go through f.
func (c *Checkpoints) Through(f func(io.Writer) io.Writer) { c.through = f }

// Write writes c as it was written.
func (c *Checkpoint) Write(w io.Writer) error { return c.write(w) }
