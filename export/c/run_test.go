package c_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/export/c"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
)

// strict are the flags with which generated code has to be free of warnings.
var strict = []string{"-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"}

// compiler returns the path of a compiler, and skips the test where there is none.
func compiler(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"gcc", "clang"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no C compiler: gcc and clang are not installed")
	return ""
}

// driver is a program that runs one of its networks: it reads the number of the network, those
// of sequences and of steps, and then floats from standard input, and writes the outputs of each
// step. For ARM it needs no operating system but three calls of Linux, and no C library.
const driver = `#ifdef __arm__
typedef unsigned long size;
static long call(long number, long a, void *b, size n)
{
    register long r7 __asm__("r7") = number;
    register long r0 __asm__("r0") = a;
    register void *r1 __asm__("r1") = b;
    register size r2 __asm__("r2") = n;
    __asm__ volatile("svc 0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2) : "memory");
    return r0;
}
static int get(void *to, size n)
{
    char *c = to;
    while (n > 0) {
        const long some = call(3, 0, c, n);
        if (some <= 0) {
            return 0;
        }
        c += some;
        n -= (size)some;
    }
    return 1;
}
static int put(void *from, size n)
{
    return call(4, 1, from, n) == (long)n;
}
#else
#include <stdio.h>
typedef size_t size;
static int get(void *to, size n)
{
    return fread(to, 1, n, stdin) == n;
}
static int put(void *from, size n)
{
    return fwrite(from, 1, n, stdout) == n;
}
#endif
INCLUDES
struct net {
    size inputs, outputs;
    void (*reset)(void);
    void (*step)(const float *in, float *out);
};
NETS
static const struct net nets[] = {
TABLE};

static int run(void)
{
    static float in[4096], out[4096];
    int what[3], t;
    if (!get(what, sizeof what)) {
        return 1;
    }
    for (; what[1] > 0; what[1]--) {
        const struct net *n = nets + what[0];
        n->reset();
        for (t = 0; t < what[2]; t++) {
            if (!get(in, sizeof *in * n->inputs)) {
                return 2;
            }
            n->step(in, out);
            if (!put(out, sizeof *out * n->outputs)) {
                return 3;
            }
        }
    }
    return 0;
}

#ifdef __arm__
void _start(void);
void _start(void)
{
    call(1, run(), 0, 0);
}
#else
int main(void)
{
    return run();
}
#endif
`

// compiled writes the files of networks, each with a prefix of its own, and a program that runs
// them, and returns the path of what a compiler makes of them.
func compiled(t *testing.T, cc string, codes []*c.Code, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	var includes, nets, table strings.Builder
	args := append(slices.Clone(strict), flags...)
	for _, code := range codes {
		p, large := code.Prefix, strings.ToUpper(code.Prefix)
		require.LessOrEqual(t, max(code.Inputs, code.Outputs), 4096)
		require.NoError(t, code.WriteFiles(filepath.Join(dir, p+".c")))
		args = append(args, filepath.Join(dir, p+".c"))
		fmt.Fprintf(&includes, "#include \"%s.h\"\n", p)
		fmt.Fprintf(&nets, "static %s_state %s;\nstatic void %s_r(void) { %s_reset(&%s); }\n", p, p, p, p, p)
		fmt.Fprintf(&nets, "static void %s_s(const float *in, float *out) { %s_step(&%s, in, out); }\n", p, p, p)
		fmt.Fprintf(&table, "    {%s_INPUTS, %s_OUTPUTS, %s_r, %s_s},\n", large, large, p, p)
	}
	text := strings.NewReplacer("INCLUDES", includes.String(), "NETS", nets.String(), "TABLE", table.String()).Replace(driver)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.c"), []byte(text), 0o600))
	program := filepath.Join(dir, "program")
	out, err := exec.Command(cc, append(args, "-o", program, filepath.Join(dir, "main.c"), "-lm")...).CombinedOutput()
	require.NoError(t, err, "%s", out[:min(len(out), 3000)])
	return program
}

// ran returns what network number k of a program gives for sequences of so many steps, when it
// is run by a command.
func ran(t *testing.T, k int, code *c.Code, steps int, x []float32, command ...string) []float32 {
	t.Helper()
	var in, out bytes.Buffer
	require.NoError(t, binary.Write(&in, binary.LittleEndian, []int32{int32(k), int32(len(x) / code.Inputs / steps), int32(steps)}))
	require.NoError(t, binary.Write(&in, binary.LittleEndian, x))
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, os.Stderr
	require.NoError(t, cmd.Run(), "%v", cmd.Args)
	y := make([]float32, out.Len()/4)
	require.NoError(t, binary.Read(&out, binary.LittleEndian, y))
	return y
}

// A stepper is a network of this library, run step by step.
type stepper struct {
	t      *testing.T
	values map[string]*tensor.Dense
	x      *G.Node
	states []*layers.State
	rest   *machine.Machine
	run    *machine.Machine
	outs   int
}

func newStepper(t *testing.T, net layers.Layer, seed uint64, shape []int) *stepper {
	t.Helper()
	s := &stepper{t: t, values: map[string]*tensor.Dense{}}
	s.x = G.NewTensor(G.NewGraph(), tensor.Float32, len(shape)+2, G.WithShape(append([]int{1, 1}, shape...)...), G.WithName("x"), G.WithInit(G.Zeroes()))
	b := layers.NewBuild(seed)
	b.Carry = &layers.Carry{}
	y, err := net.Apply(b, s.x)
	require.NoError(t, err)
	outs := G.Nodes{y}
	if len(b.Outputs) > 0 {
		outs = nil
	}
	for _, o := range b.Outputs {
		outs = append(outs, o.Node)
	}
	s.outs, s.states = len(outs), b.Carry.States
	var rest G.Nodes
	for _, st := range s.states {
		rest, outs = append(rest, st.Rest), append(outs, st.Out)
	}
	s.run, err = machine.New(outs...)
	require.NoError(t, err)
	if len(rest) > 0 {
		s.rest, err = machine.New(rest...)
		require.NoError(t, err)
	}
	for _, n := range slices.Concat(b.Params, b.Fixed) {
		s.values[n.Name()] = n.Value().(*tensor.Dense)
	}
	return s
}

// let gives the states the values of a machine from number k on.
func (s *stepper) let(m *machine.Machine, k int) {
	for i, st := range s.states {
		require.NoError(s.t, tensor.Copy(st.In.Value().(tensor.Tensor), m.Value(k+i).(tensor.Tensor)))
	}
}

// outputs returns the outputs of every step of sequences of so many.
func (s *stepper) outputs(steps int, x []float32) []float32 {
	to := s.x.Value().Data().([]float32)
	var all []float32
	for i := 0; i < len(x); i += len(to) {
		if s.rest != nil && i/len(to)%steps == 0 {
			require.NoError(s.t, s.rest.Run())
			s.let(s.rest, 0)
		}
		copy(to, x[i:])
		require.NoError(s.t, s.run.Run())
		for k := range s.outs {
			all = append(all, s.run.Value(k).Data().([]float32)...)
		}
		s.let(s.run, s.outs)
	}
	return all
}

// spikes draws zeros and ones.
func spikes(r *rand.Rand, n int, p float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		if r.Float64() < p {
			x[i] = 1
		}
	}
	return x
}

// near holds numbers to others, relative to the largest: where want is whole numbers, as of
// spikes, they are equal.
func near(t *testing.T, name string, want, got []float32, tolerance float64) {
	t.Helper()
	require.Len(t, got, len(want), name)
	largest, whole := 0.0, true
	for _, v := range want {
		if !math.IsInf(float64(v), 0) {
			largest = max(largest, math.Abs(float64(v)))
		}
		whole = whole && v == float32(math.Trunc(float64(v)))
	}
	for i := range want {
		if want[i] == got[i] {
			continue
		}
		require.False(t, whole, "%s: number %d is %v, want the whole number %v", name, i, got[i], want[i])
		require.InDelta(t, want[i], got[i], tolerance*largest, "%s: number %d of %d", name, i, len(want))
	}
}
