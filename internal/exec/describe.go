package exec

import (
	"fmt"
	"strings"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/jit"
)

// Describe says for people how a program would run on elements of so many bits: which
// of its instructions are machine code, in hexadecimal, and which are taken one by one,
// and why. Of its states the first ones go from step to step, as many as carried says.
func Describe(p *ir.Program, bits, carried int) string {
	if !jit.Available() {
		return "  no machine code on this system; the kernels are called one after the other\n"
	}
	pl, err := native(p, bits, carried)
	if err != nil {
		return fmt.Sprintf("  no machine code, %v; the kernels are called one after the other\n", err)
	}
	var b strings.Builder
	if pl.whole {
		b.WriteString("  the whole step is machine code, which goes through time by itself\n")
	}
	for _, s := range pl.stretches {
		if s.code != nil {
			fmt.Fprintf(&b, "  instructions %d to %d: machine code\n", s.from, s.to-1)
			for i, x := range s.code.Bytes() {
				sep := " "
				if i%32 == 31 {
					sep = "\n"
				}
				if i%32 == 0 {
					b.WriteString("    ")
				}
				fmt.Fprintf(&b, "%02x%s", x, sep)
			}
			b.WriteByte('\n')
			continue
		}
		for i := s.from; i < s.to; i++ {
			fmt.Fprintf(&b, "  instruction %d: %v has no machine code\n", i, p.Instrs[i].Op)
		}
	}
	return b.String()
}
