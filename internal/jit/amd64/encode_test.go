package amd64

import (
	"fmt"
	"testing"

	"github.com/spikegrad/spikegrad/internal/jit"
	"github.com/spikegrad/spikegrad/internal/jit/jittest"
)

// The bytes of every instruction are those of testdata, beside which objdump says what
// it reads there.
func TestInstructions(t *testing.T) {
	for _, bits := range []int{32, 64} {
		t.Run(fmt.Sprint(bits), func(t *testing.T) {
			var a jit.Assembler = vex{&encoder{bits: bits}}
			jittest.Program(a, 15, false)
			jittest.Hold(t, fmt.Sprintf("avx2_%d", bits), a.Bytes(), "objdump", "-m", "i386:x86-64")
			a = evex{&encoder{bits: bits}}
			jittest.Program(a, 32, true)
			jittest.Hold(t, fmt.Sprintf("avx512_%d", bits), a.Bytes(), "objdump", "-m", "i386:x86-64")
		})
	}
}
