//go:build linux || darwin

package arm64

import (
	"unsafe"

	"github.com/spikegrad/spikegrad/internal/cpu"
	"github.com/spikegrad/spikegrad/internal/jit"
)

// reach is how far a jump leads, in bytes.
const reach = 1<<20 - 4

func init() {
	jit.Register(&jit.Target{
		Level: cpu.NEON, Registers: registers, Pointers: len(gprs) - int(jit.Pointer0), Bytes: 16, Filled: true, Reach: reach,
		New:     func(bits int) jit.Assembler { return vectors{&encoder{bits: bits}} },
		SetTail: setTail, Call: call, Sync: sync,
	})
}

// call runs code, which is at the start of executable memory.
//
//go:noescape
func call(code *byte, a *jit.Args)

// sync lets instructions be fetched as they have been written: what is written goes
// through the cache of data, and instructions come through another.
func sync(code []byte) {
	from := uintptr(unsafe.Pointer(unsafe.SliceData(code)))
	data, instructions := lines()
	clean(from&^(data-1), from+uintptr(len(code)), data)
	invalidate(from&^(instructions-1), from+uintptr(len(code)), instructions)
}

// clean writes data back to where instructions are fetched from, invalidate forgets
// instructions, line by line; both wait until that is done for all processors.
func clean(from, to, line uintptr)
func invalidate(from, to, line uintptr)
