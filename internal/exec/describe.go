package exec

import (
	"fmt"
	"strings"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/jit"
)

// Describe says for people how a program would run on elements of so many bits: which
// of its instructions are machine code, as a listing and in hexadecimal, and which are
// taken one by one, and why. Of its states the first ones go from step to step, as many as carried says.
func Describe(p *ir.Program, bits, carried int) string {
	if !jit.Available() {
		return "  no machine code on this system; the kernels are called one after the other\n"
	}
	pl, err := native(p, bits, carried, true)
	if err != nil {
		return fmt.Sprintf("  no machine code, %v; the kernels are called one after the other\n", err)
	}
	var b strings.Builder
	if pl.whole {
		b.WriteString("  the whole step is machine code, which goes through time by itself\n")
	}
	for _, s := range pl.stretches {
		if s.code != nil {
			fmt.Fprintf(&b, "  instructions %d to %d: machine code\n%s", s.from, s.to-1, indented(s.source.Listing()))
			text := s.code.Bytes()
			for ; len(text) > 0; text = text[min(32, len(text)):] {
				fmt.Fprintf(&b, "    % x\n", text[:min(32, len(text))])
			}
			continue
		}
		for i := s.from; i < s.to; i++ {
			fmt.Fprintf(&b, "  instruction %d: %v has no machine code\n", i, p.Instrs[i].Op)
		}
	}
	return b.String()
}

func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}
