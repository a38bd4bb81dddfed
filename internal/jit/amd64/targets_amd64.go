package amd64

import (
	"github.com/spikegrad/spikegrad/internal/cpu"
	"github.com/spikegrad/spikegrad/internal/jit"
)

func init() {
	jit.Register(&jit.Target{
		Level: cpu.AVX2, Registers: 15, Pointers: len(gprs) - int(jit.Pointer0), Bytes: 32, Filled: true,
		New:     func(bits int) jit.Assembler { return vex{&encoder{bits: bits}} },
		SetTail: setTail, Call: call,
	})
	jit.Register(&jit.Target{
		Level: cpu.AVX512, Registers: 32, Pointers: len(gprs) - int(jit.Pointer0), Bytes: 64, Scales: true,
		New:     func(bits int) jit.Assembler { return evex{&encoder{bits: bits}} },
		SetTail: setTail, Call: call,
	})
}

// call runs code, which is at the start of executable memory.
//
//go:noescape
func call(code *byte, a *jit.Args)
