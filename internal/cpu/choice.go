package cpu

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
)

// A choice is what runs.
type choice struct {
	kernels, code Level
	forced        bool // kernels were asked for, by the environment or a test
}

var inForce atomic.Pointer[choice]

func init() {
	c := choose(os.Getenv("SPIKEGRAD_KERNELS"), os.Getenv("SPIKEGRAD_CODE"))
	inForce.Store(&c)
}

// untried is whether nobody has run machine code on this system, where it has to be
// asked for: on macOS with a processor of Apple's.
const untried = runtime.GOOS == "darwin" && runtime.GOARCH == "arm64"

// choose returns what two variables of the environment ask for. Kernels of a level that
// the processor lacks are the best there are; code for one is none.
func choose(kernels, code string) choice {
	c := choice{kernels: Best(), code: Best()}
	if untried {
		c.code = Go
	}
	if kernels != "" {
		c.code, c.forced = Go, true
		if l, ok := parse(kernels); ok && has(l) {
			c.kernels = l
		}
	} else if code != "" {
		if c.code, _ = parse(code); !has(c.code) {
			c.code = Go
		}
	}
	return c
}

// Kernels returns the level of the kernels in force. It costs a load.
func Kernels() Level { return inForce.Load().kernels }

// Code returns the level that machine code is written for, Go for none.
func Code() Level { return inForce.Load().code }

// Forced reports whether the kernels in force are those that somebody has asked for,
// rather than the best.
func Forced() bool { return inForce.Load().forced }

// ForceKernels puts the kernels of a level in force until restore is called. Like
// ForceCode it is for tests, one at a time: those of Go differ in the last bits from
// others. What has been made of kernels before stays what it is.
func ForceKernels(l Level) (restore func(), err error) {
	return force(l, func(c *choice) { c.kernels, c.forced = l, true })
}

// ForceCode makes code be written for a level, or with Go for none, until restore is
// called. Code that there is stays what it is.
func ForceCode(l Level) (restore func(), err error) {
	return force(l, func(c *choice) { c.code = l })
}

func force(l Level, change func(*choice)) (restore func(), err error) {
	if !has(l) {
		return nil, fmt.Errorf("cpu: this processor has no %v, only %v", l, Levels())
	}
	old := inForce.Load()
	c := *old
	change(&c)
	inForce.Store(&c)
	return func() { inForce.Store(old) }, nil
}

// DenseProducts reports whether matrix products are to be dense whatever their
// operands.
func DenseProducts() bool { return os.Getenv("SPIKEGRAD_PRODUCTS") == "dense" }
