package arm64

// lines returns the bytes of a line of the caches of data and of instructions: those of all
// of Apple's processors, whose system lets no program ask.
func lines() (data, instructions uintptr) { return 64, 64 }
