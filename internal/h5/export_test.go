package h5

// Narrow has ints count as far as where they have 32 bits, until undo is called.
func Narrow() (undo func()) {
	was := mostInt
	mostInt = 1<<31 - 1
	return func() { mostInt = was }
}
