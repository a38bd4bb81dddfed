package train

import (
	"fmt"
	"strings"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/layers"
)

// structure returns the network of m in words, a line for each part: what decides
// which weights belong to it and what it makes of them. The size of a batch does
// not.
func (m *Model) structure() []string {
	lines := []string{
		fmt.Sprintf("input %v over %d time steps of %v", m.net.Shape, m.net.Steps, m.net.Dtype),
	}
	for _, h := range m.heads {
		line := h.name("loss") + " " + describe.Value(h.Loss)
		if h.Weight != 1 {
			line += fmt.Sprintf(", weighted %g", h.Weight)
		}
		lines = append(lines, line)
	}
	for _, d := range layers.Describe(m.net.Net) {
		lines = append(lines, fmt.Sprintf("layer %s %s", d.Name, d.Settings))
	}
	for _, p := range m.params {
		line := fmt.Sprintf("parameter %s %v", p.name, []int(p.value.Shape()))
		if p.keep != (graph.Constraint{}) {
			line += " within " + p.keep.String()
		}
		lines = append(lines, line)
	}
	for _, a := range m.build.Activities {
		lines = append(lines, fmt.Sprintf("neurons %s, spiking: %t", a.Name, a.Spiking))
	}
	for _, name := range m.termNames {
		lines = append(lines, "term "+name)
	}
	for i, l := range lines {
		lines[i] = strings.ToValidUTF8(l, "?") // which is how it will be read
	}
	return lines
}
