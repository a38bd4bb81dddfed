package amd64

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/jit"
)

var update = flag.Bool("update", false, "write testdata anew, with the disassembler that is installed")

// program writes every instruction, with registers of each kind and places near and far.
func program(a jit.Assembler, registers jit.Vec) {
	low, high, last := jit.Vec(0), jit.Vec(9), registers-1
	near := jit.Mem{Base: jit.RegSpills, Disp: 64}
	far := jit.Mem{Base: jit.RegConsts, Disp: 10_004}
	place := jit.Mem{Base: jit.Pointer0 + 2, Index: jit.RegIndex, Indexed: true} // r12, which takes a longer form
	other := jit.Mem{Base: jit.RegTemp, Index: jit.RegNext, Indexed: true}
	reg := func(v jit.Vec) jit.Operand { return jit.Operand{Vec: v} }
	mem := func(m jit.Mem) jit.Operand { return jit.Operand{Mem: m, InMem: true} }
	konst := jit.Operand{Mem: jit.Mem{Base: jit.RegConsts, Disp: 8}, InMem: true, Constant: true}

	a.LoadInt(jit.RegPtrs, jit.Mem{Base: jit.RegArgs, Disp: jit.AtPtrs})
	a.LoadInt(jit.Pointer0+3, far)
	a.AddToMem(near, jit.RegTemp)
	a.AddImm(jit.RegNext, 64)
	a.AddImm(jit.Pointer0, -64)
	a.ZeroInt(jit.RegIndex)
	a.ZeroInt(jit.Pointer0)
	a.Decrement(jit.Mem{Base: jit.RegArgs, Disp: jit.AtSteps})
	a.CompareInt(jit.RegIndex, jit.RegFull)
	a.CompareInt(jit.Pointer0, jit.RegConsts)
	a.CompareMem(jit.RegIndex, jit.Mem{Base: jit.RegArgs, Disp: jit.AtBytes})
	a.Prefetch(place, false)
	a.Prefetch(other, true)
	a.Aim(a.Jump(jit.IfNotZero), 0)
	a.Aim(a.Jump(jit.IfBelow), a.Len())
	a.Aim(a.Jump(jit.IfNotBelow), a.Len())

	a.Begin()
	for _, tail := range []bool{false, true} {
		a.Load(low, place, tail)
		a.Load(last, far, tail)
		a.Store(other, high, tail)
		a.Store(near, last, tail)
	}
	a.Fill(high, konst.Mem)
	a.Move(last, high)
	a.Unary(jit.Sqrt, low, reg(last))
	a.Unary(jit.Sqrt, high, mem(place))
	for _, op := range []jit.Op{jit.Floor, jit.Ceil, jit.Nearest} {
		a.Unary(op, last, reg(low))
	}
	for _, op := range []jit.Op{jit.Add, jit.Sub, jit.Mul, jit.Div, jit.Max, jit.Min, jit.And, jit.Or, jit.Xor} {
		a.Binary(op, low, high, reg(last))
	}
	a.Binary(jit.Add, last, low, mem(far))
	a.Binary(jit.Add, high, last, konst)
	if registers > 16 {
		a.Binary(jit.Scale, high, last, reg(low))
	}
	a.Shift(low, last, 23)
	for _, op := range []jit.Op{jit.FMA, jit.FNMA} {
		a.FMA(op, high, low, reg(last))
		a.FMA(op, last, high, konst)
	}
	for _, p := range []jit.Predicate{jit.Eq, jit.Unordered, jit.Ne, jit.Different, jit.Lt, jit.Le, jit.Ge, jit.Gt} {
		a.Compare(p, last, reg(high))
	}
	a.Compare(jit.Gt, low, konst)
	a.Flag(high, konst)
	a.Flag(last, reg(low))
	a.Choose(low, high, reg(last))
	a.Choose(last, low, konst)
	a.Leave()
}

// The bytes of every instruction are those of testdata, whose right column is what
// objdump, which somebody else has written, read there. -update asks it again; its
// versions differ in how they write, so only bytes are compared.
func TestInstructions(t *testing.T) {
	for _, bits := range []int{32, 64} {
		for name, a := range map[string]struct {
			jit.Assembler
			registers jit.Vec
		}{"avx2": {vex{&encoder{bits: bits}}, 15}, "avx512": {evex{&encoder{bits: bits}}, 32}} {
			t.Run(fmt.Sprintf("%s/%d", name, bits), func(t *testing.T) {
				program(a, a.registers)
				file := filepath.Join("testdata", fmt.Sprintf("%s_%d.txt", name, bits))
				if *update {
					require.NoError(t, os.WriteFile(file, disassemble(t, a.Bytes()), 0o644))
				}
				want, err := os.ReadFile(file)
				require.NoError(t, err)
				var code []string
				for _, line := range strings.Split(strings.TrimSuffix(string(want), "\n"), "\n") {
					bytes, _, _ := strings.Cut(line, "\t")
					code = append(code, bytes)
				}
				require.Equal(t, strings.Join(code, " "), fmt.Sprintf("% x", a.Bytes()))
			})
		}
	}
}

// disassemble returns the instructions that objdump reads, bytes and text.
func disassemble(t *testing.T, code []byte) []byte {
	file := filepath.Join(t.TempDir(), "code")
	require.NoError(t, os.WriteFile(file, code, 0o644))
	out, err := exec.Command("objdump", "-D", "-w", "-b", "binary", "-m", "i386:x86-64", file).Output()
	require.NoError(t, err)
	var w bytes.Buffer
	for _, m := range regexp.MustCompile(`(?m)^ *[0-9a-f]+:\t([0-9a-f ]+?) *\t(.*?) *$`).FindAllStringSubmatch(string(out), -1) {
		fmt.Fprintf(&w, "%s\t%s\n", m[1], m[2])
	}
	return w.Bytes()
}
