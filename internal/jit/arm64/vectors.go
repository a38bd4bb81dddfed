package arm64

import (
	"github.com/spikegrad/spikegrad/internal/jit"
	"github.com/spikegrad/spikegrad/internal/neon"
)

// The registers that no value has: mask holds the lanes of a comparison, loaded what an
// instruction takes from memory.
const (
	registers = 30
	loaded    = 30
	mask      = 31
)

// vectors writes instructions on vectors.
type vectors struct{ *encoder }

// Begin loads where the elements of a vector are that is not full. Of float64 there is one.
func (e vectors) Begin() {
	if e.bits == 32 {
		e.integer(opLdr, opLdrX, second, jit.Mem{Base: jit.RegArgs, Disp: jit.AtTail})
		e.integer(opLdr, opLdrX, third, jit.Mem{Base: jit.RegArgs, Disp: jit.AtTail + 8})
	}
}

// setTail writes how many bytes behind the first element of a vector that is not full the
// second and third are. Where there is none, that is where the last is: it is loaded in
// its place, too, and what comes of it is stored before the element itself.
func setTail(a *jit.Args, n, size int) {
	for i := range 2 {
		a.Tail[i] = uint64(max(0, min(i+1, n-1)) * size)
	}
}

// load loads the lowest bytes of a register.
func (e vectors) load(bytes int, to uint8, from jit.Mem) {
	base, index, disp, indexed := e.near(from, bytes)
	if indexed {
		e.word(neon.LoadAt(bytes, to, base, index))
	} else {
		e.word(neon.Load(bytes, to, base, disp))
	}
}

// store stores them.
func (e vectors) store(bytes int, to jit.Mem, from uint8) {
	base, index, disp, indexed := e.near(to, bytes)
	if indexed {
		e.word(neon.StoreAt(bytes, from, base, index))
	} else {
		e.word(neon.Store(bytes, from, base, disp))
	}
}

// addressOf puts an address into a register.
func (e vectors) addressOf(m jit.Mem) {
	if base, index, disp, indexed := e.near(m, 1); indexed {
		e.three(opAdd, address, base, index)
	} else {
		e.imm(opAddI, address, base, disp)
	}
}

func (e vectors) Load(to jit.Vec, from jit.Mem, tail bool) {
	if !tail {
		e.load(16, uint8(to), from)
		return
	}
	e.load(e.size(), uint8(to), from)
	if e.bits == 32 {
		e.addressOf(from)
		for i, at := range []uint8{second, third} {
			e.three(opAdd, number, address, at)
			e.word(neon.LoadLane(32, uint8(to), i+1, number))
		}
	}
}

func (e vectors) Store(to jit.Mem, from jit.Vec, tail bool) {
	if !tail {
		e.store(16, to, uint8(from))
		return
	}
	if e.bits == 32 {
		e.addressOf(to)
		for i, at := range []uint8{third, second} {
			e.three(opAdd, number, address, at)
			e.word(neon.StoreLane(32, uint8(from), 2-i, number))
		}
	}
	e.store(e.size(), to, uint8(from))
}

func (e vectors) Fill(to jit.Vec, from jit.Mem) { e.Load(to, from, false) }
func (e vectors) Move(to, from jit.Vec)         { e.word(neon.Move(uint8(to), uint8(from))) }
func (e vectors) Shift(to, a jit.Vec, by int) {
	e.word(neon.Shl(e.bits, uint8(to), uint8(a), by))
}

// in returns the register of an operand; what is in memory it loads.
func (e vectors) in(o jit.Operand) uint8 {
	if !o.InMem {
		return uint8(o.Vec)
	}
	e.load(16, loaded, o.Mem)
	return loaded
}

// unary are the instructions with one operand.
var unary = map[jit.Op]func(bits int, d, n uint8) uint32{
	jit.Sqrt: neon.FSqrt, jit.Floor: neon.FRintM, jit.Ceil: neon.FRintP, jit.Nearest: neon.FRintN,
}

func (e vectors) Unary(op jit.Op, to jit.Vec, a jit.Operand) {
	e.word(unary[op](e.bits, uint8(to), e.in(a)))
}

// arithmetic are those with two, logic those on all bits.
var (
	arithmetic = map[jit.Op]func(bits int, d, n, m uint8) uint32{
		jit.Add: neon.FAdd, jit.Sub: neon.FSub, jit.Mul: neon.FMul, jit.Div: neon.FDiv,
	}
	logic = map[jit.Op]func(d, n, m uint8) uint32{jit.And: neon.And, jit.Or: neon.Or, jit.Xor: neon.Xor}
)

func (e vectors) Binary(op jit.Op, to, a jit.Vec, b jit.Operand) {
	m := e.in(b)
	switch op {
	case jit.Max: // FMAX has rules of its own for NaN and for zeros
		e.word(neon.FCmGt(e.bits, mask, uint8(a), m))
		e.choose(uint8(to), m, uint8(a))
	case jit.Min:
		e.word(neon.FCmGt(e.bits, mask, m, uint8(a)))
		e.choose(uint8(to), m, uint8(a))
	case jit.And, jit.Or, jit.Xor:
		e.word(logic[op](uint8(to), uint8(a), m))
	default:
		e.word(arithmetic[op](e.bits, uint8(to), uint8(a), m))
	}
}

// FMA adds to a copy of c, as FMLA and FMLS take c from where the result goes.
func (e vectors) FMA(op jit.Op, to, b jit.Vec, c jit.Operand) {
	if m := e.in(c); m != loaded {
		e.word(neon.Move(loaded, m))
	}
	if op == jit.FNMA {
		e.word(neon.FMls(e.bits, loaded, uint8(to), uint8(b)))
	} else {
		e.word(neon.FMla(e.bits, loaded, uint8(to), uint8(b)))
	}
	e.word(neon.Move(uint8(to), loaded))
}

func (e vectors) Compare(p jit.Predicate, va jit.Vec, vb jit.Operand) {
	a, b := uint8(va), e.in(vb)
	switch p {
	case jit.Eq:
		e.word(neon.FCmEq(e.bits, mask, a, b))
	case jit.Ne:
		e.word(neon.FCmEq(e.bits, mask, a, b))
		e.word(neon.Not(mask, mask))
	case jit.Unordered: // one of them is not equal to itself
		e.word(neon.FCmEq(e.bits, mask, a, a))
		if a != b {
			e.word(neon.FCmEq(e.bits, loaded, b, b))
			e.word(neon.And(mask, mask, loaded))
		}
		e.word(neon.Not(mask, mask))
	case jit.Different:
		e.word(neon.FCmGt(e.bits, mask, a, b))
		e.word(neon.FCmGt(e.bits, loaded, b, a))
		e.word(neon.Or(mask, mask, loaded))
	case jit.Lt:
		e.word(neon.FCmGt(e.bits, mask, b, a))
	case jit.Le:
		e.word(neon.FCmGe(e.bits, mask, b, a))
	case jit.Ge:
		e.word(neon.FCmGe(e.bits, mask, a, b))
	case jit.Gt:
		e.word(neon.FCmGt(e.bits, mask, a, b))
	}
}

func (e vectors) Flag(to jit.Vec, one jit.Operand) {
	e.word(neon.And(uint8(to), mask, e.in(one)))
}

func (e vectors) Choose(to, no jit.Vec, yes jit.Operand) { e.choose(uint8(to), uint8(no), e.in(yes)) }

// choose takes yes in the lanes of mask and no in others.
func (e vectors) choose(to, no, yes uint8) {
	if to == yes {
		e.word(neon.Bif(to, no, mask))
		return
	}
	if to != no {
		e.word(neon.Move(to, no))
	}
	e.word(neon.Bit(to, yes, mask))
}
