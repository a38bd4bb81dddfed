package ir

// A Program is one time step. The work is cut into blocks of rows, and a block runs
// through all time steps before the next one starts, so that its values stay in the
// cache. Where a step is element-wise every lane is a row of width 1; where it
// multiplies by a matrix that does not change a row is one sample of the batch; where
// it calls an operation of which nothing is known there is one row, the whole time
// step.
type Program struct {
	Rows   int
	Lanes  int // the widest row times Rows, to choose the size of a block
	Instrs []Instr
	Slots  []Slot
	Consts []Const
	Accs   []Acc
	Mats   []Mat
	Calls  []Call
	Lines  []Line
	States []Carry
	Values []Desc   // those that do not change over time, by number
	Funcs  []string // names of the functions of OpFunc, by number
}

// A Desc says what a value is that does not change over time: for people, and how
// many elements it has.
type Desc struct {
	Name string
	Size int
}

// An Instr computes one value of a block.
type Instr struct {
	Op   Op
	Dst  int32 // slots
	A, B int32
	E    int32 // slot of a third operand
	C    int32 // constant, matrix, function or call by number
}

// SlotKind says where the elements of a slot are.
type SlotKind uint8

const (
	SlotReg    SlotKind = iota // scratch memory of the worker
	SlotStream                 // a sequence [T, …], read or written at the present time step
	SlotFull                   // a value that does not change over time
	SlotAcc                    // a sum over time
	SlotIn                     // a carried state that enters the step
	SlotOut                    // a carried state that leaves it
)

// A Slot holds one value of a block.
type Slot struct {
	Kind   SlotKind
	Index  int // register, value, accumulator or state by number
	Width  int // elements in a row
	Stream Stream
}

// A Stream is a sequence that a program reads or writes.
type Stream struct {
	Kind  StreamKind
	Index int
}

// StreamKind says which sequence it is.
type StreamKind uint8

const (
	StreamX         StreamKind = iota // the input
	StreamOut                         // the output
	StreamTrace                       // a state over time
	StreamGradOut                     // the gradient of the output
	StreamGradTrace                   // the gradient of a trace
	StreamGradX                       // the gradient of the input
	StreamStashA                      // left side of a product over all time steps
	StreamStashB                      // right side of it
	StreamLine                        // what a line gives
	StreamGradLine                    // the gradient of it
)

// A Const is a number, or with a Value of at least 0 that scalar; Neg takes the
// negative of either.
type Const struct {
	V     float64
	Value int32
	Neg   bool
}

// An Acc, an accumulator, sums a value over time; a product accumulates aᵀ·b over the
// stashes A and B of its number, which are [T, rows, M] and [T, rows, N].
type Acc struct {
	Name    string
	Size    int
	Product bool
	Stash   int
	Rows    int
	M, N    int
}

// A Mat multiplies rows by a matrix that does not change, K×N, or if Trans N×K.
type Mat struct {
	Value int32
	Trans bool
	K, N  int
}

// A Call calls an operation on whole time steps.
type Call struct {
	Name string
	Args []Arg
}

// An Arg is an input of a call: a slot that changes, or where that is −1 a value that
// does not, by number.
type Arg struct {
	Slot, Value int32
}

// A Line takes in at each time step a state that enters it, and what arrives there of this and of earlier steps is
// a sequence that the step reads (a delay line). On the way back it takes in the gradient of the sequence,
// which the step writes, and adds to that of the state.
type Line struct {
	State  int // by number
	Stream int // StreamLine or StreamGradLine by number
}

// A Carry is a state that goes from step to step; −1 where the program does not
// read or write it.
type Carry struct {
	In, Out int32
	Width   int
}

// Operands returns the slots that an instruction reads, in the order a, b, e, and of a
// call those of its inputs that change.
func (p *Program) Operands(ins *Instr) []int32 {
	var read []int32
	if ins.Op == OpCall {
		for _, a := range p.Calls[ins.C].Args {
			if a.Slot >= 0 {
				read = append(read, a.Slot)
			}
		}
		return read
	}
	reads := ins.Op.Facts().Reads
	for _, o := range [...]struct {
		is   Operands
		slot int32
	}{{A, ins.A}, {B, ins.B}, {E, ins.E}} {
		if reads&o.is != 0 {
			read = append(read, o.slot)
		}
	}
	return read
}

// Reads reports whether an instruction reads slot s.
func (p *Program) Reads(ins *Instr, s int32) bool {
	if ins.Op == OpCall {
		for _, a := range p.Calls[ins.C].Args {
			if a.Slot == s {
				return true
			}
		}
		return false
	}
	reads := ins.Op.Facts().Reads
	return reads&A != 0 && ins.A == s || reads&B != 0 && ins.B == s || reads&E != 0 && ins.E == s
}

// Overwrites reports whether the sequence out may be written over the sequence in as
// the steps go (buffer donation): whether no time step reads in after it has written
// out.
func (p *Program) Overwrites(in, out StreamKind) bool {
	is := func(s int32, kind StreamKind) bool {
		return p.Slots[s].Kind == SlotStream && p.Slots[s].Stream.Kind == kind
	}
	written := false
	for i := range p.Instrs {
		ins := &p.Instrs[i]
		writes := is(ins.Dst, out)
		lanewise := ins.Op != OpRows && ins.Op != OpCall
		for _, s := range p.Operands(ins) {
			if is(s, in) && (written || writes && !lanewise) {
				return false
			}
		}
		written = written || writes
	}
	return written
}
