package exec

import "github.com/spikegrad/spikegrad/internal/vec"

// A Line is what runs a line of a program. It has the sequences that the program reads and writes for it.
type Line[F vec.Float] interface {
	// Forward prepares a pass forward, of the inputs of its operation that are parameters, from what is on its way at first; what is
	// behind the last step goes to leave. It returns the sequence of what arrives, and keeps what the way back needs if that is wanted.
	Forward(in [][]F, enter, leave []F, wantGrad bool) (y []F, err error)
	// Backward prepares the way back from the gradient of what has left, nil for zero; that of what entered goes to enter. It
	// returns the sequence of what arrived, and one for the gradient of it.
	Backward(leave, enter []F) (y, dy []F)
	// Gradients ends the way back, and returns the gradients by the inputs of the operation, nil where there is none.
	Gradients() [][]F

	// Worker returns memory for one goroutine, which takes blocks of rows through all time steps, one after the other.
	Worker() LineWorker[F]
}

// A LineWorker takes a block of rows through time.
type LineWorker[F vec.Float] interface {
	// Start begins before the first time step with rows r0 ≤ r < r1, of so many.
	Start(r0, r1, rows int)
	// Step takes in z at step t, and writes what arrives there to the sequence.
	Step(t int, z []F)
	// Stop ends behind the last step.
	Stop()

	// StartBack begins behind the last time step.
	StartBack(r0, r1, rows int)
	// StepBack takes in the gradient of what arrived at step t, and adds to dz that of what went in there.
	StepBack(t int, dz []F)
}

// arrive has the lines write what arrives at step t.
func (w *stateWorker[F]) arrive(t int) {
	for i, l := range w.lines {
		l.Step(t, w.in[w.b.p.Lines[i].State])
	}
}

// depart has the lines take in the gradients that step t has written.
func (w *stateWorker[F]) depart(t int) {
	for i, l := range w.lines {
		l.StepBack(t, w.out[w.b.p.Lines[i].State])
	}
}
