package graph

import (
	G "gorgonia.org/gorgonia"
)

// A program is what one time step is lowered to: a list of instructions on
// slots. The work is cut into blocks of rows, and a block runs through all time
// steps before the next one starts, so that its values stay in the cache. Where
// a step is element-wise every lane is a row of width 1; where it multiplies by
// a matrix that does not change a row is one sample of the batch; where it calls
// an operation of which nothing is known there is one row, the whole time step.
type program struct {
	rows   int
	instrs []instr
	slots  []slotDesc
	consts []constant
	fulls  []*G.Node // values that do not change over time, by number
	accs   []accumulator
	mats   []matInstr
	calls  []callInstr
	states []carry
	lanes  int // the widest row times rows, to choose the size of a block
}

// An instr computes one value of a block.
type instr struct {
	code      opcode
	dst, a, b int32 // slots
	e         int32 // slot of a third operand
	c         int32 // constant, matrix or call by number
	fn        func(float64) float64
	spike     *spikeOp // whose fn is
}

// slotKind says where the elements of a slot are.
type slotKind uint8

const (
	slotReg    slotKind = iota // scratch memory of the worker
	slotStream                 // a sequence [T, …], read or written at the present time step
	slotFull                   // a value that does not change over time
	slotAcc                    // a sum over time
	slotIn                     // a carried state that enters the step
	slotOut                    // a carried state that leaves it
)

type slotDesc struct {
	kind  slotKind
	index int // register, stream, full value, accumulator or state by number
	width int // elements in a row
	strm  stream
}

// A stream is a sequence that a program reads or writes.
type stream struct {
	kind  streamKind
	index int
}

type streamKind uint8

const (
	streamX       streamKind = iota // the input
	streamOut                       // the output
	streamTrace                     // a state over time
	streamGradOut                   // the gradient of the output
	streamGradTrc                   // the gradient of a trace
	streamGradX                     // the gradient of the input
	streamStashA                    // left side of a product over all time steps
	streamStashB                    // right side of it
)

// A constant is a number, or a scalar that the parameters give (neg: its
// negative).
type constant struct {
	v    float64
	node *G.Node
	neg  bool
}

// An accumulator sums a value over time; a product accumulates aᵀ·b.
type accumulator struct {
	node    *G.Node
	product bool // sum over time of stashA[i]ᵀ·stashB[i]
	stash   int
	m, n    int
}

// A matInstr multiplies rows by a matrix that does not change.
type matInstr struct {
	w     int // number in fulls
	trans bool
	k, n  int
}

// A callInstr calls an operation on whole time steps.
type callInstr struct {
	op   G.Op
	code opcode // of arithmetic
	node *G.Node
	args []arg
}

// An arg is an input of a call: a slot that changes, or a value that does not.
type arg struct {
	slot int32 // −1 for a value
	node *G.Node
}

// A carry is a state that goes from step to step; −1 where the program does not
// read or write it.
type carry struct {
	in, out int32
	width   int
}
