package main

import (
	"fmt"
	"math"

	"github.com/spikegrad/spikegrad/internal/neon"
)

// group is how many registers searches take at a time: of 16 elements of float32, or 8
// of float64, one register of general purpose says which are not 0.
const group = 4

// Registers of searches: one, all 0; and ones in the lanes of all that have been 0 or 1.
const (
	vZero, vOne, vGood = 31, 30, 29
)

// Registers of general purpose in which the bits of a group are, one bit for each element, and
// of all elements; where what is found goes; and for anything.
const (
	gBits, gAll, gIdx, gT, gU = 19, 20, 21, 22, 23
)

// apart returns how far apart the bits of elements are, as a shift.
func (t target) apart() int { return t.bits/32 + 1 }

// searchers loads what searches need.
func (t target) searchers() {
	t.Word(neon.Zero(vZero))
	t.Line("MOVD $%#x, R%d", map[int]uint64{32: 0x1111111111111111, 64: 0x0101010101010101}[t.bits], gAll)
}

// find writes to gBits which elements of a group at a register are not 0; check looks at
// whether the others are 1.
func (t target) find(at uint8, check bool) {
	for i := range uint8(group) {
		t.Word(neon.Load(16, i, at, int(16*i)))
		t.Word(neon.FCmEq(t.bits, group+i, i, vZero))
	}
	for i := range uint8(group) {
		if check {
			t.Word(neon.FCmEq(t.bits, i, i, vOne))
			t.Word(neon.Or(i, i, group+i))
			t.Word(neon.And(vGood, vGood, i))
		}
	}
	// Half of each register, until all fit into one. Of float64 a byte is left of each element.
	a := uint8(group)
	narrow := t.bits / 2
	for n := group; n > 1; n /= 2 {
		for i := range uint8(n / 2) {
			t.Word(neon.Uzp1(narrow, a+i, a+2*i, a+2*i+1))
		}
		narrow /= 2
	}
	t.Word(neon.Not(a, a))
	t.Word(neon.Middle(a, a))
	t.Line("FMOVD F%d, R%d", a, gBits)
	t.Line("AND R%d, R%d", gAll, gBits)
}

// walk writes body for each element that find has found, with its position in the group in
// gT.
func (t target) walk(body func()) {
	t.Line("CBZ R%d, none", gBits)
	t.Label("found")
	t.Line("RBIT R%d, R%d", gBits, gT)
	t.Line("CLZ R%d, R%[1]d", gT)
	t.Line("LSR $%d, R%d", t.apart(), gT)
	body()
	t.Line("SUB $1, R%d, R%d", gBits, gU)
	t.Line("ANDS R%d, R%d", gU, gBits)
	t.Line("BNE found")
	t.Label("none")
}

// grouped returns how many elements a group has.
func (t target) grouped() int { return group * t.lanes() }

// count writes the kernel that counts the elements of x that are not 0: all but those
// that are equal to it, of which each lane counts its own.
func (t target) count() {
	const x, size, n = 0, 1, 2
	t.function("count", fmt.Sprintf("counts the elements of x that are not 0; len(x) is a multiple of %d.", t.grouped()), "(x []T) (n int)")
	t.arguments(map[string]int{"x_base": x, "x_len": size})
	t.Line("MOVD R%d, R%d", size, n)
	t.Word(neon.Zero(vZero))
	const counts = group
	for i := range uint8(group) {
		t.Word(neon.Zero(counts + i))
	}
	t.Label("next")
	for i := range uint8(group) {
		t.Word(neon.Load(16, i, x, int(16*i)))
		t.Word(neon.FCmEq(t.bits, i, i, vZero))
		t.Word(neon.Add(t.bits, counts+i, counts+i, i)) // −1
	}
	t.Line("ADD $%d, R%d", 16*group, x)
	t.Line("SUBS $%d, R%d", t.grouped(), size)
	t.Line("BNE next")
	for i := range uint8(group - 1) {
		t.Word(neon.Add(t.bits, counts, counts, counts+1+i))
	}
	t.Word(neon.AddPairs(t.bits, counts, counts, counts))
	if t.bits == 32 {
		t.Word(neon.AddPairs(32, counts, counts, counts))
		t.Line("FMOVS F%d, R%d", counts, gT)
		t.Line("SXTW R%d, R%[1]d", gT)
	} else {
		t.Line("FMOVD F%d, R%d", counts, gT)
	}
	t.Line("ADD R%d, R%d", gT, n)
	t.Line("MOVD R%d, %s", n, t.Place("n"))
	t.Line("RET")
}

// nonZero writes the kernel that lists the elements of x that are not 0 (stream
// compaction).
func (t target) nonZero() {
	const x, size, idx, i = 0, 1, 2, 3
	t.function("nonZero", fmt.Sprintf("writes the positions of the n elements of x that are not 0 to idx[:n] and tells whether all of these are 1; len(x) is a multiple of %d, and idx is as long.", t.grouped()),
		"(x []T, idx []int32) (n int, ones bool)")
	t.arguments(map[string]int{"x_base": x, "x_len": size, "idx_base": idx})
	t.searchers()
	if t.bits == 32 {
		t.Line("MOVD $%#x, R%d", math.Float32bits(1), gT)
		t.Line("VDUP R%d, V%d.S4", gT, vOne)
	} else {
		t.Line("MOVD $%#x, R%d", math.Float64bits(1), gT)
		t.Line("VDUP R%d, V%d.D2", gT, vOne)
	}
	t.Word(neon.Not(vGood, vZero))
	t.Line("MOVD R%d, R%d", idx, gIdx)
	t.Line("MOVD ZR, R%d", i)
	t.Label("next")
	t.find(x, true)
	t.walk(func() {
		t.Line("ADD R%d, R%d", i, gT)
		t.Line("MOVW.P R%d, 4(R%d)", gT, gIdx)
	})
	t.Line("ADD $%d, R%d", 16*group, x)
	t.Line("ADD $%d, R%d", t.grouped(), i)
	t.Line("CMP R%d, R%d", size, i)
	t.Line("BLT next")
	t.Line("SUB R%d, R%d", idx, gIdx)
	t.Line("LSR $2, R%d", gIdx)
	t.Line("MOVD R%d, %s", gIdx, t.Place("n"))
	t.Word(neon.Not(vGood, vGood))
	t.Word(neon.Most(vGood, vGood))
	t.Line("FMOVS F%d, R%d", vGood, gT)
	t.Line("CMPW $0, R%d", gT)
	t.Line("CSET EQ, R%d", gT)
	t.Line("MOVB R%d, %s", gT, t.Place("ones"))
	t.Line("RET")
}

// listRows writes the kernel that lists the elements of the rows of a matrix that are not
// 0 (compressed sparse rows). What a row has besides groups is taken one by one.
func (t target) listRows() {
	const x, ld, cols, rows, idx, val, start, base, step, n = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
	const at, left, i = 10, 11, 12 // elements of the row still to come, and the index of the next
	t.function("listRows", "lists the elements of rows of x that are not 0 behind the first from elements of idx and val, and before which of them each row begins; it returns how many there are.",
		"(x []T, ld, cols, rows int, idx []int32, val []T, start []int32, base, step, from int) (n int)")
	t.arguments(map[string]int{
		"x_base": x, "cols": cols, "rows": rows, "idx_base": idx, "val_base": val, "start_base": start, "base": base, "step": step, "from": n,
	})
	t.bytes(map[string]int{"ld": ld})
	t.searchers()
	load, test := "MOVWU", "LSLW"
	if t.bits == 64 {
		load, test = "MOVD", "LSL"
	}
	t.Label("row")
	t.Line("MOVW.P R%d, 4(R%d)", n, start)
	t.Line("MOVD R%d, R%d", x, at)
	t.Line("MOVD R%d, R%d", cols, left)
	t.Line("MOVD R%d, R%d", base, i)
	t.Label("next")
	t.Line("CMP $%d, R%d", t.grouped(), left)
	t.Line("BLT rest")
	t.find(at, false)
	t.walk(func() {
		t.Line("%s (R%d)(R%d<<%d), R%d", load, at, gT, t.shift(), gU)
		t.Line("%s R%d, (R%d)(R%d<<%d)", load[:4], gU, val, n, t.shift())
		t.Line("ADD R%d, R%d", i, gT)
		t.Line("MOVW R%d, (R%d)(R%d<<2)", gT, idx, n)
		t.Line("ADD $1, R%d", n)
	})
	t.Line("ADD $%d, R%d", 16*group, at)
	t.Line("ADD $%d, R%d", t.grouped(), i)
	t.Line("SUB $%d, R%d", t.grouped(), left)
	t.Line("B next")
	t.Label("rest")
	t.Line("CBZ R%d, end", left)
	t.Label("element")
	t.Line("%s.P %d(R%d), R%d", load, t.size(), at, gU)
	t.Line("%s $1, R%d, R%d", test, gU, gT)
	t.Line("%s R%d, (R%d)(R%d<<%d)", load[:4], gU, val, n, t.shift())
	t.Line("MOVW R%d, (R%d)(R%d<<2)", i, idx, n)
	t.Line("CMP $0, R%d", gT)
	t.Line("CINC NE, R%d, R%[1]d", n)
	t.Line("ADD $1, R%d", i)
	t.Line("SUBS $1, R%d", left)
	t.Line("BNE element")
	t.Label("end")
	t.Line("ADD R%d, R%d", ld, x)
	t.Line("ADD R%d, R%d", step, base)
	t.Line("SUBS $1, R%d", rows)
	t.Line("BNE row")
	t.Line("MOVD R%d, %s", n, t.Place("n"))
	t.Line("RET")
}
