package graph_test

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/cpu"
	"github.com/spikegrad/spikegrad/internal/randstep"
)

var (
	randomSteps = flag.Int("steps", defaultSteps(), "how many random steps TestRandomSteps tries, and TestRandomBits half as many")
	firstStep   = flag.Uint64("firststep", 0, "the seed of the first of them")
)

// A check returns what is wrong with a case, "" for nothing.
type check func(t testing.TB, c *randstep.Case) string

// tame checks a tame case: the scan gives what the unrolling gives.
func (s *tally) tame(_ testing.TB, c *randstep.Case) string {
	want, err := c.Run(false)
	if err != nil {
		return fmt.Sprintf("unroll: %v", err)
	}
	got, err := c.Run(true)
	if err != nil {
		return fmt.Sprintf("scan: %v", err)
	}
	if want.Margin < 100*c.Tolerance() {
		s.passed++ // rounding may decide on which side of a jump a value is
		return ""
	}
	wrong, most := c.Differ(want, got)
	s.worst = max(s.worst, most)
	return wrong
}

// A tally counts what was tried.
type tally struct {
	passed int     // over, as a value came too near to where an operation jumps
	worst  float64 // the largest difference, in units of the tolerance
}

// random checks the cases of so many seeds. Of one that fails it
// prints the smallest that it finds.
func random(t *testing.T, steps int, mode randstep.Mode, wrong check) {
	for seed := *firstStep; seed < *firstStep+uint64(steps); seed++ {
		c := randstep.Draw(randstep.Seed(seed), mode)
		first := wrong(t, c)
		if first == "" {
			continue
		}
		refused := strings.HasPrefix(first, "unroll")
		b := randstep.Shrink(c.Draws(), 2000, func(b []byte) bool {
			w := wrong(t, randstep.Draw(randstep.Bytes(b), mode))
			return w != "" && refused == strings.HasPrefix(w, "unroll")
		})
		small := randstep.Draw(randstep.Bytes(b), mode)
		t.Errorf("seed %d (-run '%s$' -steps 1 -firststep %[1]d): %[3]s\n%[4]v\nThe smallest like it is %[5]q, where %[6]s\n%[7]v",
			seed, t.Name(), first, c, b, wrong(t, small), small)
	}
}

// A scan is its unrolling, whatever the step.
func TestRandomSteps(t *testing.T) {
	var s tally
	random(t, *randomSteps, randstep.Tame, s.tame)
	t.Logf("%d steps, %d of them passed over; the largest difference is %.2g of the tolerance", *randomSteps, s.passed, s.worst)
	require.LessOrEqual(t, s.passed, 3+*randomSteps/8)
}

// A path is one of the ways through the code that give the same bits.
type path struct{ kernels, code cpu.Level }

var vectorPaths = []path{
	{cpu.AVX512, cpu.Go}, {cpu.AVX2, cpu.Go}, {cpu.NEON, cpu.Go},
	{cpu.AVX512, cpu.AVX512}, {cpu.NEON, cpu.NEON}, {cpu.AVX2, cpu.AVX2},
}

// take runs the scan of a case on a path. It returns nil where the processor has not got it.
func (p path) take(c *randstep.Case) (*randstep.Result, error) {
	restore, err := cpu.ForceKernels(p.kernels)
	if err != nil {
		return nil, nil
	}
	defer restore()
	if restore, err = cpu.ForceCode(p.code); err != nil {
		return nil, nil
	}
	defer restore()
	return c.Run(true)
}

// allPaths checks a case on all paths: the bits are the same, also with other processors
// and other states kept. Plain Go counts where it does not round in its own way.
func allPaths(t testing.TB, c *randstep.Case) string {
	ways := vectorPaths
	if !c.Rough() {
		ways = append([]path{{cpu.Go, cpu.Go}}, ways...)
	}
	var want *randstep.Result
	last := ways[0]
	compare := func(p path, c *randstep.Case, how string) string {
		got, err := p.take(c)
		switch {
		case err != nil:
			return fmt.Sprintf("%s %v: %v", how, p, err)
		case got == nil:
		case want == nil:
			want, last = got, p
		default:
			last = p
			if d := randstep.SameBits(want, got); d != "" {
				return fmt.Sprintf("%s %v: %s", how, p, d)
			}
		}
		return ""
	}
	for _, p := range ways {
		if d := compare(p, c, "path"); d != "" {
			return d
		}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	return compare(last, c.Checkpoint(1), "3 processors and every state kept:")
}

// All paths give the same bits, whatever the step and the numbers.
func TestRandomBits(t *testing.T) { random(t, (*randomSteps+1)/2, randstep.Extreme, allPaths) }

// FuzzSteps draws steps from bytes.
func FuzzSteps(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(randstep.Draw(randstep.Seed(seed), randstep.Tame).Draws())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s tally
		for mode, wrong := range map[randstep.Mode]check{randstep.Tame: s.tame, randstep.Extreme: allPaths} {
			c := randstep.Draw(randstep.Bytes(b), mode)
			if d := wrong(t, c); d != "" {
				t.Errorf("%s\n%v", d, c)
			}
		}
	})
}

// Machine code treats numbers at the limits as the kernels do, and rounds like them.
func TestCodeAtTheLimits(t *testing.T) {
	functions := map[string]func(x, c *G.Node) (*G.Node, error){
		"sign": func(x, _ *G.Node) (*G.Node, error) { return G.Sign(x) },
		"relu": func(x, _ *G.Node) (*G.Node, error) { var b graph.Builder; return b.Relu(x), b.Err() },
		"sub":  G.Sub, "div": G.HadamardDiv,
		// Each product is rounded before it goes into a sum.
		"sum":        func(x, _ *G.Node) (*G.Node, error) { var b graph.Builder; return b.Add(x, b.Mul(x, x)), b.Err() },
		"difference": func(x, _ *G.Node) (*G.Node, error) { var b graph.Builder; return b.Sub(x, b.Mul(x, x)), b.Err() },
	}
	for name, f := range map[string]func(x, y *G.Node, same bool) (*G.Node, error){
		"gt": G.Gt, "gte": G.Gte, "lt": G.Lt, "lte": G.Lte, "eq": G.Eq, "ne": G.Ne,
	} {
		functions[name] = func(x, c *G.Node) (*G.Node, error) { return f(x, c, true) }
	}
	x := []float64{0, math.Copysign(0, -1), 0.5, 1, -1, math.Inf(1), math.Inf(-1), math.NaN(), 1e-40, -1e-40, 0.1, 0.3, 0.7, 1.3, 3.3}
	for name, f := range functions {
		for _, left := range []bool{false, true} {
			run := func() []float64 {
				g := G.NewGraph()
				xs := graphtest.Node(g, tensor.Float32, "xs", []int{1, 1, len(x)}, x)
				r, err := graph.Scan(func(x *G.Node, s struct{}, _ gain) (*G.Node, struct{}, error) {
					var b graph.Builder
					a, c := x, b.Fill(x, graph.Const(0.5))
					if left {
						a, c = c, a
					}
					z, err := f(a, c)
					return z, s, errors.Join(b.Err(), err)
				}, xs, nil, gain{})
				require.NoError(t, err)
				return graphtest.Eval(t, r.Out)[0]
			}
			code := run()
			restore, err := cpu.ForceCode(cpu.Go)
			require.NoError(t, err)
			kernels := run()
			restore()
			for i := range x {
				same := math.Float64bits(kernels[i]) == math.Float64bits(code[i]) || kernels[i] != kernels[i] && code[i] != code[i]
				require.True(t, same, "%s of %v, number on the left: %t: got %v, want %v", name, x[i], left, code[i], kernels[i])
			}
		}
	}
}

func defaultSteps() int {
	if os.Getenv("SPIKEGRAD_LONG") == "1" {
		return 300
	}
	return 150
}
