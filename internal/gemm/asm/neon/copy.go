package main

import (
	"fmt"

	"github.com/spikegrad/spikegrad/internal/neon"
)

// pack writes the kernel that copies a matrix into panels, row by row, as memory is read
// ahead that way.
func (t target) pack() {
	const dst, step, src, lds, k, panels, width, columns, cases, stride = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
	const from, to, rows, at, out, left = 10, 11, 12, 13, 14, 15
	t.function("pack", fmt.Sprintf("copies k rows of src, panels·width elements each, to panels dst[panel·k·step + p·step : ][:width], width ≤ %d.", mr),
		"(dst []T, step int, src []T, lds, k, panels, width int)")
	t.arguments(map[string]int{"dst_base": dst, "src_base": src, "k": k, "panels": panels, "width": columns})
	t.bytes(map[string]int{"step": step, "lds": lds, "width": width})
	t.Line("MUL R%d, R%d, R%d", k, step, stride)
	t.pieces(mr*t.size()/16, columns, cases, func(label string, p piece) {
		t.Line("MOVD R%d, R%d", src, from)
		t.Line("MOVD R%d, R%d", dst, to)
		t.Line("MOVD R%d, R%d", k, rows)
		t.Label("row" + label)
		t.Line("MOVD R%d, R%d", from, at)
		t.Line("MOVD R%d, R%d", to, out)
		t.Line("MOVD R%d, R%d", panels, left)
		t.Label("panel" + label)
		t.sums(neon.Load, 0, p.registers, p.bytes, at)
		t.sums(neon.Store, 0, p.registers, p.bytes, out)
		t.Line("ADD R%d, R%d", width, at)
		t.Line("ADD R%d, R%d", stride, out)
		t.Line("SUBS $1, R%d, R%[1]d", left)
		t.Line("BNE panel%s", label)
		t.Line("ADD R%d, R%d", lds, from)
		t.Line("ADD R%d, R%d", step, to)
		t.Line("SUBS $1, R%d, R%[1]d", rows)
		t.Line("BNE row%s", label)
	}, func(bytes int) {
		t.Line("ADD $%d, R%d", bytes, dst)
		t.Line("ADD $%d, R%d", bytes, src)
	})
	t.Line("RET")
}

// lanes returns how many elements a register has.
func (t target) lanes() int { return 16 / t.size() }

// transpose writes the kernel that transposes squares of two registers on a side, in
// blocks of a register of columns.
func (t target) transpose() {
	const dst, step, src, lds, k, at = 0, 1, 2, 3, 4, 5
	n := 2 * t.lanes()
	t.function("transpose", fmt.Sprintf("sets dst[p·step+i] = src[i·lds+p] for i < %d and p < k, a multiple of %[1]d.", n),
		"(dst []T, step int, src []T, lds, k int)")
	t.arguments(map[string]int{"dst_base": dst, "src_base": src, "k": k})
	t.bytes(map[string]int{"step": step, "lds": lds})
	t.Label("block")
	t.Line("MOVD R%d, R%d", src, at)
	for i := range n {
		t.Word(neon.Load(16, uint8(i), at, 0))
		t.Line("ADD R%d, R%d", lds, at)
	}
	columns := [][]uint8{t.turned(0), t.turned(t.lanes())}
	for p := range t.lanes() {
		for half, c := range columns {
			t.Word(neon.Store(16, c[p], dst, 16*half))
		}
		t.Line("ADD R%d, R%d", step, dst)
	}
	t.Line("ADD $16, R%d", src)
	t.Line("SUBS $%d, R%d, R%[2]d", t.lanes(), k)
	t.Line("BNE block")
	t.Line("RET")
}

// turned transposes the square in as many registers as it has rows, from first on, and
// returns those where its columns are.
func (t target) turned(first int) []uint8 {
	a, to := uint8(first), uint8(16+first)
	if t.bits == 64 {
		t.Word(neon.Zip1(64, to, a, a+1))
		t.Word(neon.Zip2(64, to+1, a, a+1))
		return []uint8{to, to + 1}
	}
	const ab, cd = 24, 26 // pairs of elements
	for i, zip := range []func(bits int, d, n, m uint8) uint32{neon.Zip1, neon.Zip2} {
		t.Word(zip(32, ab+uint8(i), a, a+1))
		t.Word(zip(32, cd+uint8(i), a+2, a+3))
	}
	for i := range uint8(2) {
		t.Word(neon.Zip1(64, to+2*i, ab+i, cd+i))
		t.Word(neon.Zip2(64, to+2*i+1, ab+i, cd+i))
	}
	return []uint8{to, to + 1, to + 2, to + 3}
}

// patches writes the kernel that copies the patches of an image (im2col).
func (t target) patches() {
	const dst, src, width, kh, kw, oh, ow, d, whole, down = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
	const columns, corner, rows, row, at, left = 10, 11, 12, 13, 14, 15
	t.function("patches", "sets dst[((k·kw+l)·oh+i)·ow+j] = src[(i+d·k)·width+j+d·l] for k < kh, l < kw, i < oh, j < ow.",
		"(dst, src []T, width, kh, kw, oh, ow, d int)")
	t.arguments(map[string]int{"dst_base": dst, "src_base": src, "kh": kh, "kw": kw, "oh": oh, "ow": ow, "d": down})
	t.bytes(map[string]int{"width": width, "d": d})
	t.Line("MUL R%d, R%d", width, down)
	t.Line("LSR $%d, R%d, R%d", 4-t.shift(), ow, whole)
	t.Label("kernelRow")
	t.Line("MOVD R%d, R%d", kw, columns)
	t.Line("MOVD R%d, R%d", src, corner)
	t.Label("kernelColumn")
	t.Line("MOVD R%d, R%d", oh, rows)
	t.Line("MOVD R%d, R%d", corner, row)
	t.Label("row")
	t.Line("MOVD R%d, R%d", row, at)
	t.Line("CBZ R%d, rest", whole)
	t.Line("MOVD R%d, R%d", whole, left)
	t.Label("vector")
	t.copied(16, at, dst)
	t.Line("SUBS $1, R%d, R%[1]d", left)
	t.Line("BNE vector")
	t.Label("rest")
	for _, p := range t.rest() {
		elements := p.bytes / t.size()
		t.Line("TBZ $%d, R%d, without%d", elements/2, ow, elements)
		t.copied(p.bytes, at, dst)
		t.Label(fmt.Sprintf("without%d", elements))
	}
	t.Line("ADD R%d, R%d", width, row)
	t.Line("SUBS $1, R%d, R%[1]d", rows)
	t.Line("BNE row")
	t.Line("ADD R%d, R%d", d, corner)
	t.Line("SUBS $1, R%d, R%[1]d", columns)
	t.Line("BNE kernelColumn")
	t.Line("ADD R%d, R%d", down, src)
	t.Line("SUBS $1, R%d, R%[1]d", kh)
	t.Line("BNE kernelRow")
	t.Line("RET")
}

// copied copies bytes and moves both addresses on.
func (t target) copied(bytes, from, to int) {
	t.Word(neon.Load(bytes, 0, uint8(from), 0))
	t.Word(neon.Store(bytes, 0, uint8(to), 0))
	t.Line("ADD $%d, R%d", bytes, from)
	t.Line("ADD $%d, R%d", bytes, to)
}
