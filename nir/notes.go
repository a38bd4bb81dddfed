package nir

import (
	"fmt"
	"math"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

// Export writes what the format cannot say, or says by a number that rounds, into metadata
// of this name: those of a node have
//
//	reset       "reset_subtract" or "reset_shift", where a spike does not take the potential to v_reset
//	NAME_inv    1/NAME, where 1 divided by the array is another number
//	nodes       names of arrays that were tensors, not constants of the program
//	sum         in which order what comes in is added up, as sums round: names, and "+" behind two
//
// and those of the network the readout at its end.
const producer = "spikegrad"

// told returns a note of this library's in metadata.
func told(m Metadata, name string) (Array, bool) {
	own, ok := m[producer].(Metadata)
	if !ok {
		return Array{}, false
	}
	a, ok := own[name].(Array)
	return a, ok
}

// tell adds a note.
func tell(m *Metadata, name string, a Array) {
	if *m == nil {
		*m = Metadata{}
	}
	own, ok := (*m)[producer].(Metadata)
	if !ok {
		own = Metadata{}
		(*m)[producer] = own
	}
	own[name] = a
}

// word returns a note that is one text.
func word(m Metadata, name string) string {
	a, _ := told(m, name)
	if t, ok := a.Data.([]string); ok && len(t) == 1 {
		return t[0]
	}
	return ""
}

// exact returns the inverse of time constants, as the metadata have it where that is the
// same number but for the rounding of two divisions.
func exact(n *Node, name string, inverse []float64) []float64 {
	a, ok := told(n.Metadata, name+"_inv")
	if !ok {
		return inverse
	}
	fs, err := a.Floats()
	if err != nil || len(fs) != len(inverse) {
		return inverse
	}
	for i, f := range fs {
		if !(math.Abs(f-inverse[i]) <= 4e-16*inverse[i]) {
			return inverse
		}
	}
	return fs
}

// resetOf returns how neurons are reset.
func (im *importing) resetOf(v *values) neurons.Reset {
	said := word(v.node.Metadata, "reset")
	if said == "" || !im.Metadata {
		return neurons.ResetValue
	}
	var r neurons.Reset
	if err := r.UnmarshalText([]byte(said)); err != nil {
		v.fail(fmt.Errorf("metadata: %w", err))
	}
	return r
}

// readoutOf returns the readout of a network that its metadata have.
func (im *importing) readoutOf(g *Graph) (layers.Layer, error) {
	said := word(g.Metadata, "readout")
	switch {
	case said == "":
		return nil, nil
	case !im.Metadata:
		im.note("", "readout", "metadata name the readout %q, and were not asked for: outputs are sequences", said)
		return nil, nil
	}
	for r := layers.Last; r <= layers.SpikeCount; r++ {
		if r.String() == said {
			im.note("", "readout", "%s, as metadata say", said)
			return r, nil
		}
	}
	return nil, fmt.Errorf("metadata: no readout %q", said)
}
