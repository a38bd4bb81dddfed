package graph

import (
	"fmt"
	"os"
	"slices"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/exec"
	"github.com/spikegrad/spikegrad/internal/lower"
)

// A Lowering says what a time step of a scan has become: how it runs, not what
// it computes.
type Lowering struct {
	Backward bool
	// Rows is the number of parts of a time step that are computed one after the
	// other, each over all time steps: as many as it has elements where the step is
	// element-wise, one for each sample where it has products, and 1 otherwise.
	Rows int
	// Products counts the products by matrices that do not change over time.
	Products int
	// Calls names the operations that could not be fused and are called at each
	// time step.
	Calls []string

	programs []lowered
}

// A Stage is what a step was after one pass of the compiler, as text.
type Stage struct {
	Pass string
	Text string
}

// lowered is one program of a pass over time, and what it was made from.
type lowered struct {
	name    string
	step    lower.Step
	bits    int
	carried int
}

// Lowered returns how the scans run that the nodes need: their passes forward,
// and those backward where a node is a gradient. A step of yours that should be
// element-wise has no Calls and as many Rows as elements; String says why one has not.
//
// The environment variable SPIKEGRAD_PRINT has what String returns printed on standard
// error whenever a scan is lowered: all of it for "all", else the passes that it names,
// as in "rows,emit".
func Lowered(nodes ...*G.Node) []Lowering {
	var all []Lowering
	seen := map[*G.Node]bool{}
	var visit func(n *G.Node)
	visit = func(n *G.Node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		for _, c := range childrenOf(n) {
			visit(c)
		}
		switch op := n.Op().(type) {
		case *scanOp:
			if op.s.lowerForward() == nil {
				all = append(all, op.s.lowering())
			}
		case *backwardOp:
			all = append(all, op.bw.lowering())
		}
	}
	for _, n := range nodes {
		visit(n)
	}
	return all
}

func newLowering(p *lower.Program, programs ...lowered) Lowering {
	return Lowering{Rows: p.Rows, Products: len(p.Mats), Calls: callsOf(p), programs: programs}
}

func (s *scan) lowering() Lowering {
	return newLowering(s.fwd, lowered{"forward", s.step(), s.bits(), len(s.states)})
}

func (bw *backward) lowering() Lowering {
	l := newLowering(bw.program, lowered{"backward", bw.back, bw.s.bits(), len(bw.s.states)})
	l.Backward = true
	if bw.advance != nil {
		l.programs = append(l.programs, lowered{"states again", bw.forward, bw.s.bits(), 0})
	}
	return l
}

func (s *scan) bits() int {
	if s.dt == tensor.Float32 {
		return 32
	}
	return 64
}

// Stages returns the step after each pass of the compiler: the values that change from
// step to step as they were classified, the rows, what was fused, the program, and
// its machine code. Backward there may be a second program, which computes the states
// between two that are kept.
func (l Lowering) Stages() []Stage {
	var all []Stage
	for _, p := range l.programs {
		var t lower.Trace
		program, _, err := lower.Lower(p.step, &t)
		for _, s := range t.Stages {
			all = append(all, Stage{p.name + ": " + s.Pass, s.Text})
		}
		if err == nil { // it was lowered before
			all = append(all, Stage{p.name + ": code", exec.Describe(program.Program, p.bits, p.carried)})
		}
	}
	return all
}

// String returns all stages as text.
func (l Lowering) String() string {
	var b strings.Builder
	for _, s := range l.Stages() {
		fmt.Fprintf(&b, "%s\n%s", s.Pass, s.Text)
	}
	return b.String()
}

// printed are the passes that SPIKEGRAD_PRINT names.
var printed = strings.FieldsFunc(os.Getenv("SPIKEGRAD_PRINT"), func(r rune) bool { return r == ',' })

// show prints on standard error what the environment asks for, of what lowering
// returns.
func show(lowering func() Lowering) {
	if len(printed) == 0 {
		return
	}
	for _, s := range lowering().Stages() {
		_, pass, _ := strings.Cut(s.Pass, ": ")
		if slices.Contains(printed, pass) || slices.Contains(printed, "all") {
			fmt.Fprintf(os.Stderr, "%s\n%s", s.Pass, s.Text)
		}
	}
}

// callsOf names the operations that a program calls.
func callsOf(p *lower.Program) (names []string) {
	for _, c := range p.Program.Calls {
		names = append(names, c.Name)
	}
	return names
}
