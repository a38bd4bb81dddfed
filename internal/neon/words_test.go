package neon

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write testdata anew, with the disassembler that is installed")

// words are all instructions, with registers that have high numbers and low ones.
func words() (ws []uint32) {
	add := func(w ...uint32) { ws = append(ws, w...) }
	for _, bits := range []int{32, 64} {
		for _, f := range []func(bits int, d, n, m uint8) uint32{
			FAdd, FSub, FMul, FDiv, FMla, FMls, FMlaFirst, FCmEq, FCmGe, FCmGt, Add, Sub, Trn1, Trn2, Zip1, Zip2, AddPairs,
		} {
			add(f(bits, 1, 2, 4), f(bits, 30, 17, 9))
		}
		for _, f := range []func(bits int, d, n uint8) uint32{FSqrt, FRintN, FRintM, FRintP, FAddPair} {
			add(f(bits, 3, 31), f(bits, 18, 5))
		}
		for _, by := range []int{1, 23, bits - 1} {
			add(Shl(bits, 6, 25, by), UShr(bits, 29, 2, by))
		}
		for i := range 128 / bits {
			add(Dup(bits, 7, 20, i), LoadLane(bits, 19, i, 3), StoreLane(bits, 20, i, 12))
		}
		add(LoadAll(bits, 21, 11))
	}
	for _, f := range []func(d, n, m uint8) uint32{And, Or, Xor, Bsl, Bit, Bif} {
		add(f(8, 16, 24), f(31, 1, 3))
	}
	for _, f := range []func(d, n uint8) uint32{Not, Move, Widen, WidenUpper, Most, ToInt, Middle} {
		add(f(9, 22))
	}
	for _, bits := range []int{8, 16, 32} {
		add(Uzp1(bits, 12, 23, 6))
	}
	add(Zero(27))
	for _, bytes := range []int{4, 8, 16} {
		add(Load(bytes, 10, 5, 0), Load(bytes, 26, 13, 4095*bytes), Store(bytes, 2, 8, 3*bytes))
		add(LoadAt(bytes, 11, 4, 14), StoreAt(bytes, 28, 7, 1))
	}
	return ws
}

// Every word is what testdata says; beside it stands what objdump, which somebody else has
// written, reads there, and that is what a person has to check. -update asks it again.
func TestWords(t *testing.T) {
	file := filepath.Join("testdata", "words.txt")
	var code []byte
	for _, w := range words() {
		code = binary.LittleEndian.AppendUint32(code, w)
	}
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, disassemble(t, code), 0o644))
	}
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotContains(t, string(text), "undefined")
	var want []string
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		word, _, _ := strings.Cut(line, "\t")
		want = append(want, word)
	}
	var got []string
	for _, w := range words() {
		got = append(got, fmt.Sprintf("%08x", w))
	}
	require.Equal(t, want, got)
}

func disassemble(t *testing.T, code []byte) (text []byte) {
	file := filepath.Join(t.TempDir(), "code")
	require.NoError(t, os.WriteFile(file, code, 0o644))
	out, err := exec.Command("aarch64-linux-gnu-objdump", "-D", "-w", "-b", "binary", "-m", "aarch64", file).Output()
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`(?m)^ *[0-9a-f]+:\t([0-9a-f]{8}) *\t(.*?) *$`).FindAllStringSubmatch(string(out), -1) {
		text = fmt.Appendf(text, "%s\t%s\n", m[1], strings.ReplaceAll(m[2], "\t", " "))
	}
	return text
}

// Places are those of Go's frames: as wide as they are, results from a multiple of 8 on.
func TestPlaces(t *testing.T) {
	w := NewWriter()
	w.Func("f", "does nothing.", "func(a, b []float32, c float32, ok bool, n int) (float32, bool)")
	for name, want := range map[string]string{
		"a_base": "a_base+0(FP)", "a_len": "a_len+8(FP)", "b_base": "b_base+24(FP)", "c": "c+48(FP)", "ok": "ok+52(FP)",
		"n": "n+56(FP)", "ret": "ret+64(FP)", "ret1": "ret1+68(FP)",
	} {
		require.Equal(t, want, w.Place(name))
	}
	require.Equal(t, 0, w.Constant(32, 1))
	require.Equal(t, 16, w.Constant(64, 1))
	require.Equal(t, 0, w.Constant(64, 1<<32|1))
	require.Contains(t, string(w.Assembly("head")), "TEXT ·f(SB), NOSPLIT, $0-69\n")
	require.Contains(t, string(w.Stubs()), "func f(a, b []float32, c float32, ok bool, n int) (float32, bool)\n")
	require.True(t, Reaches(16, 4095*16))
	require.False(t, Reaches(16, 4096*16))
	require.False(t, Reaches(16, 8))
}
