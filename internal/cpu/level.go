package cpu

import (
	"fmt"
	"slices"
	"strings"
)

// A Level is an instruction set that the library has kernels or code for.
type Level uint8

// The levels. Which of them a processor has, Levels says.
const (
	Go     Level = iota // no assembly; of code, none
	AVX2                // AVX2, FMA, BMI1, BMI2, POPCNT: Haswell, Zen and later
	AVX512              // AVX2 and AVX-512 F, BW, DQ, VL: Skylake-SP, Zen 4 and later
	NEON                // Advanced SIMD: every processor of arm64 that Go runs on
	Count               // how many levels there are
)

var names = [Count]string{Go: "Go", AVX2: "AVX2", AVX512: "AVX512", NEON: "NEON"}

func (l Level) String() string {
	if l >= Count {
		return fmt.Sprintf("level %d", l)
	}
	return names[l]
}

// parse returns the level of that name, in whatever case, and whether there is one.
func parse(name string) (Level, bool) {
	for l, n := range names {
		if strings.EqualFold(n, name) {
			return Level(l), true
		}
	}
	return Go, false
}

// levels are those of this processor, slowest first.
var levels = append([]Level{Go}, detect()...)

// Levels returns the levels that this processor has, slowest first. What is returned
// must not be changed.
func Levels() []Level { return levels }

// Best returns the fastest of them.
func Best() Level { return levels[len(levels)-1] }

// has reports whether the processor has a level.
func has(l Level) bool { return slices.Contains(levels, l) }
