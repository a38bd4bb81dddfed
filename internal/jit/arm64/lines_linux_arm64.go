package arm64

// lines returns the bytes of the shortest lines of the caches of data and of instructions.
func lines() (data, instructions uintptr) {
	t := cacheType()
	return 4 << (t >> 16 & 15), 4 << (t & 15)
}

// cacheType returns CTR_EL0.
func cacheType() uint64
