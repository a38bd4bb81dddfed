// Package lower turns the nodes of one time step into a program (internal/ir): each
// operation says what it is by its Form, every node is classified once, and named
// passes follow, a file each:
//
//	classify  what each node is, and whether it changes from step to step
//	tail      which part of a parameter's gradient can wait until time is over
//	rows      into how many independent rows a time step falls
//	fuse      which pairs of operations are one instruction
//	emit      registers, sinks and instructions
//
// It knows Gorgonia's operations (gorgonia.go) and none of the library's own, which
// speak for themselves.
package lower
