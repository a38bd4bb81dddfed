// Package machine runs part of a graph: the operations that some nodes need, one after
// the other.
//
//	m, err := machine.New(loss, gradient)
//	…
//	err = m.Run()
//	fmt.Println(m.Value(0))
//
// It compiles nothing, overwrites no value of another node, and keeps memory from run
// to run. Operations say what it may do with their memory (internal/op), so that a large
// gradient takes the place of a sequence that is not needed any more (buffer donation).
// Machines of Gorgonia's run the same graphs.
package machine
