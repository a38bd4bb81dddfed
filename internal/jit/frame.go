package jit

import (
	"runtime"
	"unsafe"
)

// A Frame is what one goroutine needs to run a Code: where it reads and writes,
// its constants, memory for values that found no register.
type Frame struct {
	code     *Code
	ptrs     []uintptr
	strides  []uintptr
	consts   []uint64 // elements of 32 bits lie two in one
	spills   []uint64
	args     frame
	elements int // bytes of one
}

// frame is what the code reads; its fields are those that the offsets name.
type frame struct {
	ptrs    *uintptr // places at the present time step; the code moves them on
	strides *uintptr
	consts  *uint64
	spills  *uint64
	bytes   uintptr // of a block
	full    uintptr // of them, those in whole vectors
	tail    uintptr // mask of the elements behind these
	steps   uintptr // still to come
	ahead   uintptr // bytes from an element to the same one at the next time step
}

// Offsets of the fields of frame.
const (
	atPtrs = 8 * iota
	atStrides
	atConsts
	atSpills
	atBytes
	atFull
	atTail
	atSteps
	atAhead
)

// NewFrame returns a Frame to run c.
func (c *Code) NewFrame() *Frame {
	f := &Frame{
		code: c, ptrs: make([]uintptr, c.nPtrs+1), strides: make([]uintptr, c.nPtrs+1),
		consts: make([]uint64, c.nConsts+len(c.literals)+1), spills: make([]uint64, c.spills/8+1), elements: c.bits / 8,
	}
	f.args = frame{ptrs: &f.ptrs[0], strides: &f.strides[0], consts: &f.consts[0], spills: &f.spills[0]}
	for i, l := range c.literals {
		f.word(c.nConsts+i, l)
	}
	return f
}

func (f *Frame) word(k int, u uint64) {
	if f.elements == 8 {
		f.consts[k] = u
	} else {
		unsafe.Slice((*uint32)(unsafe.Pointer(&f.consts[0])), 2*len(f.consts))[k] = uint32(u)
	}
}

// SetConsts gives the constants their values.
func SetConsts[F float32 | float64](f *Frame, c []F) {
	copy(unsafe.Slice((*F)(unsafe.Pointer(&f.consts[0])), f.code.nConsts), c)
}

// Point puts place p at the start of x, whose memory the caller keeps, and moves
// it by stride elements from step to step.
func Point[F float32 | float64](f *Frame, p Ptr, x []F, stride int) {
	f.ptrs[p] = uintptr(unsafe.Pointer(unsafe.SliceData(x)))
	f.strides[p] = uintptr(stride * f.elements)
}

// Run runs the code on n elements for some time steps. Sequences move by ahead
// elements from step to step. Places keep where they have come to.
func (f *Frame) Run(n, steps, ahead int) {
	if n == 0 || steps == 0 {
		return
	}
	lanes := 64 / f.elements
	f.args.bytes = uintptr(n * f.elements)
	f.args.full = uintptr(n / lanes * 64)
	f.args.tail = 1<<(n%lanes) - 1
	f.args.steps = uintptr(steps)
	f.args.ahead = uintptr(ahead * f.elements)
	call(&f.code.memory[0], &f.args)
	runtime.KeepAlive(f)
}
