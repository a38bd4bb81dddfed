package nir

import (
	"fmt"
	"strings"
)

// A Report lists what was decided when a network was imported, where the format leaves it
// open or libraries differ.
type Report struct {
	Dt    float64 // time step, s
	Notes []Note
}

// A Note is one decision.
type Note struct {
	Node string // or an edge, "a → b"; "" for all
	What string // units, integration, input, reset, start, delay, metadata, …
	How  string
}

// String returns a line for each note.
func (r Report) String() string {
	var b strings.Builder
	for _, n := range r.Notes {
		if n.Node == "" {
			n.Node = "all"
		}
		fmt.Fprintf(&b, "%s: %s: %s\n", n.Node, n.What, n.How)
	}
	return b.String()
}

func (r *Report) note(node, what, format string, args ...any) {
	r.Notes = append(r.Notes, Note{node, what, fmt.Sprintf(format, args...)})
}
