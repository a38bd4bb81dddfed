package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spikegrad/spikegrad/internal/neon"
)

// mr is how many rows a tile of C has: with two registers of columns that is 24 sums,
// beside two registers of B and six in which elements of A arrive.
const mr = 12

// Registers of gemm.
const (
	rK, rA, rArs, rAks, rB, rBks, rC, rLdc, rRows, rCols = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
	// In a tile: steps still to come, the row of B, the row of C, bytes along a row of A.
	rLeft, rRow, rAt, rAlong = 10, 11, 12, 13

	vB, vA, vAs = 24, 26, 6
)

// rowRegs hold the addresses of rows of A. R18 is the system's, R27 and R28 are Go's.
var rowRegs = [mr]int{14, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26}

func r(n int) string { return fmt.Sprintf("R%d", n) }

func sorted(m map[string]int) []string { return slices.Sorted(maps.Keys(m)) }

// gemm writes the kernel that computes one tile of C, rows×cols, which stays in registers
// while k runs: each step loads one or two registers of a row of B and multiplies
// them by an element of each row of A.
func (t target) gemm() {
	t.function("gemm", "sets the rows×cols tile c, or adds to it, to the sum over p < k of a[i·ars+p·aks]·b[p·bks+j].",
		"(k int, a []T, ars, aks int, b []T, bks int, c []T, ldc, rows, cols int, add bool)")
	t.arguments(map[string]int{"k": rK, "a_base": rA, "b_base": rB, "c_base": rC, "rows": rRows, "cols": rCols})
	t.bytes(map[string]int{"ars": rArs, "aks": rAks, "bks": rBks, "ldc": rLdc})
	for _, p := range append([]piece{{2, 16}, {1, 16}}, t.rest()...) {
		columns := p.registers * p.bytes / t.size()
		label := fmt.Sprintf("by%d", columns)
		t.Line("CMP $%d, R%d", columns, rCols)
		t.Line("BLT done%s", label)
		t.cases(label+"x", rRows, mr, func(rows int) {
			t.tile(fmt.Sprintf("%dx%s", rows, label), rows, p)
			t.Line("B next%s", label)
		})
		t.Label("next" + label)
		t.Line("ADD $%d, R%d, R%[2]d", columns*t.size(), rB)
		t.Line("ADD $%d, R%d, R%[2]d", columns*t.size(), rC)
		t.Line("SUB $%d, R%d, R%[2]d", columns, rCols)
		t.Label("done" + label)
	}
	t.Line("RET")
}

// tile writes the sum for so many rows of a piece of the columns.
func (t target) tile(label string, rows int, p piece) {
	n := p.registers
	eachRow := func(do func(i int)) {
		t.Line("MOVD R%d, R%d", rC, rAt)
		for i := range rows {
			do(i)
			if i < rows-1 {
				t.Line("ADD R%d, R%d, R%[2]d", rLdc, rAt)
			}
		}
	}
	t.Line("MOVBU %s, R%d", t.Place("add"), rLeft)
	t.Line("CBZ R%d, zero%s", rLeft, label)
	eachRow(func(i int) { t.sums(neon.Load, i*n, n, p.bytes, rAt) })
	t.Line("B begin%s", label)
	t.Label("zero" + label)
	for i := range rows * n {
		t.Word(neon.Zero(uint8(i)))
	}
	t.Label("begin" + label)
	t.Line("MOVD R%d, R%d", rA, rowRegs[0])
	for i := 1; i < rows; i++ {
		t.Line("ADD R%d, R%d, R%d", rArs, rowRegs[i-1], rowRegs[i])
	}
	t.Line("MOVD R%d, R%d", rK, rLeft)
	t.Line("MOVD R%d, R%d", rB, rRow)
	t.Line("MOVD ZR, R%d", rAlong)
	t.Line("PCALIGN $16")
	t.Label("sum" + label)
	t.sums(neon.Load, vB, n, p.bytes, rRow)
	for i := range rows {
		a := uint8(vA + i%vAs)
		t.Word(neon.LoadAt(t.size(), a, uint8(rowRegs[i]), rAlong))
		for j := range n {
			t.Word(neon.FMlaFirst(t.bits, uint8(i*n+j), uint8(vB+j), a))
		}
	}
	t.Line("ADD R%d, R%d, R%[2]d", rBks, rRow)
	t.Line("ADD R%d, R%d, R%[2]d", rAks, rAlong)
	t.Line("SUBS $1, R%d, R%[1]d", rLeft)
	t.Line("BNE sum%s", label)
	eachRow(func(i int) { t.sums(neon.Store, i*n, n, p.bytes, rAt) })
}
