package data

// A Targeter is a data set whose samples have a target tensor in place of a
// label. Target writes that of sample i to y, in the shape of the outputs for one
// sample: […], or [T, …] where they are sequences.
type Targeter interface {
	Target(i int, y []float32) error
}

// A Varied data set has sequences of different lengths. What a sample has behind
// its length, values, events and targets, is neither read nor counted, whatever it is,
// NaN too: not by readouts, losses, regularisers or metrics. Only an encoder of your own gets it to
// see, with the rest of the sample; what it makes of these time steps is not looked at.
// The network runs on with zeros.
type Varied interface {
	// Steps returns the number of time steps of sample i, from 1 to the model's.
	Steps(i int) int
}

// A Continued data set has sequences that are longer than the model's number of time
// steps, cut into samples. The network goes on with a sample where it stood at the
// end of the one before, for which the model needs a Window. Gradients end at the
// cut. In every epoch the sequences come in a new order, the parts of one always in
// theirs, and no two parts of one in one batch.
type Continued interface {
	// Part returns the sequence of which sample i is a part, and which part of it, 0
	// being the first.
	Part(i int) (sequence, part int)
}
