package jit

import (
	"encoding/binary"
	"math"
	"runtime"
	"unsafe"
)

// A Frame is what one goroutine needs to run a Code: where it reads and writes,
// its constants, memory for values that found no register.
type Frame struct {
	code     *Code
	ptrs     []uintptr
	strides  []uintptr
	consts   []byte
	spills   []byte
	args     Args
	elements int // bytes of one
}

// NewFrame returns a Frame to run c.
func (c *Code) NewFrame() *Frame {
	f := &Frame{
		code: c, ptrs: make([]uintptr, c.nPtrs+1), strides: make([]uintptr, c.nPtrs+1),
		consts: aligned((c.nConsts + len(c.literals)) * c.target.constant(c.bits)), spills: aligned(c.spills), elements: c.bits / 8,
	}
	f.args = Args{Ptrs: &f.ptrs[0], Strides: &f.strides[0], Consts: &f.consts[0], Spills: &f.spills[0]}
	for i, l := range c.literals {
		f.word(c.nConsts+i, l)
	}
	return f
}

// aligned returns n bytes, and one more, that start a cache line, as a vector that
// lies in two is slow to read.
func aligned(n int) []byte {
	b := make([]byte, n+64)
	return b[-uintptr(unsafe.Pointer(&b[0]))%64:][:n+1]
}

// word gives constant k its bits.
func (f *Frame) word(k int, u uint64) {
	n := f.code.target.constant(f.code.bits)
	for at := k * n; at < (k+1)*n; at += f.elements {
		if f.elements == 4 {
			binary.LittleEndian.PutUint32(f.consts[at:], uint32(u))
		} else {
			binary.LittleEndian.PutUint64(f.consts[at:], u)
		}
	}
}

// SetConsts gives the constants their values.
func SetConsts[F float32 | float64](f *Frame, c []F) {
	for k, x := range c[:f.code.nConsts] {
		if f.elements == 4 {
			f.word(k, uint64(math.Float32bits(float32(x))))
		} else {
			f.word(k, math.Float64bits(float64(x)))
		}
	}
}

// Point puts place p at the start of x, whose memory the caller keeps, and moves
// it by stride elements from step to step.
func Point[F float32 | float64](f *Frame, p Ptr, x []F, stride int) {
	f.ptrs[p] = uintptr(unsafe.Pointer(unsafe.SliceData(x)))
	f.strides[p] = uintptr(stride * f.elements)
}

// Run runs the code on n elements for some time steps. Sequences move by ahead
// elements from step to step. Places keep where they have come to.
//
// The garbage collector cannot interrupt generated code. So long work is done in
// several calls, between which it can.
func (f *Frame) Run(n, steps, ahead int) {
	if n == 0 || steps == 0 {
		return
	}
	f.args.Ahead = uintptr(ahead * f.elements)
	if n > f.code.elements {
		for range steps {
			f.pieces(n)
		}
		return
	}
	f.setSize(n)
	for most := max(1, f.code.elements/n); steps > 0; steps -= most {
		f.enter(min(steps, most))
	}
	runtime.KeepAlive(f)
}

// pieces runs one time step, on so many elements that one call would take long.
func (f *Frame) pieces(n int) {
	for at := 0; at < n; at += f.code.elements {
		k := min(f.code.elements, n-at)
		f.setSize(k)
		f.enter(1)
		for p := range f.ptrs {
			f.ptrs[p] += uintptr(k*f.elements) - f.strides[p]
		}
	}
	for p := range f.ptrs {
		f.ptrs[p] += f.strides[p] - uintptr(n*f.elements)
	}
}

// setSize tells the code how many elements there are.
func (f *Frame) setSize(n int) {
	lanes := f.code.target.Bytes / f.elements
	f.args.Bytes = uintptr(n * f.elements)
	f.args.Full = uintptr(n / lanes * f.code.target.Bytes)
	f.code.target.SetTail(&f.args, n%lanes, f.elements)
}

// enter calls the code for some time steps. It must be a call, since on entering
// a function a goroutine gives way to the collector.
//
//go:noinline
func (f *Frame) enter(steps int) {
	f.args.Steps = uintptr(steps)
	f.code.target.Call(&f.code.memory[0], &f.args)
}
