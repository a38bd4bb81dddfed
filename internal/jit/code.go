package jit

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
)

// Code is compiled machine code.
type Code struct {
	memory   []byte
	target   *Target
	bits     int
	literals []uint64
	nPtrs    int
	nConsts  int
	spills   int // bytes
	elements int // that one call may compute, over all its time steps
}

var errUnavailable = errors.New("jit: this processor or system cannot run generated code")

// Compile makes the code of b.
func Compile(b *Builder) (*Code, error) {
	if b.target == nil {
		return nil, errUnavailable
	}
	a, spills := assemble(b)
	if reach := b.target.Reach; reach > 0 && a.Len() > reach {
		return nil, fmt.Errorf("jit: the code of a step takes %d bytes, and jumps of %v reach %d", a.Len(), b.target.Level, reach)
	}
	memory, err := executable(a.Bytes())
	if err != nil {
		return nil, err
	}
	if b.target.Sync != nil {
		b.target.Sync(memory)
	}
	c := &Code{
		memory: memory, target: b.target, bits: b.bits, literals: b.literals, nPtrs: b.nPtrs, nConsts: b.nConsts,
		spills: spills, elements: b.elementsPerCall(),
	}
	runtime.AddCleanup(c, release, memory)
	return c, nil
}

// Bytes returns a copy of the machine code, for tools that read it.
func (c *Code) Bytes() []byte { return bytes.Clone(c.memory) }

// callCost is about how many instructions on vectors one call may take: some
// tens of microseconds, so that nobody waits long for its end, and so many that
// a call more, some nanoseconds, does not show. BenchmarkPause of package graph
// measures how long the garbage collector waits.
const callCost = 1 << 16

// elementsPerCall returns how many elements that is, in whole vectors. Reads
// and writes of memory, divisions and roots count as eight: an estimate, which need not
// be close.
func (b *Builder) elementsPerCall() int {
	cost := 1
	for _, in := range b.instrs {
		switch in.op {
		case constant:
		case load, store, Div, Sqrt:
			cost += 8
		default:
			cost++
		}
	}
	return max(1, callCost/cost) * b.target.Bytes / (b.bits / 8)
}
