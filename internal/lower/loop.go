package lower

import G "gorgonia.org/gorgonia"

// A Loop is what a scan says of itself to those who write it down elsewhere: the step, and
// what its inputs are. Those of the scan are the sequence, the states and the parameters.
type Loop struct {
	Step   Step
	Steps  int     // of the sequence
	Params G.Nodes // inputs of the step, one for each parameter of the scan
}

// A Result is one of the results of a Loop: the output, or the state of that number behind
// the last step.
type Result struct {
	State bool
	Index int
}
