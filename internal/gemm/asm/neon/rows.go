package main

import (
	"fmt"

	"github.com/spikegrad/spikegrad/internal/neon"
)

// tile is how many registers a kernel of rows holds.
const tile = 16

// Registers of values and rows beside the sums.
const (
	vVal = 31
	vRow = 24 // to 30, in turn
)

// take adds so many registers of bytes at a register to the sums, times vVal if scaled.
func (t target) take(p piece, base int, scaled bool) {
	for i := range p.registers {
		x := uint8(vRow + i%(vVal-vRow))
		t.Word(neon.Load(p.bytes, x, uint8(base), i*p.bytes))
		if scaled {
			t.Word(neon.FMlaFirst(t.bits, uint8(i), x, vVal))
		} else {
			t.Word(neon.FAdd(t.bits, uint8(i), uint8(i), x))
		}
	}
}

// answer returns whether all was good.
func (t target) answer(ok int) {
	t.Line("MOVD $%d, R8", ok)
	t.Line("MOVB R8, %s", t.Place("ok"))
	t.Line("RET")
}

// pieces writes body for the columns counted in a register: whole registers at once, of
// which there are at most so many, and then the pieces of what is left. Behind each, forward moves the addresses on.
func (t target) pieces(most, columns, scratch int, body func(label string, p piece), forward func(bytes int)) {
	t.Line("LSR $%d, R%d, R%d", 4-t.shift(), columns, scratch)
	t.Line("CBZ R%d, rest", scratch)
	t.cases("whole", scratch, most, func(n int) {
		body(fmt.Sprintf("Whole%d", n), piece{n, 16})
		forward(n * 16)
		t.Line("B rest")
	})
	t.Label("rest")
	for _, p := range t.rest() {
		elements := p.bytes / t.size()
		skip := fmt.Sprintf("without%d", elements)
		t.Line("TST $%d, R%d", elements, columns)
		t.Line("BEQ %s", skip)
		body(fmt.Sprintf("Part%d", elements), p)
		forward(p.bytes)
		t.Label(skip)
	}
}

// rows writes a kernel that keeps dst in registers while it takes in rows of w.
func (t target) rows(name, doc, signature string, scaled bool) {
	const dst, w, ldw, idx, n, rows, size, val = 0, 1, 2, 3, 4, 5, 6, 7
	const at, left, row, valAt, cases = 9, 10, 11, 12, 13
	t.function(name, fmt.Sprintf("%s, which has at most %d elements; it returns false at an index not below rows.", doc, tile*16/t.size()), signature)
	t.arguments(map[string]int{"dst_base": dst, "dst_len": size, "w_base": w, "idx_base": idx, "idx_len": n, "rows": rows})
	t.bytes(map[string]int{"ldw": ldw})
	if scaled {
		t.arguments(map[string]int{"val_base": val})
	}
	t.pieces(tile, size, cases, func(label string, p piece) {
		t.sums(neon.Load, 0, p.registers, p.bytes, dst)
		t.Line("MOVD R%d, R%d", idx, at)
		t.Line("MOVD R%d, R%d", n, left)
		if scaled {
			t.Line("MOVD R%d, R%d", val, valAt)
		}
		t.Label("next" + label)
		t.Line("MOVWU.P 4(R%d), R%d", at, row)
		t.Line("CMP R%d, R%d", rows, row)
		t.Line("BHS bad")
		t.Line("MADD R%d, R%d, R%d, R%[3]d", ldw, w, row)
		if scaled {
			t.Word(neon.Load(t.size(), vVal, valAt, 0))
			t.Line("ADD $%d, R%d, R%[2]d", t.size(), valAt)
		}
		t.take(p, row, scaled)
		t.Line("SUBS $1, R%d, R%[1]d", left)
		t.Line("BNE next%s", label)
		t.sums(neon.Store, 0, p.registers, p.bytes, dst)
	}, func(bytes int) {
		t.Line("ADD $%d, R%d, R%[2]d", bytes, dst)
		t.Line("ADD $%d, R%d, R%[2]d", bytes, w)
	})
	t.answer(1)
	t.Label("bad")
	t.answer(0)
}

// runs writes the kernel that adds up runs of w, one tile of dst after the other. A tile
// without entries is not touched.
func (t target) runs() {
	const dst, w, base, ldw, idx, val, start, count, limit, step = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
	const stepW, stride, span, e, end, at, n, cases = 10, 11, 12, 13, 14, 15, 16, 17
	const dstAt, baseAt, startAt, left, valAt = 19, 20, 21, 22, 23
	t.function("sumRuns", fmt.Sprintf("adds val[e]·w[base+j·stepW+idx[e]·ldw:][:n] to dst[j·step:][:n], n ≤ %d, for j < count and start[j·stride] ≤ e < start[j·stride+span]; it returns false at a run outside of w.", tile*16/t.size()),
		"(dst []T, step, n int, w []T, base, stepW, ldw int, idx []int32, val []T, start []int32, stride, span, count int) (ok bool)")
	t.arguments(map[string]int{
		"dst_base": dst, "w_base": w, "idx_base": idx, "val_base": val, "start_base": start,
		"count": count, "n": n, "stride": stride, "span": span, "w_len": limit,
	})
	t.bytes(map[string]int{"step": step, "stepW": stepW, "base": base, "ldw": ldw})
	t.Line("LSL $2, R%d, R%[1]d", stride)
	t.Line("SUB R%d, R%d, R%[2]d", n, limit) // where the last run can begin
	t.Line("LSL $%d, R%d, R%[2]d", t.shift(), limit)
	t.pieces(tile, n, cases, func(label string, p piece) {
		for _, c := range [][2]int{{dst, dstAt}, {base, baseAt}, {start, startAt}, {count, left}} {
			t.Line("MOVD R%d, R%d", c[0], c[1])
		}
		t.Label("next" + label)
		t.Line("MOVW (R%d), R%d", startAt, e)
		t.Line("MOVW (R%d)(R%d<<2), R%d", startAt, span, end)
		t.Line("CMP R%d, R%d", end, e)
		t.Line("BGE none%s", label)
		t.sums(neon.Load, 0, p.registers, p.bytes, dstAt)
		t.Label("sum" + label)
		t.Line("MOVW (R%d)(R%d<<2), R%d", idx, e, at)
		t.Line("MADD R%d, R%d, R%d, R%[3]d", ldw, baseAt, at)
		t.Line("CMP R%d, R%d", limit, at)
		t.Line("BHI bad")
		t.Line("ADD R%d, R%d, R%[2]d", w, at)
		t.Line("ADD R%d<<%d, R%d, R%d", e, t.shift(), val, valAt)
		t.Word(neon.Load(t.size(), vVal, valAt, 0))
		t.take(p, at, true)
		t.Line("ADD $1, R%d, R%[1]d", e)
		t.Line("CMP R%d, R%d", end, e)
		t.Line("BLT sum%s", label)
		t.sums(neon.Store, 0, p.registers, p.bytes, dstAt)
		t.Label("none" + label)
		for _, c := range [][2]int{{step, dstAt}, {stepW, baseAt}, {stride, startAt}} {
			t.Line("ADD R%d, R%d, R%[2]d", c[0], c[1])
		}
		t.Line("SUBS $1, R%d, R%[1]d", left)
		t.Line("BNE next%s", label)
	}, func(bytes int) {
		t.Line("ADD $%d, R%d, R%[2]d", bytes, dst)
		t.Line("ADD $%d, R%d, R%[2]d", bytes, w)
	})
	t.answer(1)
	t.Label("bad")
	t.answer(0)
}
