package train

import "io"

// Through makes all files of c go through f.
func (c *Checkpoints) Through(f func(io.Writer) io.Writer) { c.through = f }
