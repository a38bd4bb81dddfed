package readout

import "github.com/spikegrad/spikegrad/internal/plain"

// What the operations are to those who write them down elsewhere, one time step at a time:
// gradients, sequences and samples of different lengths are nothing.

// Plain implements plain.Plainer.
func (op *overTimeOp) Plain() any {
	if op.grad || op.window.varied || op.window.steps != 1 {
		return nil
	}
	join, ok := map[overTime]int{lastStep: plain.Last, maxOverTime: plain.Max, meanOverTime: plain.Last, sumOverTime: plain.Sum}[op.kind]
	if !ok || op.kind == meanOverTime && op.window.entered {
		return nil
	}
	return plain.Window{N: op.window.lanes, Join: join, Entered: op.window.entered}
}

// Plain implements plain.Plainer.
func (op *bySampleOp) Plain() any {
	if op.kind != perStep {
		return nil
	}
	return plain.PerStep{Samples: op.count, N: op.Shape.TotalSize() / op.count}
}

// Plain implements plain.Plainer.
func (op *stampOp) Plain() any {
	if op.grad || op.Shape[0] != 1 {
		return nil
	}
	return plain.Stamp{Samples: op.batch, N: op.Shape[2:].TotalSize(), Before: len(op.In) > 1}
}

var _ = []plain.Plainer{(*overTimeOp)(nil), (*bySampleOp)(nil), (*stampOp)(nil)}
