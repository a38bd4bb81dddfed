// Package jittest tests the assemblers of package jit: it asks one for every instruction,
// and holds the bytes to what a disassembler reads there.
package jittest

import (
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

// Program writes every instruction, with registers of each kind and places near and far; of
// values there are so many registers, and scales says whether the target has jit.Scale.
func Program(a jit.Assembler, registers jit.Vec, scales bool) {
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
	if scales {
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

// Hold holds code to testdata/name.txt: its left column is the bytes of each instruction,
// its right one what objdump, which somebody else has written, read there, and that is
// what a person has to check. -update asks it again, by its name and arguments; its versions
// differ in how they write, so only bytes are compared.
func Hold(t *testing.T, name string, code []byte, objdump ...string) {
	file := filepath.Join("testdata", name+".txt")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, disassemble(t, code, objdump), 0o644))
	}
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotContains(t, string(text), "undefined")
	var want []string
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		bytes, _, _ := strings.Cut(line, "\t")
		want = append(want, bytes)
	}
	got := fmt.Sprintf("% x", code)
	if !strings.Contains(want[0], " ") { // words, low bytes first
		got = ""
		for i := 0; i < len(code); i += 4 {
			got += fmt.Sprintf(" %02x%02x%02x%02x", code[i+3], code[i+2], code[i+1], code[i])
		}
		got = got[1:]
	}
	require.Equal(t, strings.Join(want, " "), got)
}

// disassemble returns the instructions that objdump reads, bytes and text.
func disassemble(t *testing.T, code []byte, objdump []string) (text []byte) {
	file := filepath.Join(t.TempDir(), "code")
	require.NoError(t, os.WriteFile(file, code, 0o644))
	args := append([]string{"-D", "-w", "-b", "binary", file}, objdump[1:]...)
	out, err := exec.Command(objdump[0], args...).Output()
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`(?m)^ *[0-9a-f]+:\t([0-9a-f ]+?) *\t(.*?) *$`).FindAllStringSubmatch(string(out), -1) {
		text = fmt.Appendf(text, "%s\t%s\n", m[1], m[2])
	}
	return text
}
