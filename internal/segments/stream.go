package segments

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
)

// Machines returns the machines for the states at rest, nil if there are none, and
// for the nodes given followed by the states that leave the window.
func Machines(states []*layers.State, nodes ...*G.Node) (rest, run *machine.Machine, err error) {
	var start G.Nodes
	for _, st := range states {
		if st == nil || st.In == nil || st.Out == nil || !st.Out.Shape().Eq(st.In.Shape()) {
			return nil, nil, ErrNoOut
		}
		start, nodes = append(start, st.Rest), append(nodes, st.Out)
	}
	if len(start) > 0 {
		if rest, err = machine.New(start...); err != nil {
			return nil, nil, err
		}
	}
	run, err = machine.New(nodes...)
	return rest, run, err
}
