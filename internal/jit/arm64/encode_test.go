package arm64

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/jit"
	"github.com/spikegrad/spikegrad/internal/jit/jittest"
)

// The words of every instruction are those of testdata, beside which objdump says what
// it reads there.
func TestInstructions(t *testing.T) {
	for _, bits := range []int{32, 64} {
		a := vectors{&encoder{bits: bits}}
		jittest.Program(a, registers, false)
		far := jit.Mem{Base: jit.RegSpills, Disp: 1 << 20}
		both := jit.Mem{Base: jit.Pointer0, Index: jit.RegIndex, Disp: 40, Indexed: true}
		a.Load(3, far, false)
		a.Store(both, 5, false)
		a.LoadInt(jit.RegTemp, jit.Mem{Base: jit.RegArgs, Disp: -8})
		a.LoadInt(jit.RegTemp, jit.Mem{Base: jit.RegArgs, Disp: math.MinInt32})
		a.AddImm(jit.RegIndex, 70_000)
		a.Prefetch(far, false)
		// Where the result is an operand, others are chosen by another instruction.
		reg := func(v jit.Vec) jit.Operand { return jit.Operand{Vec: v} }
		for _, to := range []jit.Vec{1, 2, 3} {
			a.Binary(jit.Max, to, 1, reg(2))
			a.Binary(jit.Min, to, 1, reg(2))
			a.Choose(to, 1, reg(2))
		}
		a.Compare(jit.Unordered, 4, reg(4))
		jittest.Hold(t, fmt.Sprintf("neon_%d", bits), a.Bytes(), "aarch64-linux-gnu-objdump", "-m", "aarch64")
	}
}

// The elements of a vector that is not full, and for those that it lacks the last of them.
func TestTail(t *testing.T) {
	for n, want := range [][2]uint64{{0, 0}, {0, 0}, {4, 4}, {4, 8}} {
		var a jit.Args
		setTail(&a, n, 4)
		require.Equal(t, want, [2]uint64(a.Tail[:2]), n)
	}
}
